"""Everything on file about a person's age and family, in one query; for most people it finds nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    DateTime,
    Float,
    Select,
    String,
    bindparam,
    cast,
    literal,
    null,
    select,
    union_all,
)

from anban.base.times import aware
from anban.people.bands import Band, band_named
from anban.people.family_models import age_evidence, blocked_personas, consents, guardians, limits
from anban.people.limits import Limits, limits_from
from anban.people.models import User, contacts


@dataclass(frozen=True, slots=True)
class Family:
    """What is on file about a person's age, consents, guardians, limits and contacts; read once when they are loaded.

    `ages` are the kinds of age evidence in force with their bands, surest first; `consents` the purposes that were not
    withdrawn, each with its end; `accepted` the kinds of contact that have accepted.
    """

    ages: tuple[tuple[str, Band], ...] = ()
    consents: Mapping[str, datetime | None] = field(default_factory=dict[str, "datetime | None"])
    guardian_bound: bool = False
    blocked: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    limits: Mapping[str, Limits] = field(default_factory=dict[str, Limits])


NO_FAMILY = Family()


_SUREST = ("verified", "guardian", "appeal", "device", "stated", "chat")
"""Kinds of evidence of age, the surest first."""

_USER = bindparam("of_user", type_=String)


def _part(
    what: str, name: Any, more: Any, number: Any = None, until: Any = None
) -> Select[str, str, str, float, datetime]:
    return select(  # pyright: ignore[reportReturnType]
        literal(what).label("what"),
        cast(name, String).label("name"),
        cast(more, String).label("more"),
        cast(null() if number is None else number, Float).label("number"),
        (cast(null(), DateTime(timezone=True)) if until is None else until).label("until"),
    )


_age, _said, _bound, _limit, _closed = age_evidence.c, consents.c, guardians.c, limits.c, blocked_personas.c
_ALL = union_all(
    _part("age", _age.kind, _age.band, _age.confidence).where(_age.user == _USER, _age.ended_at.is_(None)),
    _part("consent", _said.purpose, _said.by, until=_said.expires_at).where(
        _said.user == _USER, _said.withdrawn_at.is_(None)
    ),
    _part("guardian", _bound.state, _bound.evidence).where(_bound.user == _USER, _bound.state == "bound"),
    _part("limits", _limit.by, _limit.chosen).where(_limit.user == _USER),
    _part("blocked", _closed.persona, _closed.by).where(_closed.user == _USER, _closed.ended_at.is_(None)),
    _part("contact", contacts.c.kind, contacts.c.state).where(contacts.c.user == _USER, contacts.c.state == "accepted"),
)


def family_of(connection: Connection, user: User) -> Family:
    """What is on file about this person; what of it is in force at a moment, `standing_with` says."""
    rows = connection.execute(_ALL, {"of_user": user.id}).all()
    if not rows:
        return NO_FAMILY
    ages: list[tuple[int, float, str, Band]] = []
    said: dict[str, datetime | None] = {}
    chosen: dict[str, Limits] = {}
    names: dict[str, set[str]] = {"guardian": set(), "blocked": set(), "contact": set()}
    for row in rows:
        match row.what:
            case "age":
                if (band := band_named(row.more)) is not None:
                    ages.append((_SUREST.index(row.name), -row.number, row.name, band))
            case "consent":
                until = aware(row.until) if row.until else None
                if row.name not in said or _later(until, said[row.name]):
                    said[row.name] = until
            case "limits":
                chosen[row.name] = limits_from(orjson.loads(row.more))
            case _:
                names[row.what].add(row.name)
    return Family(
        tuple((kind, band) for _, _, kind, band in sorted(ages)),
        said,
        bool(names["guardian"]),
        frozenset(names["blocked"]),
        frozenset(names["contact"]),
        chosen,
    )


def _later(one: datetime | None, other: datetime | None) -> bool:
    return other is not None and (one is None or one > other)
