"""What a guardian may see of a child, and nothing else: the console and the child's mirror both render from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol

from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.consents import Consent
from anban.people.limits import Limits, most_minutes
from anban.people.standing import Standing

DAYS: Final = 14
"""Days in the pictures, today among them."""

ASKED: Final = ("use", "under-14-data", "sharing", "training")
"""The purposes that a guardian is asked about, each by itself."""

Topic = Literal["self", "health", "threat", "property"]
Kept = Literal["none", "under", "reached", "over"]
Now = Literal["calm", "needs", "followed"]
"""Whether something waits for this guardian, or was seen by them and is not over yet."""

MINUTE: Final = 60.0


class Used(Protocol):
    """One day's use: seconds in each of its 24 hours, and with each character."""

    @property
    def day(self) -> date: ...
    @property
    def hours(self) -> Sequence[float]: ...
    @property
    def personas(self) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class Alert:
    """Something this guardian was told. `ended_at`: it is over; until then `seen_at` says whether they pressed."""

    id: str
    topic: Topic
    at: datetime
    seen_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether the guardian has still to say that they have seen it."""
        return self.seen_at is None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """One day in minutes: by hour, by character, in quiet hours; and how the day's limit fared."""

    day: date
    hours: tuple[float, ...]
    personas: Mapping[str, float]
    quiet: float
    kept: Kept

    @property
    def minutes(self) -> float:
        return sum(self.personas.values())


@dataclass(frozen=True, slots=True)
class Character:
    """A character by the name people see, its minutes in the pictures' days, and whether it is closed."""

    ref: str
    name: str
    minutes: float
    blocked: bool


@dataclass(frozen=True, slots=True)
class InForce:
    """The limits that hold: of the rules, tightened by what a guardian chose. `minutes` is None where none does."""

    minutes: float | None
    quiet_from: str
    quiet_until: str
    reality_minutes: float | None
    paused: bool
    spending: bool
    spend_each: int | None
    spend_day: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One purpose and the consent that holds for it, if any. Who gave it stays out of sight."""

    purpose: str
    given_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    receipt: str = ""

    @property
    def holds(self) -> bool:
        return self.given_at is not None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class Fellow:
    """A guardian of this child: `contact` is their place among those who are called, `me` whoever is looking."""

    contact: str
    name: str = field(repr=False)
    since: datetime
    me: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What is on file, read by `cases/guardian_seen.py`. `names` are characters' names by ref, `today` is local."""

    called: str = field(repr=False)
    standing: Standing
    rules: Rulebook
    at: datetime
    today: date
    days: Sequence[Used] = ()
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    alerts: tuple[Alert, ...] = ()
    consents: Sequence[Consent] = ()
    fellows: tuple[Fellow, ...] = ()
    claims: tuple[tuple[str, datetime], ...] = ()
    erasure_asked: datetime | None = None
    erasure_ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything a guardian sees. There is no word of any talk in it, and nowhere that one could stand."""

    called: str = field(repr=False)
    at: datetime
    today: date
    now: Now
    alerts: tuple[Alert, ...]
    days: tuple[DayOfUse, ...]
    characters: tuple[Character, ...]
    streak: int
    quiet_minutes: float
    in_force: InForce
    chosen: Limits
    most_minutes: float | None
    consents: tuple[Asked, ...]
    fellows: tuple[Fellow, ...]
    claims: tuple[tuple[str, datetime], ...]
    erasure_asked: datetime | None
    """When a guardian last asked that the child's records go, and when they had gone."""

    erasure_ended: datetime | None


@performs("guardian-controls")
def overview(facts: Facts) -> Overview:
    """Minutes, hours, characters, alerts that went to this guardian, limits, consents: never what was said."""
    in_force = limits_in_force(facts.standing, facts.rules)
    days = _days(facts, in_force)
    return Overview(
        called=facts.called,
        at=facts.at,
        today=facts.today,
        now=_now(facts.alerts),
        alerts=facts.alerts,
        days=days,
        characters=_characters(facts, days),
        streak=streak(days),
        quiet_minutes=sum(each.quiet for each in days),
        in_force=in_force,
        chosen=facts.standing.guardian_limits,
        most_minutes=most_minutes(facts.rules, facts.standing.band) if facts.rules.owes("minors-mode") else None,
        consents=tuple(_asked(purpose, facts.consents, facts.at) for purpose in ASKED),
        fellows=facts.fellows,
        claims=facts.claims,
        erasure_asked=facts.erasure_asked,
        erasure_ended=facts.erasure_ended,
    )


def limits_in_force(standing: Standing, rules: Rulebook) -> InForce:
    """What holds for this minor now. A guardian's choice counts only where it is the tighter one."""
    chosen = standing.guardian_limits
    owed = rules.owes("minors-mode")
    asked = [
        each for each in (chosen.minutes, most_minutes(rules, standing.band) if owed else None) if each is not None
    ]
    begins = [chosen.quiet_from, rules.text("minors-quiet-from") if owed else None]
    ends = [chosen.quiet_until, rules.text("minors-quiet-until") if owed else None]
    reality = chosen.reality_minutes
    if reality is None and rules.sets("reality-reminder-interval"):
        reality = rules.number("reality-reminder-interval")
    return InForce(
        minutes=min(asked, default=None),
        quiet_from=min((each for each in begins if each), default=""),
        quiet_until=max((each for each in ends if each), default=""),
        reality_minutes=reality,
        paused=chosen.paused,
        spending=bool(chosen.spending),
        spend_each=chosen.spend_each,
        spend_day=chosen.spend_day,
        currency=chosen.currency or "",
    )


def streak(days: Sequence[DayOfUse]) -> int:
    """How many days in a row, up to the last, stayed within the limit and out of the quiet hours."""
    count = 0
    for each in reversed(days):
        if each.kept == "over" or each.quiet >= 1:
            break
        count += 1
    return count


def quiet_hours(in_force: InForce) -> frozenset[int]:
    """The hours of the day that lie whole in the quiet hours; use is known by the hour, so no others can be told."""
    if not in_force.quiet_from or not in_force.quiet_until:
        return frozenset()
    begins, ends = _minute(in_force.quiet_from), _minute(in_force.quiet_until)
    first, last = -(-begins // 60), ends // 60
    if begins <= ends:
        return frozenset(range(first, last))
    return frozenset((*range(first, 24), *range(last)))


def _now(alerts: Sequence[Alert]) -> Now:
    if any(each.waits for each in alerts):
        return "needs"
    return "followed" if any(each.ended_at is None for each in alerts) else "calm"


def _days(facts: Facts, in_force: InForce) -> tuple[DayOfUse, ...]:
    found = {each.day: each for each in facts.days}
    quiet = quiet_hours(in_force)
    days: list[DayOfUse] = []
    for back in reversed(range(DAYS)):
        day = facts.today - timedelta(days=back)
        used = found.get(day)
        hours = tuple(each / MINUTE for each in used.hours) if used else (0.0,) * 24
        personas = {ref: each / MINUTE for ref, each in used.personas.items() if each > 0} if used else {}
        late = sum(hours[hour] for hour in quiet)
        days.append(DayOfUse(day, hours, personas, late, _kept(sum(personas.values()), in_force.minutes)))
    return tuple(days)


def _kept(minutes: float, limit: float | None) -> Kept:
    """Within a minute of the limit is the limit: the message that reaches it is still counted."""
    if minutes <= 0:
        return "none"
    if limit is None or minutes < limit:
        return "under"
    return "reached" if minutes <= limit + 1 else "over"


def _characters(facts: Facts, days: Sequence[DayOfUse]) -> tuple[Character, ...]:
    """Those talked to, most minutes first; then those that are closed though nobody talked to them lately."""
    minutes: dict[str, float] = {}
    for each in days:
        for ref, spent in each.personas.items():
            minutes[ref] = minutes.get(ref, 0.0) + spent
    for ref in sorted(facts.standing.blocked):
        minutes.setdefault(ref, 0.0)
    found = [
        Character(ref, facts.names.get(ref, ref), spent, ref in facts.standing.blocked)
        for ref, spent in minutes.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.minutes, each.name)))


def _asked(purpose: str, given: Sequence[Consent], at: datetime) -> Asked:
    mine = [each for each in given if each.purpose == purpose]
    if not mine:
        return Asked(purpose)
    holding = [each for each in mine if each.holds(at)]
    newest = (holding or mine)[-1]
    ended = None if holding else (newest.withdrawn_at or newest.expires_at)
    return Asked(purpose, newest.given_at, newest.expires_at, ended, newest.id)


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
