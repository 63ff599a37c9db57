"""A plain statement switches at once, weak signs once they agree; what an appeal overruled never switches again."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from anban.base.db import Database
from anban.detectors.signal import Reading, Signal
from anban.ledger.kinds import Kind
from anban.ledger.reading import for_subject
from anban.people.ages import evidence_of, record_age, restore_adult
from anban.people.models import User
from anban.people.standing import standing_at
from anban.people.suspicion import Changed, Hint, hints_of, observed
from tests.people.family import NOON, again, rules, someone

PLAIN = Hint("ages", 0.9, "12-15")
WEAK = Hint("ages", 0.6, "16-17")
MODEL = Hint("model", 0.55)


def said(connection: Connection, user: User, at: datetime, *hints: Hint) -> Changed | None:
    score = max(each.score for each in hints)
    return observed(connection, again(connection, user), score, hints, at, rules())


def day(number: int) -> datetime:
    return NOON + timedelta(days=number)


def test_a_reading_gives_hints_without_a_word() -> None:
    seen = Signal("minority", 0.9, "age:stated", "ages", "1", value="school=初二;band=12-15")
    other = Signal("distress", 0.9, "x", "model", "1")
    assert hints_of(Reading((seen, other))) == (PLAIN,)


async def test_a_plain_statement_switches_an_adults_account_at_once(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = someone(connection, birth_year=1990)
        changed = said(connection, user, NOON, PLAIN)
        assert changed is not None and (changed.band, changed.basis) == ("12-15", ("ages:12-15",))
        found = standing_at(connection, again(connection, user), NOON, rules())
        assert (found.audience, found.ground, found.suspected, found.band) == ("minor", "suspected", True, "12-15")
        (entry,) = [each.entry for each in for_subject(connection, user.id)]
        assert entry.kind is Kind.PERSON_CHANGED
        assert (entry.facts["ground"], entry.facts["basis"], entry.facts["confidence"]) == (
            "suspected", ["ages:12-15"], 0.9,
        )  # fmt: skip
        assert said(connection, user, NOON, PLAIN) is None, "once"

    await db.write(work)


async def test_weak_signs_switch_only_when_they_agree_over_sources_and_days(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = someone(connection)
        assert said(connection, user, day(0), WEAK) is None
        for _ in range(20):
            assert said(connection, user, day(0), WEAK) is None, "the same sign all day long is one sign"
        assert len(evidence_of(connection, user.id)) == 1, "and one row"
        assert said(connection, user, day(1), MODEL) is None
        changed = said(connection, user, day(2), WEAK, MODEL)
        assert changed is not None and changed.confidence >= 0.7
        assert set(changed.basis) == {"ages:16-17", "model:unknown"}

    await db.write(work)


async def test_weak_signs_of_long_ago_count_no_more(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = someone(connection)
        for number in range(0, 400, 20):
            assert said(connection, user, day(number), MODEL) is None

    await db.write(work)


async def test_below_the_gentle_threshold_nothing_is_kept(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = someone(connection)
        assert said(connection, user, NOON, Hint("ages", 0.49, "12-15")) is None
        assert evidence_of(connection, user.id) == ()

    await db.write(work)


async def test_who_has_proven_to_be_grown_up_is_not_switched_by_one_sentence(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = record_age(connection, someone(connection), "verified", "adult", NOON, rules(), source="id-check")
        assert said(connection, user, NOON, PLAIN) is None
        assert said(connection, user, NOON, PLAIN, Hint("model", 0.9)) is not None, "two signs that agree do"

    await db.write(work)


@pytest.mark.parametrize("again_said", [(PLAIN,), (PLAIN, PLAIN)])
async def test_after_an_appeal_the_same_evidence_never_switches_again(
    db: Database, again_said: tuple[Hint, ...]
) -> None:
    def work(connection: Connection) -> None:
        user = someone(connection, age_band="adult")
        said(connection, user, day(0), PLAIN)
        restore_adult(connection, again(connection, user), "case_1", day(1), rules(), "responder")
        for number in range(2, 40):
            assert said(connection, user, day(number), *again_said) is None
        assert not standing_at(connection, again(connection, user), day(40), rules()).is_minor

    await db.write(work)


async def test_after_an_appeal_something_new_and_stronger_does(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = someone(connection, age_band="adult")
        said(connection, user, day(0), PLAIN)
        restore_adult(connection, again(connection, user), "case_1", day(1), rules(), "responder")
        assert said(connection, user, day(2), Hint("ages", 0.85, "8-11")) is None, "new, but weaker"
        assert said(connection, user, day(3), Hint("ages", 0.97, "8-11")) is not None

    await db.write(work)


async def test_evidence_of_age_is_kept_as_findings_with_their_end(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = someone(connection)
        said(connection, user, day(0), PLAIN)
        restore_adult(connection, again(connection, user), "case_1", day(1), rules(), "responder")
        kept = [(each.kind, each.band, each.ended_at is None) for each in evidence_of(connection, user.id)]
        assert kept == [("chat", "12-15", False), ("appeal", "adult", True)]

    await db.write(work)


async def test_a_device_in_minors_mode_switches_it_on_and_off_again(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = record_age(connection, someone(connection), "device", "12-15", NOON, rules(), source="device-os")
        assert (user.mode, user.mode_ground) == ("minor", "device")
        after = record_age(connection, user, "device", "adult", day(1), rules(), source="device-os")
        assert after.mode == "ordinary"
        suspected = someone(connection, "kid", mode="minor", mode_ground="suspected")
        still = record_age(connection, suspected, "device", "adult", day(1), rules(), source="device-os")
        assert (still.mode, still.mode_ground) == ("minor", "suspected"), "a device lifts no suspicion"

    await db.write(work)
