"""Each minute what grew of the ledger goes to parties outside; they catch what no signature shows: a rewritten, cut or
set-back ledger. They may be away, and are caught up; that they are is not hidden."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text

from anban.base.clock import ShiftedClock
from anban.base.db import Database
from anban.base.durable import Worker
from anban.base.errors import Misconfigured
from anban.ledger.held import owed_to, standings
from anban.ledger.kinds import Kind
from anban.ledger.models import ledger_witnessed
from anban.ledger.reading import of_kind
from anban.ledger.verifier import Report, verify
from anban.outreach.safe_http import SafeHttp
from anban.outreach.witnesses import Bundle, BundleChoice, FileChoice, HttpsChoice, Notes, Server, Witness
from anban.outreach.witnessing import WITNESS, Witnessing, build_witnesses, carry_witness, promise_witnesses
from tests import stores
from tests.ledger import scenes
from tests.ledger.test_verify import fresh_header
from tests.outreach.cosigning import WitnessServer
from tests.outreach.receiver import HOST, PUBLIC, receiver

KINDS = ("file", "bundle", "https")
DAY = timedelta(days=1)


class Night(ShiftedClock):
    """A clock that stands still at the night of the scenes until it is moved."""

    def __init__(self) -> None:
        self.at = scenes.NIGHT

    def now(self) -> Any:
        return self.at


@dataclass
class Scene:
    """A ledger, its witnesses outside, and whoever shows them what grew."""

    db: Database
    folder: Path
    clock: Night
    server: WitnessServer
    witnesses: dict[str, Witness]
    shown: list[tuple[str, str]]

    async def grow(self, count: int, *, later: timedelta = timedelta(0)) -> None:
        """So many entries more, signed."""
        self.clock.at += later
        start = int((self.clock.at - scenes.NIGHT).total_seconds()) * 1000 + len(self.shown) * 100
        await scenes.write_all(self.db, (scenes.entry(start + number) for number in range(count)))
        await scenes.sequencer(self.db).run_once(self.clock.at)

    async def show(self, *names: str, db: Database | None = None) -> None:
        """What a minute's work does."""
        chosen = {name: self.witnesses[name] for name in names or self.witnesses}
        told = lambda name, how, _seconds: self.shown.append((name, how))  # noqa: E731
        c = Witnessing(db or self.db, self.clock, chosen, timedelta(minutes=1), timedelta(minutes=10), told)
        await c.db.write(partial(promise_witnesses, names=sorted(chosen), at=self.clock.at))
        await Worker(c.db, self.clock, {WITNESS: partial(carry_witness, c=c)}, "worker", asyncio.Event()).drain()
        self.clock.at += timedelta(minutes=1)

    def held_by(self, kind: str) -> Path:
        """The file as that witness would hand it to an auditor."""
        if kind == "https":
            path = self.folder / "witness-own.txt"
            path.write_bytes(b"".join(note + b"\n" for note in self.server.notes))
            return path
        return self.folder / kind

    async def verified(self, kind: str, db: Database | None = None, **more: Any) -> Report:
        path = await scenes.exported(db or self.db, self.folder / f"{os.urandom(4).hex()}.jsonl")
        return verify(path, scenes.public_key(), witnesses=[self.held_by(kind)], **more)

    async def told(self, kind: Kind) -> list[tuple[str, str]]:
        """What the ledger itself says of witnesses: who, and why."""
        found = await self.db.read(lambda c: of_kind(c, kind))
        return [(str(each.entry.facts["witness"]), str(each.entry.facts["code"])) for each in found]


@pytest.fixture
async def scene(db: Database, tmp_path: Path) -> AsyncIterator[Scene]:
    server = WitnessServer(scenes.SIGNER.public)
    url = "https://witness.example.org/anban"
    witnesses: dict[str, Witness] = {
        "file": Notes(FileChoice(kind="file", path=tmp_path / "file")),
        "bundle": Bundle(BundleChoice(kind="bundle", path=tmp_path / "bundle")),
        "https": Server(HttpsChoice(kind="https", url=url, key=server.verifier_key), server),  # type: ignore[arg-type]
    }
    yield Scene(db, tmp_path, Night(), server, witnesses, [])


@pytest.mark.parametrize("kind", KINDS)
async def test_a_witness_holds_what_grew_and_an_honest_ledger_agrees_with_it(scene: Scene, kind: str) -> None:
    for _ in range(4):
        await scene.grow(9)
        await scene.show(kind)
    await scene.show(kind)
    report = await scene.verified(kind)
    assert report.whole, report.problems
    assert report.witnesses[0].agreed == 4
    told = await scene.told(Kind.CHECKPOINT_WITNESSED)
    assert told == [(kind, "")], "the first time in a log is evidence, the rest is not"


async def test_nothing_is_shown_while_nothing_grows(scene: Scene) -> None:
    await scene.grow(3)
    await scene.show()
    await scene.grow(1)  # the three entries that say so
    await scene.show()
    before = {kind: scene.held_by(kind).read_bytes() for kind in KINDS}
    for _ in range(5):
        await scene.show()
    assert {kind: scene.held_by(kind).read_bytes() for kind in KINDS} == before


async def test_a_cosignature_is_kept_beside_the_checkpoint_and_can_be_demanded(scene: Scene) -> None:
    await scene.grow(5)
    await scene.show("https")
    (held,) = await scene.db.read(lambda c: standings(c, "https"))
    assert held.note.endswith(scene.server.notes[0].splitlines(keepends=True)[-1]), "ours and the witness's line"
    assert b"somebody.else" not in held.note, "what we cannot check is left aside"
    assert (await scene.verified("https", witness_key=scene.server.verifier_key)).whole
    assert not (await scene.verified("https", witness_key=WitnessServer(b"").verifier_key)).whole


async def test_a_witness_whose_cosignature_is_not_genuine_counts_as_away(scene: Scene) -> None:
    scene.server.lying = True
    await scene.grow(5)
    await scene.show("https")
    (held,) = await scene.db.read(lambda c: standings(c, "https"))
    assert (held.size, held.code) == (0, "not-cosigned")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_witness_that_was_away_is_caught_up_and_the_ledger_says_both(scene: Scene, kind: str) -> None:
    await scene.grow(4)
    await scene.show(kind)
    take_away(scene, kind)
    for _ in range(14):
        await scene.grow(2)
        await scene.show(kind)
    assert [who for who, _ in await scene.told(Kind.CHECKPOINT_UNWITNESSED)] == [kind], "once, after ten minutes"
    assert scene.shown[-1] == (kind, "away")
    give_back(scene, kind)
    await scene.show(kind)
    assert scene.shown[-1] == (kind, "kept")
    assert len(await scene.told(Kind.CHECKPOINT_WITNESSED)) == 2
    assert (await scene.verified(kind)).whole


def take_away(scene: Scene, kind: str) -> None:
    if kind == "https":
        scene.server.away = True
    else:
        scene.held_by(kind).rename(scene.folder / "elsewhere")
        scene.witnesses[kind]._path = scene.folder / "no-such-mount" / kind  # type: ignore[attr-defined]


def give_back(scene: Scene, kind: str) -> None:
    if kind == "https":
        scene.server.away = False
    else:
        (scene.folder / "elsewhere").rename(scene.held_by(kind))
        scene.witnesses[kind]._path = scene.folder / kind  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_whole_ledger_rewritten_and_signed_with_the_stolen_key_is_found(scene: Scene, kind: str) -> None:
    for _ in range(3):
        await scene.grow(8)
        await scene.show(kind)
    async with stores.opened(f"sqlite:///{scene.folder / 'forged.db'}") as forged:
        # The true key, the true name, as many entries and checkpoints; only what they say is another evening.
        for start in range(0, 40, 8):
            await scenes.write_all(forged, (scenes.entry(5000 + start + number) for number in range(8)))
            await scenes.sequencer(forged).run_once(scenes.NIGHT + timedelta(minutes=start))
        path = await scenes.exported(forged, scene.folder / "forged.jsonl")
        assert verify(path, scenes.public_key()).whole, "without a witness nobody can tell"
        report = verify(path, scenes.public_key(), witnesses=[scene.held_by(kind)])
        assert {problem.what for problem in report.problems if "rewritten" in problem.what}
        await scene.show(kind, db=forged)
        assert scene.shown[-1] == (kind, "contradicted")
        told = await forged.read(lambda c: of_kind(c, Kind.CHECKPOINT_CONTRADICTED))
        assert len(told) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_tail_that_was_cut_off_before_an_older_checkpoint_is_found(scene: Scene, kind: str) -> None:
    for _ in range(3):
        await scene.grow(8)
        await scene.show(kind)
    path = await scenes.exported(scene.db, scene.folder / "cut.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    ends = [line for line, content in enumerate(lines) if content.startswith(b'{"checkpoint"')]
    kept = lines[: ends[0] + 1]
    entries = sum(b'"seq"' in line for line in kept)
    path.write_bytes(fresh_header(lines, entries=entries, checkpoints=1) + b"".join(kept[1:]))
    assert verify(path, scenes.public_key()).whole, "without a witness nobody can tell"
    whats = [problem.what for problem in verify(path, witnesses=[scene.held_by(kind)]).problems]
    assert len(whats) == 2 and all("cut or set back" in what for what in whats)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_ledger_restored_from_an_old_backup_is_found_by_showing_and_by_verifying(
    sqlite_url: str, tmp_path: Path, kind: str
) -> None:
    server = WitnessServer(scenes.SIGNER.public)
    url = "https://witness.example.org/anban"
    witnesses: dict[str, Witness] = {
        "file": Notes(FileChoice(kind="file", path=tmp_path / "file")),
        "bundle": Bundle(BundleChoice(kind="bundle", path=tmp_path / "bundle")),
        "https": Server(HttpsChoice(kind="https", url=url, key=server.verifier_key), server),  # type: ignore[arg-type]
    }
    backup = tmp_path / "backup.db"
    async with stores.opened(sqlite_url) as db:
        scene = Scene(db, tmp_path, Night(), server, witnesses, [])
        await scene.grow(8)
        await scene.show(kind)
        await copied(db, backup)
        await scene.grow(8)
        await scene.show(kind)
    async with stores.opened(f"sqlite:///{backup}", tables=False) as restored:
        scene = replace(scene, db=restored)
        report = await scene.verified(kind)
        assert any("set back" in problem.what for problem in report.problems), report.problems
        await scene.grow(2)
        await scene.show(kind)
        assert scene.shown[-1] == (kind, "contradicted")
        assert await scene.told(Kind.CHECKPOINT_CONTRADICTED) == [(kind, "ahead")]
        await scene.grow(20)
        await scene.show(kind)
        assert scene.shown[-1] == (kind, "contradicted"), "another history, longer than the true one"


async def copied(db: Database, path: Path) -> None:
    """The database as a backup takes it."""

    def work(connection: Any) -> None:
        source = connection.connection.driver_connection
        with sqlite3.connect(path) as target:
            source.backup(target)

    await db.read(work)


async def test_a_bundle_from_which_something_was_taken_is_no_bundle_any_more(scene: Scene) -> None:
    for _ in range(4):
        await scene.grow(3)
        await scene.show("bundle")
    path = scene.held_by("bundle")
    lines = path.read_bytes().splitlines(keepends=True)
    export = await scenes.exported(scene.db, scene.folder / "ledger.jsonl")
    out, swapped, twice = lines[:1] + lines[2:], [lines[1], lines[0], *lines[2:]], lines + lines[-1:]
    for harm in (out, swapped, twice, [*lines[:-1], lines[-1][:-9]]):
        path.write_bytes(b"".join(harm))
        assert not verify(export, witnesses=[path]).whole


async def test_every_byte_of_what_a_witness_holds_matters(scene: Scene) -> None:
    for _ in range(2):
        await scene.grow(3)
        await scene.show()
    export = await scenes.exported(scene.db, scene.folder / "ledger.jsonl")
    for kind in ("file", "bundle"):
        path = scene.held_by(kind)
        content = path.read_bytes()
        unnoticed: list[tuple[str, int, int]] = []
        for at in range(len(content) - 1):
            bit = at % 8
            path.write_bytes(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
            if verify(export, witnesses=[path]).whole:
                unnoticed.append((kind, at, bit))
        path.write_bytes(content)
        assert unnoticed == []


async def test_each_month_is_shown_and_the_last_one_to_its_very_end(scene: Scene) -> None:
    await scene.grow(5)
    await scene.show()
    await scene.grow(3)
    await scene.grow(4, later=31 * DAY)
    await scene.show()
    origins = [held.log for held in await scene.db.read(lambda c: standings(c, "file"))]
    assert origins == [1, 2]
    assert await scene.db.read(lambda c: owed_to(c, "file")) == []
    for kind in KINDS:
        report = await scene.verified(kind)
        assert report.whole and report.witnesses[0].agreed == 3, report.problems


async def test_a_folder_gets_a_file_for_each_log(scene: Scene) -> None:
    (scene.folder / "mount").mkdir()
    scene.witnesses["file"] = Notes(FileChoice(kind="file", path=scene.folder / "mount"))
    await scene.grow(5)
    await scene.show("file")
    await scene.grow(4, later=31 * DAY)
    await scene.show("file")
    names = sorted(path.name for path in (scene.folder / "mount").iterdir())
    assert names == ["anban-demo-2026-08.txt", "anban-demo-2026-09.txt"]
    path = await scenes.exported(scene.db, scene.folder / "ledger.jsonl")
    assert verify(path, witnesses=[scene.folder / "mount"]).whole


async def test_a_witness_that_knows_less_than_we_thought_is_proven_what_it_misses(scene: Scene) -> None:
    await scene.grow(5)
    await scene.show("https")
    ((size, root),) = scene.server.held.values()
    for _ in range(3):
        await scene.grow(5)
        await scene.show("https")
    scene.server.held[scenes.ORIGIN] = (size, root)  # it came back from its own old backup
    await scene.grow(1)
    await scene.show("https")
    assert scene.shown[-1] == ("https", "kept")
    assert [line.rpartition(" ")[2] for line in scene.server.asked[-2:]] == ["409", "200"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_crash_between_showing_and_noting_it_shows_once_more_and_adds_nothing(scene: Scene, kind: str) -> None:
    await scene.grow(5)
    await scene.show(kind)
    content = scene.held_by(kind).read_bytes()
    for forgotten in (1, 2):
        await scene.db.write(lambda connection: connection.execute(delete(ledger_witnessed)) and None)
        scene.server.notes[1:] = []
        await scene.db.write(
            lambda connection: connection.execute(text("DELETE FROM ledger_entries WHERE seq IS NULL"))
        )
        await scene.show(kind)
        assert scene.shown[-1] == (kind, "kept"), forgotten
        scene.server.notes[1:] = []
        assert scene.held_by(kind).read_bytes() == content


async def test_over_the_wire_a_plain_server_gets_the_note_and_its_token_and_nothing_reaches_the_inside(
    db: Database, tmp_path: Path
) -> None:
    async with receiver(tmp_path) as door:
        http = SafeHttp([HOST], 3, resolve=door.resolves(PUBLIC), tls=door.trusted, make_socket=door.make_socket)
        choice = HttpsChoice(kind="https", url=f"https://{HOST}/keep", protocol="post", token="secret")  # type: ignore[arg-type]
        scene = Scene(db, tmp_path, Night(), WitnessServer(b""), {"https": Server(choice, http)}, [])
        await scene.grow(3)
        await scene.show()
        ((headers, body),) = door.requests
        assert headers["authorization"] == "Bearer secret" and body.startswith(b"anban/demo/2026-08\n3\n")
        assert scene.shown == [("https", "kept")]
        inner = SafeHttp([HOST], 3, resolve=door.resolves("127.0.0.1"), tls=door.trusted, make_socket=door.make_socket)
        scene.witnesses = {"https": Server(choice, inner)}
        await scene.grow(3)
        await scene.show()
        assert scene.shown[-1] == ("https", "away") and len(door.requests) == 1


BAD: dict[str, Callable[[], dict[str, Any]]] = {
    "no kind": lambda: {"path": "/mnt/x"},
    "unknown kind": lambda: {"kind": "git", "path": "/mnt/x"},
    "a path that is not absolute": lambda: {"kind": "file", "path": "witness.txt"},
    "an address without TLS": lambda: {"kind": "https", "url": "http://witness.example.org", "protocol": "post"},
    "a cosigner without a key": lambda: {"kind": "https", "url": "https://witness.example.org"},
    "a key that is none": lambda: {"kind": "https", "url": "https://witness.example.org", "key": "w+00+AA=="},
    "a setting that does not exist": lambda: {"kind": "file", "path": "/mnt/x", "color": "red"},
}


@pytest.mark.parametrize("what", BAD)
def test_a_wrong_setting_refuses_to_start_and_says_which(what: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        build_witnesses([{"kind": "file", "path": "/mnt/good"}, BAD[what]()], demo=False, within=1)
    assert (caught.value.field or "").startswith("witnesses.1")


def test_two_witnesses_of_one_name_are_refused_and_a_demonstration_shows_nothing_to_the_outside() -> None:
    twice = [{"kind": "file", "path": "/mnt/a"}, {"kind": "file", "path": "/mnt/b"}]
    with pytest.raises(Misconfigured):
        build_witnesses(twice, demo=False, within=1)
    outside = [{"kind": "https", "url": "https://witness.example.org", "protocol": "post"}]
    assert build_witnesses(outside, demo=True, within=1) == {}
