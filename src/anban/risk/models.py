"""Where a person stands on the three ladders, kept over every conversation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Integer, String, Table

from anban.base.db import kept, metadata

risk_levels = Table(
    "risk_levels",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("life", Integer, nullable=False, default=0),
    Column("property", Integer, nullable=False, default=0),
    Column("dependence", Integer, nullable=False, default=0),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("set_by", String(64), nullable=False),
    Column("reasons", JSON, nullable=False),
    info=kept(retention="risk-record", about="user", erase="words", protects="minor"),
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a level was given: the rule, the signal that fired it, where it was seen. Never the words."""

    rule: str
    signal: str
    score: float
    detector: str
    version: str
    view: str
    why: str
    span: tuple[int, int] | None = None

    @classmethod
    def stored(cls, row: Mapping[str, Any]) -> "Reason":
        """A reason as JSON gives it back."""
        span = row["span"]
        return cls(
            row["rule"], row["signal"], row["score"], row["detector"], row["version"], row["view"], row["why"],
            (span[0], span[1]) if span else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assessed:
    """What one message, in its window, says about the person: life L0-L4, property P0-P3, dependence D0-D3."""

    life: int = 0
    property: int = 0
    dependence: int = 0
    theme: str = "self"
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """The level a person is held at. `life` falls by rule or by a human, never by silence alone."""

    life: int = 0
    property: int = 0
    dependence: int = 0
    since: datetime | None = None
    seen_at: datetime | None = None
    set_by: str = "rule"
    reasons: tuple[Reason, ...] = field(default_factory=tuple[Reason, ...])
