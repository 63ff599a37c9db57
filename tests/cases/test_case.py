"""A case is its events: folded the same always, written once each, and one open crisis a person in both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from anban.base.db import Database
from anban.base.errors import NotFound
from anban.cases.case import MOVES, Case, CaseEvent, append, cases_of, open_case_of, read_case, state
from anban.cases.crisis import Danger, hold, open_crisis
from anban.cases.late import enter_late, to_record
from anban.ledger.kinds import Kind
from anban.ledger.reading import for_subject
from anban.provider.services import open_service
from anban.risk.models import Held
from anban.risk.record import held_level
from tests.people.scene import KEYS, NIGHT, a_person, danger

HIGH = Held(life=4, since=NIGHT, seen_at=NIGHT)
KINDS = st.sampled_from([*MOVES, "raised", "seen", "said", "help_offered"])
events = st.lists(
    st.builds(
        lambda kind, level: CaseEvent("key", kind, NIGHT, "anban", {"level": level}),
        kind=KINDS,
        level=st.integers(0, 4),
    ),
    max_size=12,
)


@given(events)
def test_the_state_is_that_of_the_last_move_and_the_level_the_highest_since_reopening(given: list[CaseEvent]) -> None:
    moves = [MOVES[event.kind] for event in given if event.kind in MOVES]
    current, level = state(given)
    assert current == (moves[-1] if moves else "open")
    since = max((at for at, event in enumerate(given) if event.kind == "reopened"), default=0)
    assert level == max((int(event.facts["level"]) for event in given[since:]), default=0)


@given(events, events)
def test_what_only_adds_moves_nothing(before: list[CaseEvent], after: list[CaseEvent]) -> None:
    added = CaseEvent("key", "said", NIGHT, "zhou")
    assert state([*before, added, *after]) == state([*before, *after])


async def two_people(db: Database) -> tuple[Danger, Danger]:
    service, lin = await db.write(lambda connection: a_person(connection, "lin"))
    _, wang = await db.write(lambda connection: a_person(connection, "wang"))
    return danger(service, lin), danger(service, wang)


async def test_one_open_crisis_a_person_however_many_come_at_once(db: Database) -> None:
    lin, wang = await two_people(db)
    dangers = [replace(each, decision=f"dec_{n}", level=3 + n % 2) for n in range(12) for each in (lin, wang)]
    opened = await asyncio.gather(
        *(db.write(lambda c, each=each: open_crisis(c, each), urgent=n % 3 == 0) for n, each in enumerate(dangers))
    )
    for each in (lin, wang):
        (case,) = await db.read(lambda c, each=each: cases_of(c, each.user))
        assert {found.id for found in opened if found.user == each.user} == {case.id}
        assert [event.kind for event in case.events].count("opened") == 1
        assert (case.state, case.level) == state(case.events) and case.level == 4, "the row is the fold's cache"


async def test_an_event_is_written_once_and_the_row_follows(db: Database) -> None:
    lin, _ = await two_people(db)
    case = await db.write(lambda c: open_crisis(c, lin))
    claimed = CaseEvent("claimed|1", "claimed", NIGHT, "zhou")

    def twice(connection: Connection) -> tuple[Case, Case]:
        return append(connection, case, claimed), append(connection, case, claimed)

    first, second = await db.write(twice)
    assert first == second and [event.kind for event in second.events] == ["opened", "contacts", "off_hours", "claimed"]


async def test_events_added_at_once_by_many_are_all_in_the_row(db: Database) -> None:
    lin, _ = await two_people(db)
    case = await db.write(lambda c: open_crisis(c, lin))
    added = [CaseEvent(f"raised|{n}", "raised", NIGHT, "anban", {"level": n % 5}) for n in range(10)]
    await asyncio.gather(*(db.write(lambda c, event=event: append(c, case, event)) for event in added))
    found = await db.read(lambda c: read_case(c, case.id))
    assert sum(event.kind == "raised" for event in found.events) == 10 and found.level == 4 == state(found.events)[1]


async def test_a_closed_case_stays_closed_and_a_new_sign_opens_another(db: Database) -> None:
    lin, _ = await two_people(db)
    first = await db.write(lambda c: open_crisis(c, lin))
    later = NIGHT + timedelta(hours=1)
    closed = await db.write(lambda c: append(c, first, CaseEvent("closed|1", "closed", later, "zhou")))
    assert closed.closed_at == later and not closed.is_open
    assert await db.read(lambda c: open_case_of(c, lin.user, "crisis")) is None
    second = await db.write(lambda c: open_crisis(c, replace(lin, decision="dec_2", at=later)))
    reviewed = await db.write(lambda c: append(c, closed, CaseEvent("reviewed|1", "reviewed", later, "chen")))
    assert second.id != first.id and reviewed.closed_at == later
    found = await db.read(lambda c: open_case_of(c, lin.user, "crisis"))
    assert found is not None and found.id == second.id, "reviewing an old case frees no place of the new one"


async def test_a_case_that_is_not_there_is_not_found(db: Database) -> None:
    with pytest.raises(NotFound):
        await db.read(lambda c: read_case(c, "case_none"))


async def test_a_promise_entered_late_twice_is_entered_once(db: Database) -> None:
    service = await db.write(lambda c: open_service(c, name="companion", packs=("cn-2026-final",), place="cn"))
    record = to_record(danger(service.id, ""), "never-met")
    cases = [await db.write(lambda c: enter_late(c, KEYS, record, service.id)) for _ in range(3)]
    assert len({case.id for case in cases}) == 1
    entries = await db.read(lambda c: for_subject(c, cases[0].user))
    kinds = [found.entry.kind for found in entries]
    assert kinds.count(Kind.CASE_CRISIS_OPENED) == kinds.count(Kind.SPOOL_REPLAYED) == 1
    assert all(found.entry.late for found in entries) and len(cases[-1].events) == 2


async def test_a_promise_that_was_stored_after_all_and_closed_since_opens_nothing(db: Database) -> None:
    lin, _ = await two_people(db)
    case = await db.write(lambda c: open_crisis(c, lin))
    await db.write(lambda c: append(c, case, CaseEvent("closed|1", "closed", NIGHT, "zhou")))
    record = to_record(lin, "lin")
    assert (await db.write(lambda c: enter_late(c, KEYS, record, lin.service))).id == case.id
    assert len(await db.read(lambda c: cases_of(c, lin.user))) == 1


async def test_a_promise_made_before_the_service_was_known_belongs_to_the_deployments_own(db: Database) -> None:
    service = await db.write(lambda c: open_service(c, name="companion", packs=("cn-2026-final",), place="cn"))
    case = await db.write(lambda c: enter_late(c, KEYS, to_record(danger("unknown", ""), "lin"), service.id))
    assert case.service == service.id


async def test_a_high_level_is_not_overwritten_by_one_that_knew_less(db: Database) -> None:
    lin, _ = await two_people(db)
    later = NIGHT + timedelta(minutes=1)
    await db.write(lambda c: hold(c, lin.user, HIGH))
    await db.write(lambda c: hold(c, lin.user, Held(life=2, since=later, seen_at=later)))
    assert (await db.read(lambda c: held_level(c, lin.user))).life == 4
    levels = [HIGH, *(Held(life=2, since=later, seen_at=later + timedelta(seconds=n)) for n in range(8))]
    _, wang = await two_people(db)
    await asyncio.gather(*(db.write(lambda c, held=held: hold(c, wang.user, held)) for held in levels))
    assert (await db.read(lambda c: held_level(c, wang.user))).life == 4
