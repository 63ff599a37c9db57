"""What a turn leaves behind: words sealed under the user's key, evidence without words; off the critical path."""

from collections.abc import Mapping

from anban.base.ids import new_id
from anban.conversations.sessions import SESSION_INSERT, SESSION_USED, new_session, use
from anban.conversations.transcript import TURN_INSERT, Author, Turn, seal_turn
from anban.detectors.signal import Reading
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import ENTRY_INSERT, row
from anban.rails.message import Message
from anban.rails.presence import Present
from anban.rails.runtime import Runtime
from anban.rails.verdict import Proceed, Verdict
from anban.risk.ladder import DEPENDENCE_NAMES, LIFE_NAMES, PROPERTY_NAMES
from anban.risk.models import Assessed, Reason

NOBODY = "unknown"
"""The subject of an entry when the app named no user."""


def use_session(message: Message, present: Present, rules: Rulebook, rt: Runtime) -> bool:
    """Go on with continuous use, or begin a session; True in a session that followed a long absence."""
    if present.user is None:
        return False
    before = present.session
    gap = rules.lasting("continuous-use-gap")
    session, more = use(before, message.at, gap, human=present.holder is not None)
    if session is not None:
        present.session = session
        since = before.last_at if before is not None else session.last_at
        used = {"session_id": session.id, "before": since, "at": session.last_at, "more": more}
        rt.db.later(SESSION_USED, used)
        return present.returned == session.id
    session, opened = new_session(present.user.id, message.at)
    present.session = session
    rt.db.later(SESSION_INSERT, opened)
    note(rt, message, present, rules, Kind.SESSION_OPENED, {"session": session.id})
    away = before is not None and message.at - before.last_at >= rules.lasting("ai-notice-return-hours")
    present.returned = session.id if away else None
    return away


def record(
    message: Message,
    present: Present,
    rules: Rulebook,
    rt: Runtime,
    *,
    verdict: Verdict,
    reading: Reading,
    seen: Assessed,
    said: str,
    author: Author,
    output: str,
    more: Mapping[str, Fact] | None = None,
) -> None:
    """Hand the turn to the next group commit: the sealed words, and the entries that prove what was decided."""
    facts: dict[str, Fact] = {
        "decision": message.decision,
        "verdict": verdict.name,
        "level": LIFE_NAMES[seen.life],
        "held": LIFE_NAMES[present.held.life],
        "author": author,
        "output": output,
        **(more or {}),
    }
    if not isinstance(verdict, Proceed) or reading.unavailable or seen.reasons:
        note(rt, message, present, rules, Kind.RAIL_INPUT_DECIDED, _decided(message, verdict, reading, seen))
    if output not in ("released", "ours"):
        note(rt, message, present, rules, Kind.RAIL_OUTPUT_DECIDED, facts)
    if message.unread:
        facts["unread"] = sorted(set(message.unread))
    if message.read:
        facts["read"] = sorted(set(message.read))
    if reading.unheard:
        # Here too, since an ordinary decision leaves no entry of its own: no word is not a good word.
        facts["unheard"] = sorted(reading.unheard)
    if (user := present.user) is not None:
        session = present.session.id if present.session else ""
        turn = Turn(
            new_id("trn_"),
            user.id,
            message.conversation,
            message.persona,
            session,
            message.at,
            message.said,
            said,
            author,
        )
        facts["conversation"] = user.key.digest(message.conversation.encode("utf-8", "replace"))
        facts["said"] = user.key.digest(message.said.encode("utf-8", "replace"))
        facts["answer"] = user.key.digest(said.encode("utf-8", "replace"))
        if verdict.rule != "limit.no-consent":  # until a guardian consents no word of a child is kept (final art 17)
            rt.db.later(TURN_INSERT, seal_turn(turn, user.key))
        present.recent.append(turn)
        if author == "ai":
            day, answered = present.answered
            present.answered = (day, answered + 1)
    note(rt, message, present, rules, Kind.TURN_RECORDED, facts)


def note(
    rt: Runtime, message: Message, present: Present, rules: Rulebook, kind: Kind, facts: Mapping[str, Fact]
) -> None:
    """One ledger entry in the next group commit."""
    entry = Entry(
        kind=kind,
        at=message.at,
        subject=present.user.id if present.user else NOBODY,
        actor="anban",
        service=message.service.id,
        rulebook=rules.version,
        facts=facts,
    )
    rt.db.later(ENTRY_INSERT, row(entry))


def _decided(message: Message, verdict: Verdict, reading: Reading, seen: Assessed) -> dict[str, Fact]:
    """Why: each reason as rule, signal, score, detector, view and code. No words."""
    reasons = [
        "|".join((r.rule, r.signal, f"{r.score:.2f}", f"{r.detector}@{r.version}", r.view, code(r.why)))[:200]
        for r in (*seen.reasons[:12], *_refused(verdict, reading))
    ]
    facts: dict[str, Fact] = {
        "decision": message.decision,
        "verdict": verdict.name,
        "rule": verdict.rule,
        "level": LIFE_NAMES[seen.life],
        "property": PROPERTY_NAMES[seen.property],
        "dependence": DEPENDENCE_NAMES[seen.dependence],
        "reasons": reasons,
    }
    if reading.unavailable:
        facts["unavailable"] = sorted(reading.unavailable)
    if reading.unheard:
        facts["unheard"] = sorted(reading.unheard)
    return facts


def _refused(verdict: Verdict, reading: Reading) -> list[Reason]:
    """What made policy refuse: also what is no sign of danger is told with detector, version and risk."""
    return [
        Reason(verdict.rule, s.kind, s.score, s.detector, s.version, s.view, s.why)
        for s in reading.signals
        if verdict.rule == f"refused.{s.kind}"
    ]


def code(why: str) -> str:
    """A reason code as the ledger takes it: printable ASCII without blanks. What is not ASCII shows as its number."""
    return why.encode("ascii", "backslashreplace").decode().replace(" ", "_")[:80]
