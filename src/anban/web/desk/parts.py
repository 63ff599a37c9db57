"""The parts of a desk page about one case, each as HTML: what a page shows at once and then keeps live."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anban.conversations.reading import Line
from anban.detectors.vocabulary import name_of
from anban.people.safety_card import PARTS as CARD_PARTS
from anban.risk.explain import explained
from anban.risk.ladder import LIFE_NAMES, PROPERTY_NAMES
from anban.risk.models import Reason
from anban.web.desk.allowed import allowed
from anban.web.desk.door import Desk, SignedIn
from anban.web.desk.levels import level_line
from anban.web.desk.pointing import Pointed, pieces
from anban.web.desk.reading import Seen, seen_by
from anban.web.desk.telling import Telling, clock, day_and_clock, filled, named, names_of, zone_of
from anban.words.helplines import Lang
from anban.words.phrases import read_phrases

PARTS = ("top", "levels", "talk", "compose", "card", "acts", "log")
_GAP = re.compile(r"\{[a-z]+\}")
_FIGURES = re.compile(r"，把握 |, [01]\.\d\d sure")

FOLLOW_UP_HOURS = (2, 12, 24, 72, 168)
"""Choices of when to look again."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks, in which language, at which moment."""

    desk: Desk
    who: SignedIn
    lang: Lang
    now: datetime

    @property
    def words(self) -> Mapping[str, str]:
        return self.desk.rt.words.page(self.lang)


def render(desk: Desk, lang: Lang, template: str, **context: Any) -> str:
    """One part as HTML."""
    words = desk.rt.words.page(lang)
    return desk.environment.get_template(template).render(lang=lang, words=words, **context)


def case_parts(desk: Desk, who: SignedIn, view: Mapping[str, Any], lang: Lang) -> dict[str, str]:
    """Every part of a case as HTML, of what `case_view` found."""
    return {each: render(desk, lang, f"desk/{each}.html", case=view, csrf=who.csrf) for each in PARTS}


async def case_view(desk: Desk, who: SignedIn, case: str, lang: Lang) -> dict[str, Any]:
    """Everything the templates of one case are filled with. Raises `NotFound`."""
    seen = await seen_by(desk, who, case)
    pointed = await desk.pointing.look(seen.lines, desk.rt.panel, seen.rules)
    reader = Reader(desk, who, lang, desk.rt.clock.now())
    zone = zone_of(who.service.place)
    called = names_of(seen.contacts, seen.case.events, reader.words)
    telling = Telling(reader.words, seen.names, called, zone)
    so_far, may = seen.so_far, allowed(seen, who)
    return {
        "id": seen.case.id,
        "level": LIFE_NAMES[seen.case.level],
        "state": _state(seen, who),
        "holder": seen.names.get(so_far.claimed_by or "", so_far.claimed_by or ""),
        "waited": int((reader.now - so_far.waiting_since).total_seconds()) if so_far.waiting_since else 0,
        "mine": so_far.claimed_by == who.staff.id,
        "joined": so_far.joined_at is not None,
        "open": seen.case.is_open,
        "reading": seen.reading,
        "reasons": [each for each in seen.reasons if each not in ("claimed", "granted")],
        "may": sorted(may),
        "drill": seen.case.is_drill,
        "opinion": seen.mark.opinion,
        "release": _release(seen, who, called),
        "lines": _lines(seen, pointed, reader),
        "levels": level_line(seen.case.events, seen.lines, pointed, reader.now, zone, reader.words),
        "log": [telling.event(event) for event in reversed(seen.case.events)],
        "zone": zone.key,
        "card": _card(seen, pointed, reader),
        "contacts": _contacts(seen, reader),
        "safety": _safety(seen),
        "notes": _notes(seen, reader),
        "phrases": _phrases(seen, reader) if so_far.claimed_by == who.staff.id else [],
        "scripts": _scripts(seen, reader) if "call" in may else [],
        "follow_up": FOLLOW_UP_HOURS,
        "group": seen.standing.audience,
    }  # fmt: skip


def _state(seen: Seen, who: SignedIn) -> str:
    case = seen.case
    if not case.is_open:
        return case.state
    if seen.so_far.claimed_by == who.staff.id:
        return "mine"
    if seen.so_far.claimed_by is not None:
        return "claimed"
    return "ai" if case.state == "handed_back" else "waiting"


def _lines(seen: Seen, pointed: Mapping[str, Pointed], reader: Reader) -> list[dict[str, Any]]:
    zone = zone_of(reader.who.service.place)
    shown: list[dict[str, Any]] = []
    day = ""
    for line in seen.lines:
        own = pointed.get(line.id, Pointed())
        today = line.at.astimezone(zone).strftime("%m-%d")
        shown.append(
            {
                "id": line.id,
                "by": line.by,
                "state": line.state,
                "at": line.at.isoformat(),
                "time": clock(line.at, zone)[:5],
                "day": today if today != day else "",
                "level": _marked(own),
                "pieces": [(text, reason and _short(reason, reader)) for text, reason in pieces(line.text, own)],
            }
        )
        day = today
    return shown


def _marked(own: Pointed) -> str:
    if not own.telling:
        return ""
    return LIFE_NAMES[own.life] if own.life >= 2 else PROPERTY_NAMES[own.wealth]


def _phrases(seen: Seen, reader: Reader) -> list[dict[str, Any]]:
    """The phrase bank for this person's age group; what only the responder knows is left open."""
    words = reader.words
    name = reader.who.staff.name
    known = {"service": words["service.name"], "name": name[:1] if reader.lang == "zh" else name}
    return [
        {
            "title": group.title,
            "say": [_GAP.sub(words["room.gap"], filled(each, known)) for each in group.said_to(seen.standing.audience)],
        }
        for group in read_phrases(reader.lang)
    ]


def _scripts(seen: Seen, reader: Reader) -> list[tuple[str, str]]:
    """What to read out to the emergency services, with what is known; never a name, nor words that were said."""
    words = reader.words
    known = [named(words, "room.theme", seen.so_far.theme), words[f"room.level.{LIFE_NAMES[seen.case.level]}"]]
    slots = {
        "service": words["service.name"],
        "who": words[f"desk.group.{seen.standing.audience}"],
        "where": words["room.script.where"],
        "known": words["room.and"].join(known),
        "callback": words["room.script.callback"],
    }
    say = reader.desk.rt.words.render
    return [
        (words[f"room.script.{each}"], say(f"desk.call.{each}", lang=reader.lang, slots=slots).text)
        for each in ("medical", "police")
    ]


def _short(reason: Reason, reader: Reader) -> str:
    """Why these words stand out: the meaning and the sign, without figures."""
    return _FIGURES.split(str(explained(reason)[reader.lang]))[0]


def _card(seen: Seen, pointed: Mapping[str, Pointed], reader: Reader) -> dict[str, Any]:
    """What one must know within fifteen seconds."""
    held, zone, words = seen.held, zone_of(reader.who.service.place), reader.words
    reasons = list(dict.fromkeys(name_of("signals", each.signal, reader.lang) for each in held.reasons))
    raised = [line for line in seen.lines if line.by == "user" and pointed[line.id].telling]
    ours = [line for line in seen.lines if line.by == "system" and line.text]
    return {
        "group": seen.standing.audience,
        "ground": seen.standing.ground,
        "mode": seen.mode or "ordinary",
        "ref": seen.ref,
        "identity": seen.identity,
        "level": LIFE_NAMES[held.life],
        "wealth": PROPERTY_NAMES[held.property] if held.property else "",
        "since": day_and_clock(held.since, zone) if held.since else "",
        "by": "" if held.set_by in ("rule", "anban") else seen.names.get(held.set_by, held.set_by),
        "theme": named(words, "room.theme", seen.so_far.theme),
        "requested": seen.mark.requested,
        "reasons": reasons[:4],
        "raised": _excerpt(raised[-1], pointed, reader) if raised else [],
        "ours": ours[-1].text if ours else "",
        "told": seen.so_far.told is not None,
        "confirmed": bool(seen.so_far.confirmed),
        "known": seen.so_far.contacts_known,
        "earlier": [
            {
                "id": each.id,
                "level": LIFE_NAMES[each.level],
                "day": each.opened_at.astimezone(zone).strftime("%Y-%m-%d"),
                "state": each.state,
                "outcome": named(words, "room.outcome", _outcome(each.events)),
            }
            for each in seen.earlier[:5]
        ],
    }


def _excerpt(line: Line, pointed: Mapping[str, Pointed], reader: Reader) -> list[tuple[str, str | None]]:
    return [(text, reason and _short(reason, reader)) for text, reason in pieces(line.text, pointed[line.id])]


def _outcome(events: Any) -> str:
    return next((str(event.facts["outcome"]) for event in reversed(events) if event.facts.get("outcome")), "")


def _safety(seen: Seen) -> list[dict[str, Any]]:
    """What the person wrote for themselves on a calm day: the parts of their safety card that hold anything."""
    card = seen.card
    if card is None:
        return []
    return [{"part": part, "lines": list(card.part(part))} for part in CARD_PARTS if card.part(part)]


def _contacts(seen: Seen, reader: Reader) -> list[dict[str, Any]]:
    """Whom one could tell: by name and kind of way, never the address; and how far telling them has come."""
    so_far, words = seen.so_far, reader.words
    shown: list[dict[str, Any]] = []
    for each in seen.contacts:
        tried = [attempt for attempt in so_far.attempts if attempt.contact == each.id]
        hold = so_far.holds_back(each.id)
        state = "confirmed" if each.id in so_far.confirmed else "held" if hold else "none"
        if state == "none" and tried:
            state = "sent" if any(attempt.outcome == "accepted" for attempt in tried) else "tried"
        shown.append(
            {
                "id": each.id,
                "name": each.name,
                "kind": each.kind,
                "ways": [named(words, "room.route", route) for route, _ in each.ways],
                "unsafe": named(words, "room.why", each.unsafe) if each.unsafe else "",
                "state": state,
                "held": hold is not None,
                "reason": named(words, "room.why", hold.reason) if hold else "",
                "tries": len(tried),
            }
        )
    return shown


def _release(seen: Seen, who: SignedIn, called: Mapping[str, str]) -> dict[str, Any] | None:
    """That a hold should be released, which waits for a second person; None when nobody asked."""
    if not seen.mark.release:
        return None
    asked = next(event for event in reversed(seen.case.events) if event.kind == "release_asked")
    contact = str(asked.facts["contact"])
    by = seen.names.get(asked.actor, asked.actor)
    mine = asked.actor == who.staff.id
    return {
        "contact": contact,
        "name": called.get(contact, ""),
        "by": by,
        "mine": mine,
        "reason": asked.facts["reason"],
    }


def _notes(seen: Seen, reader: Reader) -> list[dict[str, str]]:
    zone = zone_of(reader.who.service.place)
    return [
        {
            "kind": note.kind,
            "by": seen.names.get(note.author, note.author),
            "time": day_and_clock(note.at, zone),
            "text": note.text,
        }
        for note in reversed(seen.notes)
    ]
