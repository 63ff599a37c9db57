"""Limits that a turn can run into: pure, and never placed above danger. Help, a real person and the exit stay open."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from math import ceil
from typing import Any

from anban.base.errors import BadInput
from anban.conversations.exemptions import Exemption, spared
from anban.conversations.usage import Usage, local_day
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.consents import consent_stops
from anban.people.limits import most_minutes
from anban.people.models import User
from anban.people.standing import Standing
from anban.provider.models import Service
from anban.provider.shift import zone_named

Window = tuple[int, int]
"""Quiet hours as minutes of the day, from and until; over midnight where the end comes first."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that is reached: its name for the ledger and the words for it.

    A `personal` one concerns this person alone: whoever is in a crisis or asks for a real person passes it.
    """

    kind: str
    template: str
    slots: tuple[tuple[str, str], ...] = ()
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What limits go by besides standing and use: the person's own clock, whom they write to, what they are spared.

    `preview_left` is how many turns somebody who has not registered still has today; None: no such bound.
    """

    zone: tzinfo
    persona: str
    exemptions: tuple[Exemption, ...] = field(default_factory=tuple[Exemption, ...])
    preview_left: int | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a minor's time: seconds until the companion rests, and why; when there is time again."""

    seconds: float
    why: str
    window: str
    resets_at: datetime
    quiet_from: datetime | None

    @property
    def minutes(self) -> int:
        return ceil(self.seconds / 60)

    def shown(self) -> dict[str, Any]:
        """For the app's countdown, in the `anban` object."""
        quiet = self.quiet_from.isoformat() if self.quiet_from is not None else None
        return {"minutes_left": self.minutes, "resets_at": self.resets_at.isoformat(), "quiet_from": quiet}


@performs("kill-switch", "minors-mode")
def reached(
    service: Service, standing: Standing, usage: Usage, rules: Rulebook, at: datetime, around: Around
) -> Limit | None:
    """The limit that stops this turn, or None. `usage` is counted up to `at`.

    A switched-off service rests; help and exit stay (draft art 8, final art 9). A minor's time ends with the day's
    minutes and at night (draft art 12(1), final art 14); what a guardian chose only tightens that.
    """
    if service.state == "off":
        return Limit("switched-off", "limit.switched-off")
    ended = closed(standing, rules, around.persona)
    if ended is not None and ended.kind != "no-consent":
        return ended
    if standing.is_minor:
        opens = _opens(standing, rules, at, around)
        if opens is not None:
            until = opens.astimezone(around.zone).strftime("%H:%M")
            return Limit("quiet", "limit.quiet-hours", (("until", until),), personal=True)
        budget = _budget(standing, rules, at, around)
        if budget is not None and usage.seconds(local_day(usage, at, around.zone)) >= budget:
            return Limit("time", "limit.minor-time", personal=True)
    if ended is not None:
        return ended
    if around.preview_left is not None and around.preview_left <= 0:
        return Limit("preview", "limit.preview", personal=True)
    return None


@performs("guardian-controls", "guardian-consent", "under-14-consent")
def closed(standing: Standing, rules: Rulebook, persona: str) -> Limit | None:
    """What somebody closed by an act of theirs: a character, the companion for a while, or by not consenting.

    It ends answers that are under way too; time that runs out lets one be finished.
    """
    if persona in standing.blocked:
        return Limit("blocked", "limit.blocked-character", personal=True)
    if standing.is_minor and standing.guardian_limits.paused:
        return Limit("paused", "limit.paused", personal=True)
    if consent_stops(standing, rules):
        words = "limit.no-consent" if standing.guardian_bound else "limit.no-guardian"
        return Limit("no-consent", words, personal=True)
    return None


def time_left(standing: Standing, usage: Usage, rules: Rulebook, at: datetime, around: Around) -> Left | None:
    """What is left of a minor's time at `at`; None for everybody else."""
    if not standing.is_minor:
        return None
    day = local_day(usage, at, around.zone)
    budget, quiet = _budget(standing, rules, at, around), _next_quiet(standing, rules, at, around)
    if budget is None and quiet is None:
        return None
    if (opens := _opens(standing, rules, at, around)) is not None:
        return Left(0.0, "quiet", f"quiet|{opens.astimezone(around.zone).date()}", opens, None)
    midnight = _next(at, 0, around.zone)
    resets = _opens(standing, rules, midnight, around) or midnight
    of_day = max(0.0, budget - usage.seconds(day)) if budget is not None else None
    of_night = max(0.0, (quiet - at).total_seconds()) if quiet is not None else None
    if of_night is not None and (of_day is None or of_night < of_day):
        assert quiet is not None
        return Left(of_night, "quiet", f"quiet|{quiet.astimezone(around.zone).date()}", resets, quiet)
    assert of_day is not None
    return Left(of_day, "time", f"time|{day}", resets, quiet)


def own_minutes_used(standing: Standing, usage: Usage, at: datetime, zone: tzinfo) -> str | None:
    """The day on which somebody has used up the minutes that they set for themselves: an offer, never a lock."""
    chosen = standing.own_limits.minutes
    day = local_day(usage, at, zone)
    return day if chosen is not None and usage.seconds(day) >= chosen * 60 else None


def zone_of(user: User | None, rules: Rulebook) -> tzinfo:
    """The zone by which somebody's days go: their own where it is known, else the one where the law applies."""
    if user is not None and user.time_zone:
        try:
            return zone_named(user.time_zone)
        except BadInput:
            pass  # stored before it was checked, or gone from the list since
    return rules.texts[0].zone if rules.texts else UTC


def _budget(standing: Standing, rules: Rulebook, at: datetime, around: Around) -> float | None:
    """Seconds that this day has, or None where nothing bounds it."""
    if spared(around.exemptions, "time", at):
        return None
    asked: list[float] = []
    if standing.guardian_limits.minutes is not None:
        asked.append(standing.guardian_limits.minutes)
    if rules.owes("minors-mode"):
        asked.append(most_minutes(rules, standing.band))
    return min(asked) * 60 if asked else None


def _quiet(standing: Standing, rules: Rulebook) -> tuple[Window, ...]:
    """The quiet hours of the rules and of the guardian: both count, so a guardian's can only add to them."""
    chosen, windows = standing.guardian_limits, list[Window]()
    owed = rules.owes("minors-mode")
    if owed:
        windows.append((_minute(rules.text("minors-quiet-from")), _minute(rules.text("minors-quiet-until"))))
    if chosen.quiet_from is not None or chosen.quiet_until is not None:
        begins = chosen.quiet_from or rules.text("minors-quiet-from")
        windows.append((_minute(begins), _minute(chosen.quiet_until or rules.text("minors-quiet-until"))))
    return tuple(windows)


def _opens(standing: Standing, rules: Rulebook, at: datetime, around: Around) -> datetime | None:
    """When the quiet hours that hold at `at` are over; None outside them."""
    if spared(around.exemptions, "quiet", at):
        return None
    windows, opens = _quiet(standing, rules), None
    for _ in windows:  # one window may open into the next
        for begins, ends in windows:
            moment = opens or at
            minute = _wall(moment, around.zone)
            if _within(minute, begins, ends):
                opens = _next(moment, ends, around.zone)
    return opens


def _next_quiet(standing: Standing, rules: Rulebook, at: datetime, around: Around) -> datetime | None:
    windows = _quiet(standing, rules)
    if not windows:
        return None
    begins = min(_next(at, begins, around.zone) for begins, _ in windows)
    return None if spared(around.exemptions, "quiet", begins) else begins


def _within(minute: float, begins: int, ends: int) -> bool:
    return begins <= minute < ends if begins <= ends else minute >= begins or minute < ends


def _wall(at: datetime, zone: tzinfo) -> float:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute + local.second / 60


def _next(at: datetime, minute: int, zone: tzinfo) -> datetime:
    """The next moment after `at` at which the clock on the wall shows this minute of the day."""
    local = at.astimezone(zone)
    for days in range(3):
        day = local.date() + timedelta(days=days)
        moment = datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)
        if moment > at:
            return moment
    raise AssertionError("every day has this minute")


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
