"""Limits, one after the other: what stops whom, until when, and that nothing personal stands above help."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from anban.base.keys import MasterKeys
from anban.conversations.exemptions import Exemption
from anban.conversations.usage import Spent, Usage
from anban.detectors.signal import Reading, Signal
from anban.law.register import DEFAULT_PACKS, load
from anban.people.approach import may_approach
from anban.people.limits import Limits
from anban.people.models import User
from anban.people.standing import Standing
from anban.provider.models import Service
from anban.rails.limits import Around, Limit, reached, time_left, zone_of
from anban.rails.policy import decide
from anban.rails.verdict import Escalate, Replace, Steer, Stop
from anban.risk.models import Assessed, Held

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
MINORS = frozenset({"minors", "known-minors"})
RULES = load().in_force(DEFAULT_PACKS, NOON, MINORS)
CALIFORNIA = load().in_force(("us-ca-sb243",), NOON, MINORS)
ON = Service("srv_1", "ten_1", "companion", DEFAULT_PACKS, "cn")
HERE = Around(SHANGHAI, "a")
CHILD = Standing("minor", "stated", "12-15")
GENTLE = RULES.table("signal-gentle-thresholds")


def used(minutes: float) -> Usage:
    spent = Spent(minutes * 60, (0.0,) * 24, NOON)
    return Usage(MappingProxyType({("2026-11-23", "a"): spent}), NOON, "a")


def at(clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, 23, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def kind(standing: Standing = CHILD, minutes: float = 0, when: datetime = NOON, around: Around = HERE) -> str | None:
    limit = reached(ON, standing, used(minutes), RULES, when, around)
    return None if limit is None else limit.kind


def test_the_order_is_service_character_pause_night_day_consent_preview() -> None:
    everything = replace(
        CHILD, blocked=frozenset("a"), guardian_limits=Limits(paused=True), guardian_bound=True, consents=frozenset()
    )
    over, night = used(999), at("23:00")
    looked = replace(HERE, preview_left=0.0)
    off = replace(ON, state="off")
    found: list[str] = []
    steps = [
        (off, everything, over, night),
        (ON, everything, over, night),
        (ON, replace(everything, blocked=frozenset()), over, night),
        (ON, replace(everything, blocked=frozenset(), guardian_limits=Limits()), over, night),
        (ON, replace(everything, blocked=frozenset(), guardian_limits=Limits()), over, NOON),
        (ON, replace(everything, blocked=frozenset(), guardian_limits=Limits()), used(0), NOON),
        (ON, CHILD, used(0), NOON),
    ]
    for service, standing, usage, when in steps:
        limit = reached(service, standing, usage, RULES, when, looked)
        assert limit is not None
        found.append(limit.kind)
    assert found == ["switched-off", "blocked", "paused", "quiet", "time", "no-consent", "preview"]


@pytest.mark.parametrize(
    ("clock", "quiet"), [("21:59", False), ("22:00", True), ("03:00", True), ("05:59", True), ("06:00", False)]
)
def test_quiet_hours_to_the_minute(clock: str, quiet: bool) -> None:
    assert (kind(when=at(clock)) == "quiet") is quiet


def test_a_guardian_only_adds_to_the_night_and_takes_from_the_day() -> None:
    laxer = replace(CHILD, guardian_limits=Limits(minutes=300, quiet_from="23:30", quiet_until="05:00"))
    assert kind(laxer, 60) == "time" and kind(laxer, when=at("22:30")) == kind(laxer, when=at("05:30")) == "quiet"
    tighter = replace(CHILD, guardian_limits=Limits(minutes=20, quiet_from="20:00", quiet_until="07:30"))
    assert kind(tighter, 20) == "time" and kind(tighter, when=at("20:00")) == kind(tighter, when=at("07:29")) == "quiet"
    limit = reached(ON, tighter, used(0), RULES, at("23:00"), HERE)
    assert limit is not None and dict(limit.slots) == {"until": "07:30"}


def test_an_exemption_lifts_one_limit_while_it_lasts() -> None:
    one = Exemption("exm_1", "time", "guardian", "a birthday", NOON, NOON + timedelta(hours=1))
    spared = replace(HERE, exemptions=(one,))
    assert kind(minutes=999, around=spared) is None
    assert kind(minutes=999, when=NOON + timedelta(hours=1), around=spared) == "time"
    assert kind(when=at("23:00"), around=spared) == "quiet"


def test_california_sets_no_day_and_no_night_and_a_guardian_there_may() -> None:
    assert reached(ON, CHILD, used(999), CALIFORNIA, at("23:00"), HERE) is None
    chosen = replace(CHILD, guardian_limits=Limits(minutes=30))
    limit = reached(ON, chosen, used(30), CALIFORNIA, NOON, HERE)
    assert limit is not None and limit.kind == "time"


def test_grown_ups_have_no_limit_and_their_own_locks_nothing() -> None:
    for standing in (Standing(), Standing("elder"), Standing(own_limits=Limits(minutes=1))):
        assert kind(standing, 999, at("23:00")) is None
        assert time_left(standing, used(999), RULES, NOON, HERE) is None


@pytest.mark.parametrize(
    ("minutes", "clock", "left", "why", "again"),
    [
        (0, "12:00", 60, "time", "2026-11-23T22:00:00+00:00"),
        (55.5, "12:00", 5, "time", "2026-11-23T22:00:00+00:00"),
        (70, "12:00", 0, "time", "2026-11-23T22:00:00+00:00"),
        (0, "21:52", 8, "quiet", "2026-11-23T22:00:00+00:00"),
        (0, "23:00", 0, "quiet", "2026-11-23T22:00:00+00:00"),
    ],
)
def test_what_is_left_for_the_countdown(minutes: float, clock: str, left: int, why: str, again: str) -> None:
    found = time_left(CHILD, used(minutes), RULES, at(clock), HERE)
    assert found is not None and (found.minutes, found.why, found.resets_at.isoformat()) == (left, why, again)


NIGHT = Limit("quiet", "limit.quiet-hours", (("until", "06:00"),), personal=True)


def verdict(seen: Assessed, held: int = 0, *signals: str) -> object:
    reading = Reading(tuple(Signal(each, 1.0, "r", "words", "1") for each in signals))
    return decide(seen, reading, Held(life=held), CHILD, NIGHT, None, GENTLE)


def test_danger_an_open_crisis_a_person_and_a_risky_transfer_pass_a_personal_limit() -> None:
    assert isinstance(verdict(Assessed(2)), Escalate) and isinstance(verdict(Assessed(4)), Escalate)
    assert verdict(Assessed(), 3) == Steer(("steer.hold",), "held.crisis", pause_persona=True)
    assert verdict(Assessed(), 0, "asks-human") == Replace("asks-human", "asks-human")
    assert verdict(Assessed(property=2)) == Replace("property.p2", "property.P2")


def test_who_feels_bad_is_heard_and_everybody_else_is_told_when_it_opens() -> None:
    assert verdict(Assessed(1)) == verdict(Assessed(), 2) == Stop("limit.heard", "limit.quiet")
    assert verdict(Assessed()) == Stop("limit.quiet-hours", "limit.quiet", (("until", "06:00"),))


def test_the_zone_is_ones_own_or_that_of_the_law() -> None:
    key, _ = MasterKeys({1: b"k" * 32}).new_data_key("usr_1", 1)
    user = User("usr_1", "srv_1", "lin", key, NOON, time_zone="America/New_York")
    assert str(zone_of(user, RULES)) == "America/New_York"
    for known in (None, replace(user, time_zone=None), replace(user, time_zone="Nowhere/Land")):
        assert NOON.astimezone(zone_of(known, RULES)).hour == 12


def test_nobody_is_approached_who_is_a_minor_or_has_just_left() -> None:
    key, _ = MasterKeys({1: b"k" * 32}).new_data_key("usr_1", 1)
    user = User("usr_1", "srv_1", "lin", key, NOON, quiet_until=NOON + timedelta(hours=24))
    assert not may_approach(user, Standing(), NOON)
    assert may_approach(user, Standing(), NOON + timedelta(hours=24))
    assert not may_approach(replace(user, quiet_until=None), CHILD, NOON)
