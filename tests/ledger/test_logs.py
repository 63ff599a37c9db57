"""A new log each month: it names the end of the last one, and damage in one leaves the others whole."""

import importlib.util
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select, text, update

from anban.base.db import Database
from anban.base.migrate import chain
from anban.ledger import recheck
from anban.ledger.checkpoint import FIRST
from anban.ledger.kinds import Kind
from anban.ledger.logs import all_logs, ask_for_new_log, last_signed
from anban.ledger.models import ledger_checkpoints, ledger_entries
from anban.ledger.reading import of_kind, tail
from anban.ledger.recheck import LedgerDamaged, Pace
from anban.ledger.sequencer import Sequencer
from anban.ledger.verifier import verify
from tests.ledger import scenes
from tests.ledger.test_verify import fresh_header

AUGUST = scenes.NIGHT
SEPTEMBER = datetime(2026, 9, 1, 0, 0, 5, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 3, tzinfo=UTC)


async def months(db: Database, each: int = 7) -> Sequencer:
    """The same number of entries in August, September and October, signed in two steps each month."""
    placing = scenes.sequencer(db)
    for number, at in enumerate((AUGUST, SEPTEMBER, OCTOBER)):
        for half in range(2):
            first = number * 100 + half * 50
            await scenes.write_all(db, (scenes.entry(place) for place in range(first, first + each)))
            await placing.run_once(at + timedelta(minutes=half))
    return placing


async def test_each_month_has_a_log_of_its_own_that_names_the_end_of_the_last(db: Database, tmp_path: Path):
    await months(db)
    logs = await db.read(all_logs)
    assert [log.origin for log in logs] == ["anban/demo/2026-08", "anban/demo/2026-09", "anban/demo/2026-10"]
    # One more at the end of a log that closes, one more at the beginning of a log that follows.
    assert [(log.first, log.size) for log in logs] == [(0, 15), (15, 16), (31, None)]
    opened = (await db.read(lambda c: of_kind(c, Kind.LEDGER_OPENED)))[0].entry
    august = await db.read(lambda c: last_signed(c, logs[0]))
    assert august is not None
    assert opened.facts["previous"] == "anban/demo/2026-08"
    assert (opened.facts["previous_size"], opened.facts["previous_root"]) == (15, august.root.hex())
    report = verify(await scenes.exported(db, tmp_path / "ledger.jsonl"), scenes.public_key())
    assert report.whole, report.problems
    assert [(log.origin[-2:], log.size) for log in report.logs] == [("08", 15), ("09", 16), ("10", 15)]


async def test_places_go_on_over_all_logs(db: Database):
    await months(db)
    assert [each.seq for each in await db.read(lambda c: tail(c, 100))][-1] == 45
    seqs = await db.read(
        lambda c: list(c.execute(select(ledger_entries.c.seq).order_by(ledger_entries.c.seq)).scalars())
    )
    assert seqs == list(range(46))


async def test_a_clock_that_is_set_back_opens_no_older_log(db: Database):
    placing = await months(db)
    await scenes.write_all(db, [scenes.entry(900)])
    await placing.run_once(AUGUST)
    assert len(await db.read(all_logs)) == 3


def cut(lines: list[bytes], log: str) -> list[bytes]:
    """The lines without everything of one month."""
    kept, here = [], False
    for line in lines:
        if line.startswith(b'{"log"'):
            here = json.loads(line)["log"]["origin"].endswith(log)
        if not here:
            kept.append(line)
    return kept


@pytest.mark.parametrize("month", ["08", "09", "10"])
async def test_a_month_that_is_left_out_is_found_even_when_the_header_is_made_to_fit(
    sqlite_db: Database, tmp_path: Path, month: str
):
    await months(sqlite_db)
    path = await scenes.exported(sqlite_db, tmp_path / "ledger.jsonl")
    lines = cut(path.read_bytes().splitlines(keepends=True), month)
    entries, notes = sum(b'"seq"' in line for line in lines), sum(b'"checkpoint"' in line for line in lines)
    lines[0] = fresh_header(lines, entries=entries, checkpoints=notes, logs=2)
    path.write_bytes(b"".join(lines))
    assert not verify(path).whole


async def test_damage_in_a_closed_month_is_found_on_schedule_and_stays_there(db: Database, tmp_path: Path):
    placing = await months(db)
    flip = update(ledger_entries).where(ledger_entries.c.seq == 3).values(body=b'{"v":1}')
    await db.write(lambda connection: connection.execute(flip))
    await scenes.write_all(db, [scenes.entry(990)])
    assert await placing.run_once(OCTOBER + timedelta(hours=1)) == 1, "October goes on"
    for minute in range(6):
        await placing.run_once(OCTOBER + timedelta(hours=25, minutes=minute * 2))
    assert placing.damaged == ("anban/demo/2026-08",)
    told = [each.entry for each in await db.read(lambda c: of_kind(c, Kind.LEDGER_DAMAGED))]
    assert [entry.subject for entry in told] == ["anban/demo/2026-08"], "once, however often it is looked at"
    report = verify(await scenes.exported(db, tmp_path / "ledger.jsonl"))
    assert {problem.seq for problem in report.problems} == {3}, "September and October verify"


FLIPS = {
    "body": lambda: update(ledger_entries).where(ledger_entries.c.seq == 2).values(body=b"{}"),
    "leaf": lambda: update(ledger_entries).where(ledger_entries.c.seq == 2).values(leaf=bytes(32)),
    "root": lambda: update(ledger_checkpoints).where(ledger_checkpoints.c.size == 7).values(root=bytes(32)),
    "note": lambda: update(ledger_checkpoints).where(ledger_checkpoints.c.size == 7).values(note=b"anban/demo"),
    "place": lambda: update(ledger_entries).where(ledger_entries.c.seq == 2).values(seq=999),
}


@pytest.mark.parametrize("what", FLIPS)
async def test_what_was_stored_is_read_again_before_anything_is_signed(db: Database, what: str):
    placing = scenes.sequencer(db)
    for start in (0, 7):
        await scenes.write_all(db, (scenes.entry(number) for number in range(start, start + 7)))
        await placing.run_once(AUGUST)
    await db.write(lambda connection: connection.execute(FLIPS[what]()))
    await scenes.write_all(db, [scenes.entry(50)])
    for _ in range(2):
        with pytest.raises(LedgerDamaged):
            await placing.run_once(AUGUST)
    with pytest.raises(LedgerDamaged):
        await scenes.sequencer(db, holder="first").run_once(AUGUST)  # after a restart neither
    signed = await db.read(lambda c: c.execute(select(ledger_checkpoints.c.size)).scalars().all())
    assert max(signed) == 14


async def test_a_long_log_is_gone_through_piece_by_piece(db: Database):
    log = Pace(entries=4, whole=timedelta(hours=24))
    placing = Sequencer(db, lambda: scenes.SIGNER, scenes.SystemClock(), holder="first", pace=log)
    for start in range(0, 30, 3):
        await scenes.write_all(db, (scenes.entry(number) for number in range(start, start + 3)))
        await placing.run_once(AUGUST)
    found = (await db.read(all_logs))[0]
    walk, steps = recheck.Walk(found.number), 0
    while not walk.finished:
        walk = await db.read(lambda connection, walk=walk: recheck.walked(connection, found, walk, 4))
        steps += 1
    assert (steps, walk.edge.size) == (8, 30)


async def test_mended_storage_is_signed_again_once_all_of_it_was_read(db: Database):
    placing = scenes.sequencer(db)
    await scenes.write_all(db, (scenes.entry(number) for number in range(5)))
    await placing.run_once(AUGUST)
    body = await db.read(lambda c: c.execute(select(ledger_entries.c.body).where(ledger_entries.c.seq == 2)).scalar())
    change = update(ledger_entries).where(ledger_entries.c.seq == 2)
    await db.write(lambda connection: connection.execute(change.values(body=b"{}")))
    await scenes.write_all(db, [scenes.entry(50)])
    with pytest.raises(LedgerDamaged):
        await placing.run_once(AUGUST)
    await db.write(lambda connection: connection.execute(change.values(body=body)))
    assert await placing.run_once(AUGUST) == 2, "what waited, and that there was damage"


@pytest.mark.parametrize("way", ["a person asks", "the month ends"])
async def test_a_new_log_begins_beside_a_damaged_one_and_says_so(db: Database, tmp_path: Path, way: str):
    placing = scenes.sequencer(db)
    await scenes.write_all(db, (scenes.entry(number) for number in range(5)))
    await placing.run_once(AUGUST)
    change = update(ledger_entries).where(ledger_entries.c.seq == 2).values(body=b"{}")
    await db.write(lambda connection: connection.execute(change))
    await scenes.write_all(db, [scenes.entry(50)])
    with pytest.raises(LedgerDamaged):
        await placing.run_once(AUGUST)
    if way == "a person asks":
        await db.write(ask_for_new_log)
    at = AUGUST if way == "a person asks" else SEPTEMBER
    assert await placing.run_once(at) == 2
    opened = (await db.read(lambda c: of_kind(c, Kind.LEDGER_OPENED)))[0].entry
    assert opened.facts["previous_state"] == "damaged"
    assert opened.subject == ("anban/demo/2026-08.2" if way == "a person asks" else "anban/demo/2026-09")
    report = verify(await scenes.exported(db, tmp_path / "ledger.jsonl"))
    assert {problem.seq for problem in report.problems} == {2}, report.problems


async def test_the_ledger_from_before_there_were_months_stays_valid_and_is_continued(db: Database, tmp_path: Path):
    """As version 0003 left it: one log, under the deployment's bare name."""
    old = scenes.SIGNER
    placing = scenes.sequencer(db)
    await scenes.write_all(db, (scenes.entry(number) for number in range(6)))
    await placing.run_once(AUGUST)

    def as_before(connection) -> None:
        signed = last_signed(connection, all_logs(connection)[0])
        note = old.note(signed.size, signed.root, AUGUST, FIRST)
        connection.execute(update(ledger_checkpoints).values(note=note))
        connection.execute(text("UPDATE ledger_keys SET id = :id"), {"id": old.key_id})
        for name in ("ledger_witnessed", "ledger_logs"):
            connection.execute(text(f"DROP TABLE {name}"))

    await db.write(as_before)
    await db.write(_only_the_ledger_of_0004)
    logs = await db.read(all_logs)
    assert [(log.number, log.origin, log.month, log.size) for log in logs] == [(0, "anban/demo", "", None)]
    await scenes.write_all(db, [scenes.entry(20)])
    await scenes.sequencer(db).run_once(AUGUST + timedelta(hours=1))
    report = verify(await scenes.exported(db, tmp_path / "ledger.jsonl"), scenes.public_key())
    assert report.whole, report.problems
    assert [(log.origin, log.size) for log in report.logs] == [("anban/demo", 7), ("anban/demo/2026-08", 2)]


def _only_the_ledger_of_0004(connection) -> None:
    """What migration 0004 does for the ledger."""
    path = chain() / "versions" / "0004_what_is_kept.py"
    spec = importlib.util.spec_from_file_location("migration_0004", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with Operations.context(MigrationContext.configure(connection)):
        module.keep_the_ledger()
