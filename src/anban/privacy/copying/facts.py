"""What is known about one person besides what was said, as their copy tells it: theirs, and nobody else's.

Left out: what others said or are, beyond what the person gave; the mark "unsafe at home" and what follows from it; a
guardian's own name and address, where they gave them themselves.
"""

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from anban.base.times import zulu
from anban.conversations.models import notices, sessions
from anban.conversations.usage import days_of
from anban.conversations.usage_models import exemptions
from anban.ledger.kinds import Kind
from anban.ledger.reading import about
from anban.people.ages import evidence_of
from anban.people.consents import receipts
from anban.people.contacts import every_contact
from anban.people.family_models import blocked_personas, guardians, spending
from anban.people.limits import limits_of
from anban.people.models import User
from anban.people.safety_card import PARTS, card_of

Told = dict[str, Any]

BEGINNING: Final = date(2000, 1, 1)


def facts_of(connection: Connection, user: User, now: datetime) -> Told:
    """Every section of `data.json` that these rooms know, in the order in which a person would ask."""
    return {
        "person": _person(connection, user),
        "safety_card": _card(connection, user),
        "contacts": _contacts(connection, user),
        "guardians": _guardians(connection, user),
        "consents": [_consent(each) for each in receipts(connection, user.id, now)],
        "limits": {by: chosen.chosen() for by, chosen in sorted(limits_of(connection, user.id).items())},
        "closed_characters": _closed(connection, user),
        "spared": _spared(connection, user),
        "spending": _spending(connection, user),
        "usage": _usage(connection, user, now),
        "sessions": _sessions(connection, user),
        "notices": _notices(connection, user),
        "looked": [
            {"at": said(each.entry.at), "reason": str(each.entry.facts.get("reason", ""))}
            for each in about(connection, user.id, Kind.CONVERSATION_READ)
        ],
    }


def said(moment: datetime | None) -> str | None:
    """A time as the archive tells it."""
    return None if moment is None else zulu(moment)


def _person(connection: Connection, user: User) -> Told:
    return {
        "called_by_the_service": user.ref,
        "first_seen": said(user.first_seen),
        "birth_year": user.birth_year,
        "age_band": user.age_band,
        "mode": user.mode,
        "mode_ground": user.mode_ground,
        "time_zone": user.time_zone,
        "quiet_until": said(user.quiet_until),
        "evidence_of_age": [
            {"kind": each.kind, "band": each.band, "at": said(each.at), "ended_at": said(each.ended_at)}
            for each in evidence_of(connection, user.id)
        ],
    }


def _card(connection: Connection, user: User) -> Told | None:
    card = card_of(connection, user)
    if card is None:
        return None
    kept = {"self_check": card.band or None, "self_check_at": said(card.band_at)}
    return {"at": said(card.at), **{name: list(card.part(name)) for name in PARTS}, **kept}


def _contacts(connection: Connection, user: User) -> list[Told]:
    claimed = {
        row.contact for row in connection.execute(select(guardians.c.contact).where(guardians.c.user == user.id))
    }
    found: list[Told] = []
    for each in every_contact(connection, user):
        told: Told = {"kind": each.kind, "state": each.state, "name": None, "ways": [], "calls_you": None}
        if each.id not in claimed:
            ways = [{"route": route, "address": address} for route, address in each.ways]
            told |= {"name": each.name, "ways": ways, "calls_you": each.calls or None}
        found.append(told)
    return found


def _guardians(connection: Connection, user: User) -> list[Told]:
    rows = connection.execute(
        select(guardians.c.bound_at, guardians.c.ended_at)
        .where(guardians.c.user == user.id, guardians.c.bound_at.is_not(None))
        .order_by(guardians.c.id)
    )
    return [{"bound_at": said(row.bound_at), "ended_at": said(row.ended_at)} for row in rows]


def _consent(receipt: Told) -> Told:
    return {name: _z(value) for name, value in receipt.items()}


def _closed(connection: Connection, user: User) -> list[Told]:
    rows = connection.execute(
        select(blocked_personas).where(blocked_personas.c.user == user.id).order_by(blocked_personas.c.id)
    )
    return [
        {"character": row.persona, "by": row.by, "at": said(row.at), "ended_at": said(row.ended_at)} for row in rows
    ]


def _spared(connection: Connection, user: User) -> list[Told]:
    rows = connection.execute(select(exemptions).where(exemptions.c.user == user.id).order_by(exemptions.c.id))
    return [{"limit": row.kind, "by": row.by, "from": said(row.from_at), "until": said(row.until_at)} for row in rows]


def _spending(connection: Connection, user: User) -> list[Told]:
    rows = connection.execute(select(spending).where(spending.c.user == user.id).order_by(spending.c.id))
    return [{"at": said(row.at), "amount": row.amount, "currency": row.currency, "answer": row.answer} for row in rows]


def _usage(connection: Connection, user: User, now: datetime) -> list[Told]:
    return [
        {
            "day": each.day.isoformat(),
            "minutes": round(each.seconds / 60, 1),
            "minutes_by_hour": [round(seconds / 60, 1) for seconds in each.hours],
            "minutes_by_character": {name: round(seconds / 60, 1) for name, seconds in each.personas.items()},
        }
        for each in days_of(connection, user.id, BEGINNING, date(now.year + 1, 1, 1))
    ]


def _sessions(connection: Connection, user: User) -> list[Told]:
    rows = connection.execute(select(sessions).where(sessions.c.user == user.id).order_by(sessions.c.id))
    return [
        {
            "from": said(row.opened_at),
            "until": said(row.last_at),
            "minutes": round(row.seconds / 60, 1),
            "left_at": said(row.left_at),
        }
        for row in rows
    ]


def _notices(connection: Connection, user: User) -> list[Told]:
    rows = connection.execute(select(notices).where(notices.c.user == user.id).order_by(notices.c.at, notices.c.id))
    return [{"kind": row.kind, "at": said(row.at), "shown_at": said(row.shown_at)} for row in rows]


def _z(value: Any) -> Any:
    return f"{value.removesuffix('+00:00')}Z" if isinstance(value, str) and value.endswith("+00:00") else value
