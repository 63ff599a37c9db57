"""What the master keys owe, step by step: a pure table, and the promise about backups over any course of days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.law.register import load
from anban.privacy.rotation import (
    Announce,
    Conclude,
    Destroy,
    DropSigning,
    Held,
    Promote,
    RenewSigning,
    Rewrap,
    Version,
    Wait,
    kept_for,
    owed,
)

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULES = load().in_force(("cn-2026-final",), AT, frozenset[str]())
DAY = timedelta(days=1)

FIRST = Version(1, "aaaaaaaa", "current", AT, AT)
OLD = replace(FIRST, state="open-only")
SECOND = Version(2, "bbbbbbbb", "current", AT, AT)


def held(*versions: Version, writable: bool = True, signing: int | None = None, **more: object) -> Held:
    current = max(each.version for each in versions if each.state == "current")
    generation = current if signing is None else signing
    return Held(versions, writable, generation, **{"signs": generation, **more})  # type: ignore[arg-type]


def test_a_young_key_owes_nothing_until_it_is_too_old() -> None:
    assert owed(held(FIRST), RULES, AT) == Wait(AT + DAY)
    assert owed(held(FIRST), RULES, AT + 13.5 * DAY) == Wait(AT + 14 * DAY)
    assert owed(held(FIRST), RULES, AT + 14 * DAY) == Announce()


def test_where_the_service_cannot_write_it_makes_no_key_and_destroys_none() -> None:
    gone_by = replace(OLD, done_at=AT, destroy_at=AT + DAY)
    for days in (0, 14, 400):
        assert isinstance(owed(held(FIRST, writable=False), RULES, AT + days * DAY), Wait)
        assert isinstance(owed(held(gone_by, SECOND, writable=False), RULES, AT + days * DAY), Wait)


def test_a_new_version_wraps_only_when_every_replica_has_had_time_to_see_it() -> None:
    new = Version(2, "bbbbbbbb", "announced", AT)
    ready = AT + RULES.lasting("key-announce-seconds")
    assert owed(held(FIRST, new), RULES, AT) == Wait(ready)
    assert owed(held(FIRST, new), RULES, ready) == Promote(2)


def test_what_older_versions_wrap_comes_under_the_new_one_before_anything_else() -> None:
    assert owed(held(replace(OLD, wraps=3), SECOND, signing=1), RULES, AT) == Rewrap()
    assert owed(held(OLD, SECOND, signing=1), RULES, AT) == RenewSigning(2)


def test_signing_keys_go_when_they_have_handed_over_and_not_before() -> None:
    assert isinstance(owed(held(OLD, SECOND, signs=1, stale=True), RULES, AT), Conclude)
    assert owed(held(OLD, SECOND, stale=True), RULES, AT) == DropSigning(2)


def test_an_old_version_stays_for_a_while_and_is_then_destroyed() -> None:
    assert owed(held(OLD, SECOND), RULES, AT) == Conclude(1, AT + kept_for(RULES))
    waiting = replace(OLD, done_at=AT, destroy_at=AT + kept_for(RULES))
    assert isinstance(owed(held(waiting, replace(SECOND, current_at=AT + 3 * DAY)), RULES, AT + 14 * DAY), Wait)
    assert owed(held(waiting, SECOND), RULES, AT + kept_for(RULES)) == Destroy(1)


def test_a_newer_version_that_a_person_keeps_from_wrapping_is_left_alone() -> None:
    newer = Version(3, "cccccccc", "open-only", AT)
    assert isinstance(owed(held(SECOND, newer), RULES, AT), Wait)


@pytest.mark.parametrize("state", ["missing", "destroyed"])
def test_what_is_not_there_is_not_waited_for(state: str) -> None:
    gone = replace(OLD, state=state, wraps=5)  # type: ignore[arg-type]
    assert isinstance(owed(held(gone, SECOND), RULES, AT), Wait)


@given(st.integers(0, 13), st.integers(0, 1439))
def test_what_was_erased_opens_from_no_backup_after_the_days_promised(day: int, minute: int) -> None:
    """Somebody erases at any moment; what wrapped their key then is destroyed within `retention-backup-days`."""
    erased = AT + timedelta(days=day, minutes=minute)
    versions: list[Version] = [FIRST]
    now, ends = AT, erased + RULES.lasting("retention-backup-days")
    while versions[0].state != "destroyed":
        assert now <= ends, "too late"
        match owed(held(*versions), RULES, now):
            case Wait(until):
                assert until > now
                now = until
            case Announce():
                versions.append(Version(versions[-1].version + 1, "x", "announced", now))
            case Promote(version):
                versions = [replace(e, state="open-only") if e.state == "current" else e for e in versions]
                newest = next(e for e in versions if e.version == version)
                versions[versions.index(newest)] = replace(newest, state="current", current_at=now)
            case Conclude(version, destroy_at):
                versions = [replace(e, destroy_at=destroy_at) if e.version == version else e for e in versions]
            case Destroy(version):
                versions = [replace(e, state="destroyed") if e.version == version else e for e in versions]
            case step:
                raise AssertionError(step)
    assert now <= ends
