"""Entries are written beside the change they are evidence of, and found again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from anban.base.db import Database
from anban.base.errors import Conflict
from anban.ledger.kinds import Kind
from anban.ledger.ledger import ENTRY_INSERT, microseconds, moment, row, write
from anban.ledger.models import ledger_entries
from anban.ledger.reading import counts, for_subject, of_decision, tail
from tests.ledger import scenes


async def test_an_entry_is_undone_with_the_change_it_belongs_to(db: Database):
    def work(connection) -> None:
        write(connection, scenes.entry())
        raise KeyError("the change failed")

    with pytest.raises(KeyError):
        await db.write(work)
    assert await db.read(lambda connection: tail(connection, 10)) == []


async def test_the_same_entry_written_twice_is_there_once(db: Database):
    one = scenes.entry()
    await scenes.write_all(db, [one, one])
    await scenes.write_all(db, [one])
    db.later(ENTRY_INSERT, row(one))
    await db.settled()
    assert [found.entry for found in await db.read(lambda connection: tail(connection, 10))] == [one]


async def test_another_entry_with_the_same_id_is_refused(db: Database):
    one = scenes.entry()
    await scenes.write_all(db, [one])
    with pytest.raises(Conflict):
        await scenes.write_all(db, [replace(one, facts={"level": 4})])


async def test_ordinary_turns_hand_their_entries_to_the_next_group_commit(db: Database):
    entries = [scenes.entry(number) for number in range(300)]
    for one in entries:
        db.later(ENTRY_INSERT, row(one))
    await db.settled()
    found = await db.read(lambda connection: tail(connection, 1000))
    assert [each.entry for each in found] == entries
    assert db.refused == 0


async def test_the_newest_entries_come_last(db: Database):
    await scenes.fill(db, 12)
    await scenes.write_all(db, [scenes.entry(12)])
    found = await db.read(lambda connection: tail(connection, 3))
    assert [each.entry.at for each in found] == [scenes.NIGHT + timedelta(seconds=number) for number in (10, 11, 12)]
    assert [each.seq for each in found] == [10, 11, None]


async def test_each_kind_is_counted_since_a_moment_with_its_newest(db: Database):
    await scenes.fill(db, 20)
    since = scenes.NIGHT + timedelta(seconds=10)
    found = await db.read(lambda connection: counts(connection, since))
    assert {kind: each.number for kind, each in found.items()} == {
        Kind.SESSION_OPENED: 2,
        Kind.NOTICE_AI_SHOWN: 2,
        Kind.RAIL_INPUT_DECIDED: 2,
        Kind.TURN_RECORDED: 4,
    }
    assert found[Kind.TURN_RECORDED].newest == scenes.NIGHT + timedelta(seconds=19)


async def test_one_decision_brings_all_its_entries(db: Database):
    await scenes.write_all(db, [scenes.entry(1, decision="dec_7"), scenes.entry(2), scenes.entry(3, decision="dec_7")])
    found = await db.read(lambda connection: of_decision(connection, "dec_7"))
    assert [each.entry.at.second for each in found] == [1, 3]


async def test_one_person_brings_only_their_entries(db: Database):
    await scenes.fill(db, 9)
    found = await db.read(lambda connection: for_subject(connection, "usr_1"))
    assert [each.seq for each in found] == [1, 4, 7]
    assert [each.seq for each in await db.read(lambda connection: for_subject(connection, "usr_1", 2))] == [4, 7]


async def test_no_question_brings_less_than_nothing(db: Database):
    await scenes.fill(db, 3)
    assert await db.read(lambda connection: tail(connection, -5)) == []


async def test_the_table_keeps_what_a_query_needs_beside_the_body(db: Database):
    one = scenes.entry(3, decision="dec_1")
    await scenes.write_all(db, [one, scenes.entry(4, decision=7)])
    rows = await db.read(lambda connection: connection.execute(select(ledger_entries)).all())
    assert (rows[0].kind, rows[0].subject, rows[0].decision) == ("turn.recorded", "usr_0", "dec_1")
    assert moment(rows[0].at) == one.at
    assert rows[1].decision is None


def test_times_are_kept_to_the_microsecond():
    at = scenes.NIGHT + timedelta(microseconds=123457)
    assert moment(microseconds(at)) == at
