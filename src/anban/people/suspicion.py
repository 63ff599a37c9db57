"""Recognising minors by what they say, over messages and days; the mode switches at once and an appeal restores it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from anban.detectors.signal import Reading
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.ages import Evidence, add_evidence, evidence_of
from anban.people.bands import MINORS, band_named
from anban.people.models import User, users
from anban.people.standing import standing_of
from anban.people.users import change

SIGNAL = "minority"

_PLAIN = "ages"
"""The detector of what people state of their own age: one plain statement is enough. All others need to agree."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One sign in one message: which detector saw it, how sure it is, and the band that was said, if any."""

    source: str
    score: float
    band: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """The mode was switched. `basis` are codes ("ages:12-15") for the ledger and the appeal page, never words."""

    user: User
    band: str | None
    confidence: float
    basis: tuple[str, ...]


def hints_of(reading: Reading) -> tuple[Hint, ...]:
    """What a reading says of being a minor; no word of the message."""
    return tuple(
        Hint(each.detector.partition(":")[0], each.score, _band_in(each.value))
        for each in reading.signals
        if each.kind == SIGNAL
    )


@performs("minor-recognition")
def observed(
    connection: Connection, user: User, score: float, reasons: Sequence[Hint], at: datetime, rules: Rulebook
) -> Changed | None:
    """Weigh one message that may be a minor's; called once for each message whose signal reaches the gentle threshold.

    A plain statement switches the mode at once, weaker signs once they agree over sources and days. What an appeal has
    overruled never switches again; something new and stronger does. None when nothing changes.
    """
    costly = rules.table("signal-costly-thresholds")[SIGNAL]
    if score < rules.table("signal-gentle-thresholds")[SIGNAL] or _is_minor(user, at, rules):
        return None
    # One after the other, so that two messages at one moment switch once.
    row = connection.execute(select(users.c.mode).where(users.c.id == user.id).with_for_update()).first()
    if row is None or row.mode == "minor":
        return None
    known = evidence_of(connection, user.id)
    overruled = [each for each in known if each.kind == "chat" and each.ended_at is not None]
    hints = _fresh(reasons, overruled)
    if not hints:
        return None
    for hint in hints:
        if not _seen(known, hint, at):
            add_evidence(connection, user.id, "chat", hint.band, hint.score, hint.source, at)
    now = _counting(evidence_of(connection, user.id), at, rules)
    # Who has proven to be grown up is not switched by one sentence: a second sign must agree.
    proven = any(
        each.kind == "verified" and each.ended_at is None and each.band in ("adult", "elder") for each in known
    )
    confidence = suspicion(now, () if proven else hints, costly, rules.number("age-sign-weight"))
    if confidence < costly or confidence <= max((each.confidence for each in overruled), default=0.0):
        return None
    return _switched(connection, user, now, confidence, at, rules)


def suspicion(evidence: Iterable[Evidence], hints: Iterable[Hint], costly: float, weight: float) -> float:
    """How likely this is a minor: the plainest statement just made, or all signs together, whichever is more.

    Signs count once for each source and day, each at `weight` of its score, as if they were independent; a single weak
    one is never enough.
    """
    plain = max((each.score for each in hints if each.source == _PLAIN and each.score >= costly), default=0.0)
    best: dict[tuple[str, date], float] = {}
    for each in evidence:
        key = (each.source, each.at.date())
        best[key] = max(best.get(key, 0.0), each.confidence)
    doubt = 1.0
    for score in best.values():
        doubt *= 1.0 - weight * score
    return max(plain, 1.0 - doubt)


def _is_minor(user: User, at: datetime, rules: Rulebook) -> bool:
    ages = {"minor_age": rules.whole("minor-age"), "elder_age": rules.whole("elder-age")}
    return standing_of(user, at, **ages).is_minor


def _fresh(reasons: Sequence[Hint], overruled: Sequence[Evidence]) -> list[Hint]:
    """Without what an appeal has already overruled: the same source saying the same band."""
    gone = {(each.source, each.band) for each in overruled}
    return [each for each in reasons if (each.source, each.band) not in gone]


def _seen(known: Sequence[Evidence], hint: Hint, at: datetime) -> bool:
    """Whether this sign stands there already today, at least as sure: a flood of messages is one row."""
    return any(
        each.kind == "chat"
        and each.ended_at is None
        and (each.source, each.band, each.at.date()) == (hint.source, hint.band, at.date())
        and each.confidence >= hint.score
        for each in known
    )


def _counting(evidence: Sequence[Evidence], at: datetime, rules: Rulebook) -> list[Evidence]:
    since = at - rules.lasting("age-sign-memory-days")
    return [each for each in evidence if each.kind == "chat" and each.ended_at is None and each.at >= since]


def _switched(
    connection: Connection, user: User, evidence: Sequence[Evidence], confidence: float, at: datetime, rules: Rulebook
) -> Changed:
    surest = sorted(evidence, key=lambda each: -each.confidence)
    band = next((each.band for each in surest if band_named(each.band) in MINORS), None)
    basis = tuple(dict.fromkeys(f"{each.source}:{each.band or 'unknown'}" for each in surest))[:8]
    after = change(connection, user, {"mode": "minor", "mode_ground": "suspected"})
    facts: dict[str, Fact] = {
        "changed": ["mode", "mode_ground"],
        "mode": "minor",
        "ground": "suspected",
        "basis": list(basis),
        "confidence": float(confidence),
    }
    write(connection, Entry(Kind.PERSON_CHANGED, at, user.id, "anban", user.service, rules.version, facts))
    return Changed(after, band, confidence, basis)


def _band_in(value: str | None) -> str:
    _, _, name = (value or "").rpartition("band=")
    return name if band_named(name) is not None else ""
