"""What happened to a case, in plain words with times: every kind of event has a sentence in `words/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from anban.cases.case import CaseEvent
from anban.people.models import Contact
from anban.provider.shift import zone_named
from anban.web.desk.week import HOME_ZONE

Words = Mapping[str, str]

ELSEWHERE = "UTC"

VARIES = {
    "opened": "requested", "paged": "why", "alarmed": "why", "unreachable": "why", "sent": "outcome", "read": "reason",
    "rung": "reached",
}  # fmt: skip
"""The fact by which a kind of event has more than one sentence (`room.event.sent.refused`)."""

OURS = "anban"


@dataclass(frozen=True, slots=True)
class Telling:
    """Whose names may be said: staff by id, contacts by id; a contact whose name may not be known has a number."""

    words: Words
    staff: Mapping[str, str]
    contacts: Mapping[str, str]
    zone: ZoneInfo

    def event(self, event: CaseEvent) -> dict[str, Any]:
        """One line of the case's log."""
        key = f"room.event.{event.kind}"
        if varies := VARIES.get(event.kind):
            key = f"{key}.{str(event.facts.get(varies, '')).lower()}" if event.facts.get(varies) else key
        known = self.words.get(key) or self.words[f"room.event.{event.kind}"]
        return {
            "at": event.at.isoformat(),
            "time": clock(event.at, self.zone),
            "kind": event.kind,
            "by": "" if event.actor == OURS else self.staff.get(event.actor, event.actor),
            "text": filled(known, self._slots(event)),
        }

    def _slots(self, event: CaseEvent) -> dict[str, str]:
        facts = event.facts
        by = self.words["room.anban"] if event.actor == OURS else self.staff.get(event.actor, event.actor)
        contact = str(facts.get("contact", ""))
        everybody = self.words["room.contact.all"]
        staff: list[str] = facts["staff"] if isinstance(facts.get("staff"), list) else []
        return {
            "by": by,
            "level": str(facts.get("lowered_to") or level_name(facts.get("level"))),
            "theme": named(self.words, "room.theme", str(facts.get("theme", ""))),
            "tier": self.words.get(f"staff.lead.tier.{facts.get('tier')}", ""),
            "staff": self.words["room.and"].join(self.staff.get(each, each) for each in staff),
            "contact": everybody if contact in ("", "all") else self.contacts.get(contact, contact),
            "channel": named(self.words, "room.channel", str(facts.get("channel", ""))),
            "number": str(facts.get("number", "")),
            "reason": named(self.words, "room.why", str(facts.get("reason", ""))),
            "outcome": named(self.words, "room.outcome", str(facts.get("outcome", ""))),
            "follow": day_and_clock(facts["follow_up_at"], self.zone) if facts.get("follow_up_at") else "",
        }


def names_of(contacts: tuple[Contact, ...], events: tuple[CaseEvent, ...], words: Words) -> dict[str, str]:
    """What to call each contact: by name where that may be known, else by number in the order of the case."""
    known = {each.id: each.name for each in contacts}
    met = dict.fromkeys(
        str(event.facts["contact"]) for event in events if event.facts.get("contact") not in (None, "all")
    )
    numbered = (filled(words["room.contact.number"], {"number": str(place)}) for place in range(1, len(met) + 1))
    return {each: known.get(each, name) for each, name in zip(met, numbered, strict=True)} | known


def level_name(level: object) -> str:
    return f"L{level}" if level is not None else ""


def named(words: Words, family: str, code: str) -> str:
    """The words of a code, or the code itself: a deployment may use codes of its own."""
    return words.get(f"{family}.{code}", code) if code else ""


def filled(text: str, slots: Mapping[str, str]) -> str:
    """The sentence with its slots filled; one that has nothing to say is left out."""
    for name, value in slots.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def clock(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%H:%M:%S")


def day_and_clock(at: datetime | str, zone: ZoneInfo) -> str:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(zone).strftime("%m-%d %H:%M")


def zone_of(place: str) -> ZoneInfo:
    """The clock on the desk's wall."""
    return zone_named(HOME_ZONE if place == "cn" else ELSEWHERE)
