"""What a person's own copy tells of their cases and of how they were taken to be: plain words, own words, times.

Left out: what staff wrote, who they are, and what was held back for somebody's safety.
"""

from typing import Any, Final

from sqlalchemy import Connection

from anban.base.times import zulu
from anban.cases.appeal import APPEAL, about_of
from anban.cases.case import Case, CaseEvent, cases_of
from anban.cases.notes import notes_of
from anban.people.models import User
from anban.risk.models import Held
from anban.risk.record import held_level
from anban.words.reading import LANGS
from anban.words.templates import Words

TOLD: Final = (
    "opened", "raised", "requested", "said", "paged", "joined", "sent", "confirmed", "handed_back", "closed",
    "reviewed", "reopened",
)  # fmt: skip
"""Events that concern the person; all others are how the desk works, or protect somebody by not being told."""


def told_to_owner(connection: Connection, user: User, words: Words) -> dict[str, Any]:
    """The sections `level` and `cases` of a person's copy."""
    mine = {note.id: note for note in notes_of(connection, user) if note.author == "user"}
    cases = [each for each in reversed(cases_of(connection, user.id)) if not each.is_drill]
    return {
        "level": _level(held_level(connection, user.id), words),
        "cases": [_case(each, {identifier: note.text for identifier, note in mine.items()}) for each in cases],
    }


def _level(held: Held, words: Words) -> dict[str, Any] | None:
    if held.since is None:
        return None
    tracks = {"life": held.life, "property": held.property, "dependence": held.dependence}
    plain = {
        track: {lang: words.page(lang)[f"copy.level.{track}.{level}"] for lang in LANGS}
        for track, level in tracks.items()
    }
    return {"since": zulu(held.since), **plain}


def _case(case: Case, own_words: dict[str, str]) -> dict[str, Any]:
    closed = next((each for each in reversed(case.events) if each.kind == "closed"), None)
    appeal = case.kind == APPEAL
    return {
        "id": case.id,
        "kind": case.kind,
        "about": about_of(case) if appeal else None,
        "state": case.state,
        "opened_at": zulu(case.opened_at),
        "closed_at": zulu(case.closed_at) if case.closed_at else None,
        "outcome": str(closed.facts.get("outcome", "")) or None if appeal and closed is not None else None,
        "own_words": [own_words[note] for note in _noted(case.events) if note in own_words],
        "events": [{"kind": each.kind, "at": zulu(each.at)} for each in case.events if each.kind in TOLD],
    }


def _noted(events: tuple[CaseEvent, ...]) -> list[str]:
    return [str(each.facts["note"]) for each in events if "note" in each.facts]
