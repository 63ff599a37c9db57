"""An evidence pack says what it holds, proves where it belongs, and nothing in it can be changed."""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from anban.base.db import Database
from anban.base.keys import MasterKeys
from anban.ledger.checkpoint import Signer, signer
from anban.ledger.held import note_kept, owed_to
from anban.ledger.pack import Keeper, Wanted, pack
from anban.ledger.proofs import edge_at, growth
from anban.ledger.proofs import leaves as stored_leaves
from anban.ledger.tree import Frontier, consistency_proof, leaf_hash, root_of
from anban.ledger.verifier import Report, verify
from anban.ledger.verifier.notes import consistent
from tests.ledger import scenes

SEPTEMBER = datetime(2026, 9, 2, tzinfo=UTC)
AT = SEPTEMBER + timedelta(days=10)
BESIDE = {"duties.json": b"[]", "drills.json": b"[]", "README.md": b"# What this is\n"}


async def filled(db: Database) -> None:
    """Two months, five checkpoints each, a minute apart; a witness holds the newest of each month."""
    placing = scenes.sequencer(db)
    for month, start in enumerate((scenes.NIGHT, SEPTEMBER)):
        for minute in range(5):
            first = month * 1000 + minute * 7
            await scenes.write_all(db, (scenes.entry(number) for number in range(first, first + 7)))
            await placing.run_once(start + timedelta(minutes=minute))

    def held(connection) -> None:
        for owed in owed_to(connection, "notary"):
            edge = edge_at(connection, owed.log, owed.signed.size)
            note_kept(connection, "notary", "file", owed, edge, owed.signed.note, AT)

    await db.write(held)


async def packed(
    db: Database, path: Path, since: datetime | None = None, until: datetime | None = None, key: Signer = scenes.SIGNER
) -> Path:
    wanted = Wanted(since, until, AT)
    await db.read(
        partial(pack, out=path, signer=key, wanted=wanted, keepers=[Keeper("notary", "file", "")], beside=BESIDE)
    )
    return path


@pytest.fixture
async def whole(sqlite_db: Database, tmp_path: Path) -> Path:
    await filled(sqlite_db)
    return await packed(sqlite_db, tmp_path / "pack.zip")


async def test_a_pack_of_everything_is_whole_and_names_what_it_holds(db: Database, tmp_path: Path) -> None:
    await filled(db)
    path = await packed(db, tmp_path / "pack.zip")
    report = verify(path, scenes.public_key())
    assert report.whole, report.problems
    assert (report.entries, report.part, len(report.logs)) == (72, "all", 2)
    names = zipfile.ZipFile(path).namelist()
    assert set(names) > {"manifest.json", "ledger.jsonl", "proofs.json", "checkpoints.txt", "witnesses.json", *BESIDE}
    assert "verifier/__main__.py" in names


SPANS: dict[str, tuple[datetime | None, datetime | None, int]] = {
    "the first minutes of August": (None, scenes.NIGHT + timedelta(minutes=1), 14),
    "the middle of August": (scenes.NIGHT + timedelta(minutes=2), scenes.NIGHT + timedelta(minutes=3), 14),
    "from August into September": (scenes.NIGHT + timedelta(minutes=3), SEPTEMBER, 14 + 1 + 8),
    "September": (SEPTEMBER, None, 1 + 36),
    "the end": (SEPTEMBER + timedelta(minutes=4), None, 7),
}


@pytest.mark.parametrize("what", SPANS)
async def test_a_stretch_of_time_is_proven_to_belong_to_the_whole(
    sqlite_db: Database, tmp_path: Path, what: str
) -> None:
    await filled(sqlite_db)
    since, until, entries = SPANS[what]
    report = verify(await packed(sqlite_db, tmp_path / "pack.zip", since, until), scenes.public_key())
    assert report.whole, report.problems
    assert (report.entries, report.part) == (entries, "slice")


def changed(path: Path, name: str, change: Callable[[bytes], bytes], key: Signer | None = None) -> Path:
    """A copy in which one file is another; with `key` the manifest is made to fit and signed anew, as a thief would."""
    copy = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        contents = {each: old.read(each) for each in old.namelist()}
        contents[name] = change(contents[name])
        if key is not None:
            manifest = json.loads(contents["manifest.json"])
            manifest["files"][name] = {"bytes": len(contents[name]), "sha256": sha256(contents[name]).hexdigest()}
            contents["manifest.json"] = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode() + b"\n"
            pack_name = f"{key.origin}/pack"
            digest = sha256(contents["manifest.json"]).hexdigest()
            contents["manifest.sig"] = key.named(pack_name).signed(f"{pack_name}\ndemo\n{digest}\n")
        for each, content in contents.items():
            new.writestr(each, content)
    return copy


def flip(at: int, bit: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]


def verified(path: Path) -> Report:
    return verify(path, scenes.public_key(), most_problems=1)


def test_a_bit_in_any_file_is_found(whole: Path) -> None:
    with zipfile.ZipFile(whole) as archive:
        sizes = {name: archive.getinfo(name).file_size for name in archive.namelist()}
    for name, size in sizes.items():
        for at in {0, size // 2, size - 1}:
            assert not verified(changed(whole, name, flip(at, at % 8))).whole, (name, at)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig"])
def test_every_byte_of_the_manifest_and_its_seal_matters(whole: Path, name: str) -> None:
    size = zipfile.ZipFile(whole).getinfo(name).file_size
    unnoticed = [at for at in range(0, size, 3) if verified(changed(whole, name, flip(at, at % 8))).whole]
    assert unnoticed == []


@pytest.mark.parametrize("name", ["proofs.json", "checkpoints.txt", "witnesses.json"])
async def test_a_changed_proof_or_checkpoint_is_found_though_the_seal_was_made_to_fit(
    sqlite_db: Database, tmp_path: Path, name: str
) -> None:
    await filled(sqlite_db)
    until = scenes.NIGHT + timedelta(minutes=2)
    path = await packed(sqlite_db, tmp_path / "pack.zip", None, until)
    content = zipfile.ZipFile(path).read(name)
    # What only names things for people is not proven: whose witness, when it was noted.
    start, end = (content.index(b"anban/demo/"), content.rindex(b"\\u2014") if b"\\u2014" in content else len(content))
    start, end = (start, len(content)) if name != "witnesses.json" else (content.index(b'"note":"') + 8, end)
    end = content.index(b'"}', start) if name == "witnesses.json" else end
    assert verified(changed(path, name, lambda same: same, scenes.SIGNER)).whole
    unnoticed = [
        at for at in range(start, end, 5) if verified(changed(path, name, flip(at, at % 8), scenes.SIGNER)).whole
    ]
    assert unnoticed == [], content[unnoticed[0] - 40 : unnoticed[0] + 40] if unnoticed else ""


def test_a_file_more_or_less_is_found(whole: Path) -> None:
    more = whole.with_name("more.zip")
    more.write_bytes(whole.read_bytes())
    with zipfile.ZipFile(more, "a") as archive:
        archive.writestr("note.txt", "by the way")
    assert not verified(more).whole
    twice = whole.with_name("twice.zip")
    twice.write_bytes(whole.read_bytes())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(twice, "a") as archive:
        archive.writestr("drills.json", "[]")
    assert not verified(twice).whole
    for name in ("drills.json", "ledger.jsonl", "manifest.sig", "proofs.json"):
        less = whole.with_name("less.zip")
        with zipfile.ZipFile(whole) as old, zipfile.ZipFile(less, "w") as new:
            for each in old.namelist():
                if each != name:
                    new.writestr(each, old.read(each))
        assert not verified(less).whole, name


def test_a_pack_made_by_another_key_is_found_out(whole: Path) -> None:
    thief = signer(MasterKeys({1: b"t" * 32}), "demo")
    assert not verified(changed(whole, "drills.json", lambda _: b"[1]", thief)).whole


def test_garbage_and_a_cut_archive_are_not_whole_and_never_fall(whole: Path) -> None:
    content = whole.read_bytes()
    cut = whole.with_name("cut.zip")
    for end in range(0, len(content), max(1, len(content) // 60)):
        cut.write_bytes(content[:end])
        assert not verify(cut).whole
    cut.write_bytes(b"PK\x03\x04" + bytes(5000))
    assert not verify(cut).whole


async def test_a_witness_beside_a_pack_of_a_stretch_compares_what_can_be_compared(
    sqlite_db: Database, tmp_path: Path
) -> None:
    await filled(sqlite_db)
    owed = await sqlite_db.read(lambda c: owed_to(c, "somebody else"))
    theirs = tmp_path / "theirs.txt"
    theirs.write_bytes(b"".join(each.signed.note + b"\n" for each in owed))
    path = await packed(sqlite_db, tmp_path / "pack.zip", None, scenes.NIGHT + timedelta(minutes=2))
    report = verify(path, witnesses=[theirs])
    assert report.whole, report.problems
    assert (report.witnesses[0].agreed, report.witnesses[0].beyond) == (1, 1)


@pytest.mark.parametrize("size", range(1, 20))
def test_a_proof_of_consistency_from_the_edge_alone_is_the_one_of_the_books(size: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    for earlier in range(1, size + 1):
        proof = consistency_proof(leaves, earlier)
        assert consistent(earlier, root_of(leaves[:earlier]), size, root_of(leaves), proof)
        for at, each in enumerate(proof):
            harmed = [*proof[:at], bytes([each[0] ^ 1]) + each[1:], *proof[at + 1 :]]
            assert not consistent(earlier, root_of(leaves[:earlier]), size, root_of(leaves), harmed)
        assert not consistent(earlier, root_of(leaves[:earlier]), size, root_of(leaves), [*proof, bytes(32)])
        if proof:
            assert not consistent(earlier, root_of(leaves[:earlier]), size, root_of(leaves), proof[:-1])


async def test_the_stored_ledger_gives_that_proof_reading_only_what_came_after(sqlite_db: Database) -> None:
    await filled(sqlite_db)
    log = (await sqlite_db.read(lambda c: owed_to(c, "x")))[1].log

    def work(connection) -> None:
        leaves = list(stored_leaves(connection, log, 0, 36))
        for earlier in range(1, len(leaves)):
            edge = edge_at(connection, log, earlier)
            assert edge.root() == root_of(leaves[:earlier])
            on = edge_at(connection, log, earlier, Frontier(3, edge_at(connection, log, 3).peaks))
            assert on.root() == edge.root()
            assert growth(connection, log, edge, len(leaves)) == consistency_proof(leaves, earlier)

    await sqlite_db.read(work)
