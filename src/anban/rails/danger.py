"""A person in danger: the case first, durable, and only then words, none of which claims what is not so."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

import structlog

from anban.base.crashpoint import crashpoint
from anban.base.errors import StorageFailed
from anban.base.keys import KeysAway
from anban.cases.course import course
from anban.cases.crisis import Danger, hold, open_crisis
from anban.cases.late import to_record
from anban.cases.truth import promise_state
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.drilling import is_drill_person
from anban.people.standing import Standing
from anban.provider.line_reports import still_failed
from anban.rails.message import Message
from anban.rails.post import DESK
from anban.rails.presence import Present
from anban.rails.runtime import Runtime
from anban.rails.situation import Situation
from anban.rails.verdict import Escalate
from anban.risk.models import Assessed, Held
from anban.risk.record import raised
from anban.words.helplines import Line, Need
from anban.words.templates import Words

log = structlog.get_logger()

DURABLE_WITHIN = 0.4
"""Seconds a person in danger may wait for the database; then the promise goes to the spool and the words go out."""


@dataclass(frozen=True, slots=True)
class Comfort:
    """Our words for a person in danger, and how their case was made durable: stored, spooled, lost or nobody."""

    text: str
    template: str
    case: str | None
    kept: str


@performs("comfort-and-help", "crisis-protocol")
async def comfort(
    message: Message,
    present: Present,
    verdict: Escalate,
    seen: Assessed,
    standing: Standing,
    rules: Rulebook,
    rt: Runtime,
) -> Comfort:
    """Open or raise the person's case, then choose words that are true (draft art 11(2), final art 13).

    With the database gone the case is a sealed record in the spool, entered late; with the spool gone too, the words
    still come, and claim nothing.
    """
    held = raised(present.held, seen, message.at)
    kept = await _keep(message, present, verdict, standing, held, rules, rt)
    present.held = held
    state = promise_state(present.course, lines(message, seen, standing, rules, rt, present.unreached))
    spoken = rt.words.render(
        verdict.template, lang=message.lang, audience=standing.audience, state=state, turn=present.comforted
    )
    present.comforted += 1
    return Comfort(spoken.text, f"{spoken.template_id}@{spoken.version}", present.case, kept)


NONE_FAILED: Mapping[str, datetime] = MappingProxyType({})

NEEDS: Mapping[str, Need] = {"health-emergency": "danger", "threat": "harm-by-others", "property": "fraud"}
"""Who helps best, by theme; everybody else is helped by somebody to talk to."""


def lines(
    message: Message,
    seen: Assessed,
    standing: Standing,
    rules: Rulebook,
    rt: Runtime,
    unreached: Mapping[str, datetime] = NONE_FAILED,
) -> tuple[Line, ...]:
    """At least two routes to a real person, for this place, hour, age and kind of danger.

    `unreached` tells by line when this person did not get through: for some hours these come last.
    """
    failed = still_failed(unreached, message.at, rules.lasting("helpline-failed-hours"))
    return routes(message, seen, standing, rules, rt.words, failed)


def routes(
    message: Message,
    seen: Assessed,
    standing: Standing,
    rules: Rulebook,
    words: Words,
    failed: frozenset[str] = frozenset(),
) -> tuple[Line, ...]:
    """The same, of nothing but words and rules."""
    need = "danger" if seen.life == 4 else NEEDS.get(seen.theme, "fraud" if seen.property >= 2 else "talk")
    found = words.helplines.lines_for(
        message.service.place,
        message.at,
        need,
        standing.audience,
        stale_days=rules.whole("helpline-stale-days"),
        hidden_days=rules.whole("helpline-hidden-days"),
        failed=failed,
    )
    if len(found) >= rules.whole("helplines-shown-least"):
        return found
    more = words.helplines.from_memory(need, failed)
    return (*found, *(line for line in more if line.number not in {each.number for each in found}))


async def keep_level(situation: Situation, rt: Runtime) -> None:
    """Keep what this message says about the person's level, where no words of ours follow from it."""
    message, present, seen = situation.message, situation.present, situation.seen
    held = raised(present.held, seen, message.at)
    if isinstance(situation.verdict, Escalate):
        await _keep(message, present, situation.verdict, situation.standing, held, situation.rules, rt)
    elif held is not present.held and (user := present.user) is not None:
        await rt.db.write(partial(hold, user=user.id, held=held))
    present.held = held


async def _keep(
    message: Message,
    present: Present,
    verdict: Escalate,
    standing: Standing,
    held: Held,
    rules: Rulebook,
    rt: Runtime,
) -> str:
    if message.user is None:
        rt.figures.gaps.labels("danger-without-user-id").inc()
        return "nobody"
    user = present.user
    danger = Danger(
        service=message.service.id,
        user=user.id if user else "",
        conversation=user.key.digest(message.conversation.encode("utf-8", "replace")) if user else "",
        decision=message.decision,
        rulebook=rules.version,
        at=message.at,
        level=verdict.level,
        theme=verdict.theme,
        before=present.held.life,
        held=held,
        template=verdict.template,
        audience=standing.audience,
        newcomer_hours=rules.number("queue-newcomer-hours"),
        drill=_drills(message, rt),
    )
    # Until the case is stored, nothing may be said of it.
    present.course = None
    if user is not None:
        try:
            write = rt.db.write(partial(open_crisis, danger=danger), urgent=True)
            case = await asyncio.wait_for(write, DURABLE_WITHIN)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the database, the promise must be kept
            rt.figures.faults.labels("database").inc()
            log.error("case.not_stored", decision=message.decision, error=type(error).__name__)
        else:
            crashpoint("case.opened")
            present.case, present.course = case.id, course(case.events)
            rt.wake_work()
            rt.post.wake(DESK)
            return "stored"
    try:
        await asyncio.to_thread(rt.spool.append, to_record(danger, message.user))
    except StorageFailed:
        rt.figures.faults.labels("spool").inc()
        log.critical("case.lost", decision=message.decision)
        return "lost"
    return "spooled"


def _drills(message: Message, rt: Runtime) -> bool:
    """Whether this is the person of a drill. While no key can tell, whoever is called like one is a real person."""
    try:
        return is_drill_person(rt.keys, message.service.id, message.user)
    except KeysAway:
        return False
