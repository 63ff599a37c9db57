"""A user, their key, and whom to call."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, DateTime, ForeignKey, Integer, LargeBinary, String, Table, UniqueConstraint

from anban.base.db import kept, metadata, sealed_as
from anban.base.keys import DataKey

users = Table(
    "users",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False),
    Column("ref", String(256), nullable=False),
    Column("birth_year", Integer),
    Column("age_band", String(24)),
    Column("mode", String(24)),
    # Why the mode is what it is: chosen, device, suspected, guardian or appeal; empty where nobody set one.
    Column("mode_ground", String(16)),
    Column("time_zone", String(64)),
    Column("first_seen", DateTime(timezone=True), nullable=False),
    Column("quiet_until", DateTime(timezone=True)),
    UniqueConstraint("service", "ref"),
    # The row stays for what refers to it: a number without a name once the facts in it are emptied.
    info=kept(retention="account-record", about="id", erase="kept"),
)

user_keys = Table(
    "user_keys",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("suite", String(24), nullable=False),
    Column("master", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    # An erasure destroys the versions that sealed what went, never those that seal what stays.
    info=kept(retention="user-key", about="user", erase="kept"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("place", Integer, nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False, info=sealed_as("user", "id")),
    Column("state", String(16), nullable=False, default="stated"),
    # Why this contact may be the danger: named so by the desk or by the person. Empty for all others.
    Column("unsafe", String(40), nullable=False, default=""),
    info=kept(retention="account-record", about="user", erase="facts", protects="minor"),
)


@dataclass(frozen=True, slots=True)
class User:
    """One person in one service. `ref` is the service's own pseudonym for them, `id` ours."""

    id: str
    service: str
    ref: str
    key: DataKey = field(repr=False)
    first_seen: datetime
    birth_year: int | None = None
    age_band: str | None = None
    mode: str | None = None
    mode_ground: str | None = None
    time_zone: str | None = None
    quiet_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call. `kind` is guardian or emergency.

    `also` are further ways to the same person, each (route, address), tried after the first. `unsafe` says why telling
    them may harm the user; such a contact is not told by itself.
    """

    id: str
    kind: str
    name: str
    route: str
    address: str
    state: str = "stated"
    also: tuple[tuple[str, str], ...] = ()
    unsafe: str = ""
    calls: str = ""
    """What this contact calls the user, for the message to them: the service's own name for the user is not theirs."""

    @property
    def ways(self) -> tuple[tuple[str, str], ...]:
        """Every (route, address) of this contact, in the order to try them."""
        return ((self.route, self.address), *self.also)
