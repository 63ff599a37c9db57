"""Ten thousand evenings on a virtual clock, beside a model of fifty lines that knows only what the rules say.

Devices, characters, idle hours, people at the desk, clocks that jump by hours and years, zones that change, exemptions.
`ANBAN_TIMELINES` sets how many; all of it is pure, with no database.
"""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from anban.conversations.exemptions import Exemption
from anban.conversations.sessions import Session, new_session, use
from anban.conversations.shown import Given, give
from anban.conversations.usage import Usage, spend
from anban.law.register import DEFAULT_PACKS, load
from anban.law.rulebook import Rulebook
from anban.people.bands import Band
from anban.people.limits import Limits
from anban.people.standing import Standing
from anban.provider.models import Service
from anban.rails.limits import Around, Limit, own_minutes_used, reached, time_left
from anban.rails.notices import due, timed
from anban.rails.reminders import Due, Person, first_of

TIMELINES = int(os.environ.get("ANBAN_TIMELINES", "1000"))
GAP, MIDNIGHT = timedelta(minutes=15), timedelta(days=1)
CHUNK = 30
SERVICE = Service("srv_1", "ten_1", "companion", DEFAULT_PACKS, "cn")
ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "Asia/Shanghai", "Asia/Urumqi", "America/New_York",
         "Australia/Lord_Howe", "Pacific/Kiritimati", "Etc/GMT+12")]  # fmt: skip
BANDS: list[Band | None] = [None, "under-3", "3-7", "8-11", "12-15", "16-17"]
MINUTES = {None: 40, "under-3": 40, "3-7": 40, "8-11": 60, "12-15": 60, "16-17": 120}
FIRST = datetime(2026, 7, 20, tzinfo=UTC)


@dataclass
class Model:
    """What ought to be: seconds by day, added up half a minute at a time, and the clock on the wall read as text."""

    minor: bool
    minutes: int
    quiet: list[tuple[str, str]]
    spared: list[tuple[str, datetime, datetime]]
    used: dict[str, float] = field(default_factory=dict[str, float])
    last: datetime | None = None
    stretch: float = 0.0
    told: int = 0
    heard: datetime | None = None

    def count(self, at: datetime, zone: ZoneInfo, human: bool) -> dict[str, float]:
        """The days after this message, if it counts."""
        used = dict(self.used)
        passed = (at - self.last).total_seconds() if self.last else 0
        if self.last and 0 < passed < GAP.total_seconds() and not human:
            for chunk in range(int(passed) // CHUNK):
                day = self.today(self.last + timedelta(seconds=chunk * CHUNK), zone, used)
                used[day] = used.get(day, 0) + CHUNK
        return used

    def today(self, at: datetime, zone: ZoneInfo, used: dict[str, float]) -> str:
        local = at.astimezone(zone)
        here, ahead = local.date().isoformat(), (local + 2 * MIDNIGHT).date().isoformat()
        return max([here, *(day for day in used if here < day <= ahead)])

    def is_spared(self, kind: str, at: datetime) -> bool:
        return any(each == kind and begins <= at < ends for each, begins, ends in self.spared)

    def rests(self, at: datetime, zone: ZoneInfo, human: bool) -> str | None:
        if not self.minor:
            return None
        wall = at.astimezone(zone).strftime("%H:%M")
        if any(wall >= begins or wall < ends for begins, ends in self.quiet) and not self.is_spared("quiet", at):
            return "quiet"
        used = self.count(at, zone, human)
        seconds = used.get(self.today(at, zone, used), 0)
        return "time" if seconds >= self.minutes * 60 and not self.is_spared("time", at) else None

    def keep(self, at: datetime, zone: ZoneInfo, human: bool) -> None:
        self.used = self.count(at, zone, human)
        self.used.setdefault(self.today(at, zone, self.used), 0)
        self.last = at

    def hear(self, at: datetime, human: bool, left: bool) -> None:
        """Continuous use, by the same clock."""
        passed = (at - self.heard).total_seconds() if self.heard else GAP.total_seconds()
        if passed >= GAP.total_seconds() or left:
            self.stretch, self.told = 0.0, 0
        elif passed > 0 and not human:
            self.stretch += passed
        self.heard = at


@dataclass
class Evening:
    """The code under test, driven as a turn drives it, for one person."""

    standing: Standing
    rules: Rulebook
    exemptions: tuple[Exemption, ...]
    usage: Usage = field(default_factory=Usage)
    session: Session | None = None
    given: tuple[Given, ...] = ()

    def limit(self, at: datetime, zone: ZoneInfo, persona: str, human: bool) -> tuple[Limit | None, Usage]:
        used, _ = spend(self.usage, at, persona, zone, GAP, human=human)
        return reached(SERVICE, self.standing, used, self.rules, at, Around(zone, persona, self.exemptions)), used

    def person(self, at: datetime, zone: ZoneInfo) -> Person:
        used, _ = spend(self.usage, at, "a", zone, GAP)
        left = time_left(self.standing, used, self.rules, at, Around(zone, "a", self.exemptions))
        own = own_minutes_used(self.standing, used, at, zone)
        return Person(self.standing, left=left, own_day=own, zoned=at.astimezone(zone))

    def hear(self, at: datetime, human: bool) -> None:
        session, _ = use(self.session, at, GAP, human=human)
        self.session = session or new_session("usr_1", at)[0]

    def notice(self, at: datetime, zone: ZoneInfo) -> Due | None:
        found = due(self.session, self.given, self.rules, at, login=None, returned=False, begins=False,
                    person=self.person(at, zone))  # fmt: skip
        self._take(found, at)
        return found

    def beat(self, at: datetime, zone: ZoneInfo) -> Due | None:
        """The pulse, for somebody whose app listens and who does not write."""
        session, _ = use(self.session, at, GAP)
        person = self.person(at, zone)
        if session is None or (person.left is not None and person.left.seconds <= 0):
            return None  # whose time is up is not called back to the screen
        found = first_of(timed(session, self.given, self.rules, person))
        self._take(found, at)
        return found

    def _take(self, found: Due | None, at: datetime) -> None:
        if found is not None:
            assert found.again is not None or (found.kind, found.window) not in {
                (each.kind, each.window) for each in self.given
            }, "twice in one window"
            self.given = (give("usr_1", found.kind, found.window, at, "text", shown=True)[0], *self.given[:47])


@pytest.fixture(scope="module")
def rulebooks() -> dict[bool, Rulebook]:
    register, at = load(), FIRST
    minors = frozenset({"minors", "known-minors"})
    return {True: register.in_force(DEFAULT_PACKS, at, minors), False: register.in_force(DEFAULT_PACKS, at)}


def an_evening(seed: int, rulebooks: dict[bool, Rulebook]) -> tuple[int, int, int]:
    """One timeline; how many messages were answered, refused, and how many breaks were spoken of."""
    dice = Random(seed)
    minor, listens = dice.random() < 0.7, dice.random() < 0.1
    band, zone, at = dice.choice(BANDS), dice.choice(ZONES), FIRST + timedelta(seconds=CHUNK * dice.randrange(100_000))
    chosen = Limits(
        minutes=dice.choice([None, 15, 30]),
        quiet_from=dice.choice([None, "20:00", "21:30"]),
        quiet_until=dice.choice([None, "07:15"]),
        reality_minutes=dice.choice([None, 15, 60]),
    )
    spared = tuple(
        Exemption(f"exm_{n}", dice.choice(["time", "quiet"]), "guardian", "a birthday", begins, begins + length)
        for n in range(dice.choice([0, 0, 1, 2]))
        for begins, length in [(at + timedelta(minutes=dice.randrange(600)), timedelta(minutes=dice.randrange(5, 300)))]
    )
    standing = Standing("minor", "stated", band, guardian_limits=chosen) if minor else Standing()
    model = Model(
        minor,
        min(MINUTES[band], chosen.minutes or 999),
        [("22:00", "06:00"), (chosen.quiet_from or "22:00", chosen.quiet_until or "06:00")],
        [(each.kind, each.from_at, each.until_at) for each in spared],
    )
    evening = Evening(standing, rulebooks[minor], spared)
    answered = refused = breaks = 0
    last_refused = False
    for _ in range(dice.randrange(20, 70)):
        step = CHUNK * (dice.randrange(1, 29) if dice.random() < 0.93 else dice.randrange(30, 1200))
        if listens and step < GAP.total_seconds():
            for beat in range(CHUNK, step, CHUNK):
                found = evening.beat(at + timedelta(seconds=beat), zone)
                if found is not None and found.kind == "break":
                    late = (model.stretch + beat) % 7200
                    # Who was refused when it came due hears of it once there is time again.
                    assert late <= 30 or last_refused, (seed, at, late)
                    breaks, model.told = breaks + 1, int((model.stretch + beat) // 7200)
        at += timedelta(seconds=step)
        if dice.random() < 0.02:
            at += dice.choice([-1, 1]) * timedelta(hours=dice.choice([1, 30, 365 * 24]))
        if dice.random() < 0.02:
            zone = dice.choice(ZONES)
        persona, human = dice.choice("abc"), dice.random() < 0.03
        limit, used = evening.limit(at, zone, persona, human)
        assert (limit.kind if limit else None) == model.rests(at, zone, human), (seed, at, zone, limit)
        evening.hear(at, human)
        model.hear(at, human, left=False)
        if limit is None or limit.kind == "time":
            evening.usage = used
            model.keep(at, zone, human)
        last_refused = limit is not None
        if limit is not None:
            refused += 1
            continue
        answered += 1
        owed = int(model.stretch // 7200)
        found = evening.notice(at, zone)
        if owed > model.told:
            assert found is not None and found.kind == "break", (seed, at, found)
            breaks, model.told = breaks + 1, owed
        else:
            assert found is None or found.kind != "break", (seed, at, found)
    return answered, refused, breaks


def test_no_minor_is_answered_over_budget_or_at_night_and_no_break_is_late_or_said_twice(
    rulebooks: dict[bool, Rulebook],
) -> None:
    answered = refused = breaks = 0
    for seed in range(TIMELINES):
        more = an_evening(seed, rulebooks)
        answered, refused, breaks = answered + more[0], refused + more[1], breaks + more[2]
    assert answered > 10 * TIMELINES and refused > 5 * TIMELINES and breaks > TIMELINES / 5, "evenings worth the name"
