"""The acts that carry a verdict out: answer, speak for ourselves, comfort, relay. Each ends with its record."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import structlog

from anban.base.errors import StorageFailed
from anban.cases.truth import promise_state
from anban.conversations.mailbox import put
from anban.conversations.transcript import Author
from anban.rails.answer import Answer, begin_answer, request_for, withheld_words
from anban.rails.bonds import drift_words
from anban.rails.casting import limits_said, sector_steers
from anban.rails.chunks import Chunk, Closed, Opened, Spoke
from anban.rails.danger import DURABLE_WITHIN, comfort
from anban.rails.giving import Notice, give_notice, give_reason, limited, stopped, told_of_outage
from anban.rails.leaving import leave
from anban.rails.outside import disclosed, outgoing
from anban.rails.policy import is_heard_first
from anban.rails.record import NOBODY, code, record
from anban.rails.relay import holding_line, relay
from anban.rails.runtime import Runtime
from anban.rails.situation import Situation
from anban.rails.verdict import Escalate, Proceed, Replace, Steer, Stop
from anban.risk.ladder import LIFE_NAMES

log = structlog.get_logger()


async def answered(situation: Situation, verdict: Proceed | Steer, rt: Runtime) -> AsyncGenerator[Chunk]:
    """The model answers, after the notice that is due and through the output rail."""
    message = situation.message
    notice = await give_notice(situation, rt)
    # In a crisis what we are is never the first thing that is said: it can deepen loneliness (product section 4.5).
    last = notice.text if situation.life >= 3 else ""
    before = [notice.text] if notice.text and not last else []
    if _back_from_person(situation):
        before.append(_words(situation, "takeover.handed-back", rt))
    if isinstance(verdict, Steer) and "steer.asks-if-ai" in verdict.templates:
        # Whatever the model goes on to say, the truth stands first (draft art 16(1), final art 18).
        before.append(_words(situation, "notice.ai.truth", rt))
    if situation.life < 2 and (limits := limits_said(message, situation.present, situation.role)):
        before.append(_words(situation, "persona.limits", rt, {"limits": limits}))
    meta = situation.meta("ai", notice.shown, notice.action)
    parts: list[str] = []
    author: Author = "ai"
    request = request_for(message, verdict, rt, situation.present.summary, sector_steers(situation.role))
    request = await outgoing(request, rt.sharing.model, situation.present.user)
    answer = begin_answer(message, situation.before, rt, situation.rules, goodbye=situation.says_goodbye)
    assert situation.flight is not None
    if situation.life >= 3:
        situation.flight.guard()
    try:
        yield Opened(meta)
        if before:
            yield Spoke("\n\n".join(before) + "\n\n")
        async with aclosing(answer.pieces(rt, request, situation.flight)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Spoke):
                    parts.append(piece.text)
                yield piece
        if not parts and answer.outcome != "released":
            author = "system"  # not a word of the model's has gone out: what stands there is ours
        if tail := "\n\n".join(filter(None, (_ending(situation, answer, rt), last))):
            tail = f"\n\n{tail}" if parts else tail
            parts.append(tail)
            yield Spoke(tail)
    finally:
        # Also when the app has hung up: what was said was said.
        shared = disclosed(rt.sharing.model, situation.standing, situation.rules)
        _recorded(situation, rt, "".join(parts), author, answer.outcome, answer, **shared)
    if answer.outcome == "withheld" and answer.rail.released_size:
        await _retract(situation, rt)
    actions = (*notice.action, *(() if answer.outcome == "released" else (answer.outcome,)))
    name = {"withheld": "replace", "failed": "replace", "limit": "stop"}.get(answer.outcome, "")
    reason = answer.finished.reason if answer.outcome == "released" else "stop"
    yield Closed(situation.meta(author, notice.shown, actions, name), reason, answer.finished.usage)


async def spoken(situation: Situation, verdict: Replace | Stop, rt: Runtime) -> AsyncGenerator[Chunk]:
    """Our own words instead of the model's."""
    slots = dict(verdict.slots) if isinstance(verdict, Stop) else {}
    text = _words(situation, verdict.template, rt, slots)
    if isinstance(verdict, Stop):
        stopped(situation, verdict, rt)
    notice = await give_reason(situation, rt) if situation.life < 2 else Notice()
    text = "\n\n".join(filter(None, (notice.text, text)))
    meta = situation.meta("system", notice.shown, (f"words:{verdict.template}", *notice.action))
    # Before the first word: an app that hangs up early must not undo what its user said.
    _recorded(situation, rt, text, "system", "ours")
    yield Opened(meta)
    yield Spoke(text)
    yield Closed(meta)


async def comforted(situation: Situation, verdict: Escalate, rt: Runtime) -> AsyncGenerator[Chunk]:
    """The case first, then comfort; the reply ends only when the turn itself is on disk too."""
    said = await comfort(
        situation.message, situation.present, verdict, situation.seen, situation.standing, situation.rules, rt
    )
    actions = (f"words:{said.template}", *((f"case:{said.kept}",) if said.case or said.kept != "nobody" else ()))
    meta = situation.meta("system", actions=actions)
    _recorded(situation, rt, said.text, "system", "ours", template=said.template, case=said.case, kept=said.kept)
    yield Opened(meta)
    yield Spoke(said.text)
    if situation.present.user is not None:
        try:
            await asyncio.wait_for(rt.db.settled(), DURABLE_WITHIN)
        except (StorageFailed, TimeoutError):
            log.error("turn.not_stored_yet", decision=situation.message.decision)
    yield Closed(meta)


async def relayed(situation: Situation, cursor: int, rt: Runtime) -> AsyncGenerator[Chunk]:
    """A human holds the conversation; the model says nothing."""
    user, holder = situation.present.user, situation.present.holder
    assert user is not None and holder is not None
    # Whose words they are is known when they come: a line of ours that holds is not a person's.
    author: Author = "system"
    parts: list[str] = []
    try:
        yield Opened(situation.meta("human", actions=("relayed",), verdict="stop"))
        async for piece, speaks in relay(situation, user, holder, cursor, rt):
            author = speaks
            parts.append(piece.text)
            yield piece
    finally:
        _recorded(situation, rt, "".join(parts), author, "ours")
    yield Closed(situation.meta(author, actions=("relayed",), verdict="stop"))


def _back_from_person(situation: Situation) -> bool:
    """Whether this is the AI's first answer after a person: it says so, whatever the app shows."""
    present = situation.present
    back = present.course.handed_back_at if present.course is not None else None
    if back is None:
        return bool(present.recent) and present.recent[-1].author == "human"
    return not any(turn.author == "ai" and turn.at >= back for turn in present.recent)


def _words(situation: Situation, template: str, rt: Runtime, slots: Mapping[str, str] | None = None) -> str:
    return rt.words.render(
        template,
        lang=situation.message.lang,
        audience=situation.standing.audience,
        state=promise_state(situation.present.course, situation.lines),
        slots=slots,
        turn=len(situation.present.recent),
    ).text


def _ending(situation: Situation, answer: Answer, rt: Runtime) -> str:
    """Our words after an answer that did not end by itself."""
    match answer.outcome:
        case "released":
            return ""
        case "withheld":
            assert answer.hit is not None
            rt.figures.withheld.labels(answer.hit.kind).inc()
            usual = withheld_words(answer.hit, situation.life, situation.leaving is not None)
            drift = drift_words(answer.hit.kind, situation.standing) if situation.life < 2 else None
            return _words(situation, drift or usual, rt)
        case "failed":
            if situation.present.held.life >= 3:
                return _words(situation, "crisis.hold", rt)
            told_of_outage(situation, "upstream", rt)
            return _words(situation, "outage.upstream", rt)
        case "exit":
            leave(situation.message, situation.present, situation.rules, rt)
            return ""
        case "limit":
            assert situation.flight is not None
            limit, template = situation.flight.ending
            limited(situation, limit, rt)
            heard = is_heard_first(situation.seen, situation.present.held)
            return _words(situation, "limit.heard" if heard else template, rt)
        case "takeover":
            return holding_line(situation.message, situation.standing.audience, rt, joined=False)


def _recorded(
    situation: Situation,
    rt: Runtime,
    text: str,
    author: Author,
    output: str,
    answer: Answer | None = None,
    **more: str | None,
) -> None:
    facts = {name: value for name, value in more.items() if value is not None}
    if answer is not None and answer.hit is not None:
        facts["hit"], facts["why"] = answer.hit.kind, code(answer.hit.why)
    try:
        record(
            situation.message,
            situation.present,
            situation.rules,
            rt,
            verdict=situation.verdict,
            reading=situation.reading,
            seen=situation.seen,
            said=text,
            author=author,
            output=output,
            more=facts,
        )
    except StorageFailed:
        # Words of help are never withheld for want of an entry; the case itself is in the spool.
        rt.figures.faults.labels("database").inc()
        log.error("turn.not_recorded", decision=situation.message.decision)
    rt.figures.turns.labels(situation.verdict.name, LIFE_NAMES[situation.life]).inc()
    if situation.present.user is None:
        rt.figures.gaps.labels(f"turn-of-{NOBODY}-user").inc()


async def _retract(situation: Situation, rt: Runtime) -> None:
    """Tell the app that what stood before our last words in this reply is taken back."""
    user, message = situation.present.user, situation.message
    if user is None:
        return
    try:
        await rt.db.write(
            lambda connection: put(
                connection,
                user.id,
                user.key,
                conversation=message.conversation,
                kind="retract",
                at=message.at,
                payload={"decision": message.decision},
                once=f"retract|{message.decision}",
            )
        )
    except StorageFailed:
        rt.figures.faults.labels("database").inc()
        log.error("retract.not_stored", decision=message.decision)
        return
    rt.post.wake(user.id)
