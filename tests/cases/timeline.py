"""A crisis case in virtual time, without a database: what is owed is done at once, and what came of it is written down.

night = Night(level=4, reach=[Reach("con_mother", 2)])
night.until(minutes=5)
assert night.told == [(0, "con_mother", 0), (30, "con_mother", 1)]
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from anban.cases.case import CaseEvent
from anban.cases.course import Course, course
from anban.cases.owed import Alarm, Call, CheckIn, HoldBack, OffHours, Owed, Page, Reach, Tell, Unreachable, owed
from anban.law.register import load
from anban.law.rulebook import Rulebook

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
RULES = load().in_force(("cn-2025-draft", "cn-2026-final"), START)
ELDERS = load().in_force(("cn-2025-draft", "cn-2026-final"), START, frozenset({"elders"}))

Answer = Callable[[Tell], str | None]
"""How a send ends: accepted, refused, unknown; None when the process dies before it can tell."""


def accepted(_: Tell) -> str:
    return "accepted"


@dataclass
class Night:
    """One case, carried by nobody but the clock."""

    level: int = 3
    theme: str = "self"
    reach: Sequence[Reach] = ()
    duty: Collection[int] = (1, 2, 3)
    rules: Rulebook = RULES
    answer: Answer = accepted
    events: list[CaseEvent] = field(default_factory=list)
    now: datetime = START
    done: list[tuple[float, Owed]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.happens("opened", level=self.level, theme=self.theme)
        self.happens("contacts", number=len(self.reach))

    @property
    def course(self) -> Course:
        return course(self.events)

    @property
    def second(self) -> float:
        return (self.now - START).total_seconds()

    def happens(self, kind: str, actor: str = "anban", **facts: Any) -> None:
        """Something happened to the case, now."""
        self.events.append(CaseEvent(f"{kind}|{len(self.events)}", kind, self.now, actor, facts))

    def until(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        """Go on to this time after the beginning, doing everything owed at its hour."""
        end = START + timedelta(seconds=seconds, minutes=minutes, hours=hours)
        for _ in range(10_000):
            acts, later = owed(self.course, self.reach, self.duty, self.rules, self.now)
            for act in acts:
                self.do(act)
            if acts:
                continue
            if later is None or later > end:
                self.now = end
                return
            assert later > self.now, "what is owed later is later"
            self.now = later
        raise AssertionError("a case that never comes to rest")

    def do(self, act: Owed) -> None:
        self.done.append((self.second, act))
        match act:
            case Page(tier, why):
                self.happens("paged", tier=tier, why=why)
            case Call(tier):
                self.happens("rung", tier=tier)
            case OffHours():
                self.happens("off_hours")
            case Alarm(why):
                self.happens("alarmed", why=why)
            case HoldBack(contact, reason):
                self.happens("held", contact=contact, reason=reason)
            case Unreachable(why):
                self.happens("unreachable", why=why)
            case CheckIn():
                self.happens("checked_in")
            case Tell(contact, step, turn):
                send = f"case|{contact}|{self.course.cycle}.{turn}.{step}"
                self.happens("attempted", send=send, contact=contact, step=step, turn=turn)
                outcome = self.answer(act)
                if outcome is not None:
                    self.happens("sent", send=send, outcome=outcome, code="")

    @property
    def told(self) -> list[tuple[float, str, int]]:
        """Every send: second, contact, step."""
        return [(at, act.contact, act.step) for at, act in self.done if isinstance(act, Tell)]

    @property
    def paged(self) -> list[tuple[float, int]]:
        return [(at, act.tier) for at, act in self.done if isinstance(act, Page)]

    @property
    def alarms(self) -> list[tuple[float, str]]:
        return [(at, act.why) for at, act in self.done if isinstance(act, Alarm)]
