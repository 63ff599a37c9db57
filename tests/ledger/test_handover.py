"""A new signing key is believed because the old one signed its name; one that nobody named is found out."""

import base64
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from anban.base.clock import SystemClock
from anban.base.db import Database
from anban.base.kept_keys import SIGNING, add_kept, drop_before, keep_purposes, read_kept
from anban.base.keys import MasterKeys
from anban.ledger.checkpoint import signer
from anban.ledger.entry import Entry
from anban.ledger.handover import SUBJECT, generation_signing, signing_now
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.ledger.sequencer import Sequencer
from anban.ledger.verifier import verify
from tests.ledger import scenes

LATER = scenes.NIGHT + timedelta(hours=1)


class Ledger:
    """A ledger whose keys are kept, with a sequencer that goes on with whichever key signs now."""

    def __init__(self, db: Database, *, holder: str = "first") -> None:
        self.db, self.keys = db, MasterKeys({1: b"m" * 32})
        newest = partial(signer, self.keys, "demo")
        signing = partial(signing_now, keys=self.keys, deployment="demo")
        self.placing = Sequencer(db, newest, SystemClock(), holder=holder, pace=scenes.PACE, signing=signing)

    @property
    def public_key(self) -> str:
        return base64.b64encode(signer(self.keys, "demo").public).decode()

    async def begun(self) -> "Ledger":
        await self.db.write(partial(keep_purposes, keys=self.keys, fresh=True))
        await self.grown(1)
        return self

    async def grown(self, number: int) -> None:
        await scenes.write_all(self.db, [scenes.entry(number)])
        await self.placing.run_once(LATER)

    async def renewed(self, generation: int, *, named: bool = True) -> None:
        def work(connection: Connection) -> None:
            add_kept(connection, self.keys, SIGNING, generation)
            read_kept(connection, self.keys)
            if named:
                public = signer(self.keys, "demo").public.hex()
                facts = {"what": "ledger-signing", "version": generation, "stage": "named", "public": public}
                write(connection, Entry(Kind.KEY_ROTATED, LATER, SUBJECT + public, "anban", "svc", "", facts))

        await self.db.write(work)


async def test_whoever_trusts_the_first_key_trusts_those_that_it_handed_over_to(db: Database, tmp_path: Path) -> None:
    ledger = await Ledger(db).begun()
    first = ledger.public_key
    for generation in (2, 3):
        await ledger.renewed(generation)
        for number in range(3):
            await ledger.grown(generation * 10 + number)
    assert ledger.public_key != first
    path = await scenes.exported(db, tmp_path / "ledger.jsonl")
    for trusted in (None, first):
        report = verify(path, trusted)
        assert report.problems == () and report.whole
    assert not verify(path, ledger.public_key).whole, "the last key has not signed what came before it"


async def test_the_old_key_signs_until_its_successor_stands_under_a_checkpoint(sqlite_db: Database) -> None:
    ledger = await Ledger(sqlite_db).begun()
    await ledger.renewed(2)
    assert await sqlite_db.read(generation_signing) == 1
    await ledger.grown(2)
    assert await sqlite_db.read(generation_signing) == 1, "this one signs the name of the next"
    await ledger.grown(3)
    assert await sqlite_db.read(generation_signing) == 2


async def test_a_replica_that_has_not_heard_reads_the_new_key_when_it_is_its_turn(sqlite_db: Database) -> None:
    ledger = await Ledger(sqlite_db).begun()
    other = Ledger(sqlite_db, holder="first")
    await sqlite_db.read(partial(read_kept, keys=other.keys))
    await ledger.renewed(2)
    for number in (2, 3):
        await other.grown(number)
    assert await sqlite_db.read(generation_signing) == 2
    await sqlite_db.write(lambda c: drop_before(c, SIGNING, 2))
    await other.grown(4)
    assert other.public_key == ledger.public_key


async def test_a_key_that_nobody_named_is_found_out(sqlite_db: Database, tmp_path: Path) -> None:
    ledger = await Ledger(sqlite_db).begun()
    first = ledger.public_key
    await ledger.renewed(2, named=False)
    await ledger.grown(2)
    assert await sqlite_db.read(generation_signing) == 1, "it does not sign while the one before is there"
    await sqlite_db.write(lambda c: drop_before(c, SIGNING, 2))
    await sqlite_db.read(partial(read_kept, keys=ledger.keys))
    await ledger.grown(3)
    path = await scenes.exported(sqlite_db, tmp_path / "ledger.jsonl")
    for trusted in (None, first):
        assert "hand over" in str(verify(path, trusted).problems)
    assert verify(path, [first, ledger.public_key]).whole, "who got both keys elsewhere believes both"


@pytest.mark.parametrize("public", ['"' + "00" * 32 + '"', '"short"', "5", "null"])
async def test_a_changed_name_in_the_entry_hands_over_to_nobody(
    sqlite_db: Database, tmp_path: Path, public: str
) -> None:
    ledger = await Ledger(sqlite_db).begun()
    await ledger.renewed(2)
    for number in (2, 3):
        await ledger.grown(number)
    path = await scenes.exported(sqlite_db, tmp_path / "ledger.jsonl")
    changed(path, f'"public":"{signer(ledger.keys, "demo").public.hex()}"', f'"public":{public}')
    problems = str(verify(path).problems)
    assert "hand over" in problems and "hash" in problems


def changed(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
