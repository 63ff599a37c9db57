"""How old somebody is, on which evidence. The finding is kept, never its proof: no document, no word that was said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from anban.base.errors import Forbidden
from anban.base.ids import new_id
from anban.base.times import aware
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.bands import MINORS, Band, band_named, stated_as
from anban.people.family_models import age_evidence, guardians
from anban.people.models import User, users
from anban.people.users import change

EvidenceKind = Literal["stated", "verified", "chat", "device", "guardian", "appeal"]
Ground = Literal["chosen", "device", "suspected", "guardian"]

HELD = ("suspected", "guardian", "device")
"""Grounds of minors' mode that a service's own facts about a person do not undo."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding. `confidence` is a probability; `source` a short code; `ended_at` set once it counts no more."""

    id: str
    kind: str
    band: str
    confidence: float
    source: str
    at: datetime
    ended_at: datetime | None = None


def evidence_of(connection: Connection, user: str) -> tuple[Evidence, ...]:
    """Every finding about this person, oldest first, those that count no more included."""
    rows = connection.execute(select(age_evidence).where(age_evidence.c.user == user).order_by(age_evidence.c.id))
    return tuple(
        Evidence(
            row.id, row.kind, row.band, row.confidence, row.source, aware(row.at),
            aware(row.ended_at) if row.ended_at else None,
        )
        for row in rows
    )  # fmt: skip


def add_evidence(
    connection: Connection, user: str, kind: EvidenceKind, band: str, confidence: float, source: str, at: datetime
) -> None:
    """Keep one finding. Nothing follows from it here."""
    connection.execute(
        insert(age_evidence).values(
            id=new_id("age_"), user=user, kind=kind, band=band, confidence=confidence, source=source[:80], at=at
        )
    )


@performs("registration-facts")
def record_age(
    connection: Connection,
    user: User,
    kind: Literal["stated", "verified", "device", "guardian"],
    band: Band,
    at: datetime,
    rules: Rulebook,
    *,
    source: str,
    confidence: float = 1.0,
    actor: str = "administrator",
) -> User:
    """An age was stated or proven, or a device or a guardian says so; the newer of one kind takes the older's place.

    A device in minors' mode and a guardian switch the mode on. Nothing here switches a suspicion off: an appeal does.
    """
    _end(connection, user.id, kind, at)
    add_evidence(connection, user.id, kind, band, confidence, source, at)
    facts: dict[str, Any] = {}
    if kind == "device":
        facts = _by_device(user, band)
    else:
        facts = {"age_band": stated_as(band), "birth_year": None}
        if kind == "guardian" and band in MINORS:
            facts |= {"mode": "minor", "mode_ground": user.mode_ground if user.mode == "minor" else "guardian"}
    return _changed(connection, user, facts, at, rules, actor, {"ground": kind, "band": band, "confidence": confidence})


def enter_minors_mode(
    connection: Connection, user: User, ground: Ground, at: datetime, rules: Rulebook, actor: str
) -> User:
    """Minors' mode from now on, over every conversation, persona and device. Entering it twice changes nothing."""
    if user.mode == "minor":
        return user
    return _changed(
        connection,
        user,
        {"mode": "minor", "mode_ground": ground},
        at,
        rules,
        actor,
        {"ground": ground, "mode": "minor"},
    )


def leave_minors_mode(connection: Connection, user: User, guardian: str | None, at: datetime, rules: Rulebook) -> User:
    """Back to the ordinary mode. Raises `Forbidden` without a guardian who is bound, or while age is only suspected.

    Who chose the mode for themselves and has no guardian leaves it alone.
    """
    if user.mode != "minor":
        return user
    bound = bound_guardians(connection, user.id)
    if user.mode_ground == "suspected":
        raise Forbidden("the mode was set on a suspicion: an appeal lifts it", code="appeal_needed")
    alone = not bound and user.mode_ground in (None, "chosen")
    if guardian not in bound and not alone:
        raise Forbidden("leaving minors' mode needs a guardian", code="guardian_needed")
    actor = "user" if guardian is None else "guardian"
    return _changed(connection, user, {"mode": "ordinary", "mode_ground": None}, at, rules, actor, {"mode": "ordinary"})


def stated_mode(user: User, facts: Mapping[str, Any], *, guarded: bool) -> dict[str, Any]:
    """What a service states about a person, without what would undo a mode that is not its own to undo.

    So an app that sends its own mode with every log-in lifts no suspicion, and nothing that a guardian or a device set;
    `guarded` says whether a guardian is bound.
    """
    given = dict(facts)
    if "mode" not in given:
        return given
    held = user.mode == "minor" and (guarded or user.mode_ground in HELD)
    if held and given["mode"] != "minor":
        del given["mode"]
    elif user.mode != given["mode"]:
        given["mode_ground"] = "chosen"
    return given


@performs("minor-appeal")
def restore_adult(connection: Connection, user: User, case: str, at: datetime, rules: Rulebook, actor: str) -> User:
    """A person decided that this is an adult: the mode ends, and what it rested on never switches it again."""
    for kind in ("chat", "stated", "device", "appeal"):
        _end(connection, user.id, kind, at)
    add_evidence(connection, user.id, "appeal", "adult", 1.0, case, at)
    facts: dict[str, Any] = {"mode": "ordinary", "mode_ground": "appeal"}
    if band_named(user.age_band) in MINORS or user.birth_year is not None:
        facts |= {"age_band": "adult", "birth_year": None}
    return _changed(connection, user, facts, at, rules, actor, {"ground": "appeal", "mode": "ordinary", "case": case})


def bound_guardians(connection: Connection, user: str) -> tuple[str, ...]:
    """The ids of those who are bound to this person as guardians."""
    rows = connection.execute(
        select(guardians.c.id).where(guardians.c.user == user, guardians.c.state == "bound").order_by(guardians.c.id)
    )
    return tuple(row.id for row in rows)


def _by_device(user: User, band: Band) -> dict[str, Any]:
    if band in MINORS:
        return {"mode": "minor", "mode_ground": user.mode_ground if user.mode == "minor" else "device"}
    return {"mode": "ordinary", "mode_ground": None} if user.mode_ground == "device" else {}


def _end(connection: Connection, user: str, kind: str, at: datetime) -> None:
    connection.execute(
        update(age_evidence)
        .where(age_evidence.c.user == user, age_evidence.c.kind == kind, age_evidence.c.ended_at.is_(None))
        .values(ended_at=at)
    )


def _changed(
    connection: Connection,
    user: User,
    facts: Mapping[str, Any],
    at: datetime,
    rules: Rulebook,
    actor: str,
    told: Mapping[str, Fact],
) -> User:
    connection.execute(select(users.c.id).where(users.c.id == user.id).with_for_update())
    entry_facts: dict[str, Fact] = {"changed": sorted(facts), **told}
    write(connection, Entry(Kind.PERSON_CHANGED, at, user.id, actor, user.service, rules.version, entry_facts))
    return change(connection, user, facts)
