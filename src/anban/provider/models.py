"""Tenants, their services, the keys that open them, the characters in them."""

from dataclasses import dataclass

from sqlalchemy import Column, DateTime, ForeignKey, String, Table

from anban.base.db import kept, metadata
from anban.words.helplines import Lang

tenants = Table(
    "tenants",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    info=kept(retention="provider-record", about=None, erase="none"),
)

services = Table(
    "services",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("packs", String(400), nullable=False),
    Column("place", String(16), nullable=False),
    Column("state", String(16), nullable=False, default="on"),
    info=kept(retention="provider-record", about=None, erase="none"),
)

service_keys = Table(
    "service_keys",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False, index=True),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    info=kept(retention="provider-record", about=None, erase="none"),
)


@dataclass(frozen=True, slots=True)
class Service:
    """One regulated product of a provider: whose rules apply, where, and whether it is switched on."""

    id: str
    tenant: str
    name: str
    packs: tuple[str, ...]
    place: str
    state: str = "on"

    @property
    def lang(self) -> Lang:
        """The language of whoever is told outside a conversation: that of the service's own place."""
        return "zh" if self.place == "cn" else "en"
