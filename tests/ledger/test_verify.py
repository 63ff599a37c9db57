"""An export that was touched is found out, and the report says where."""

import ast
import asyncio
import hashlib
import json
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anban.base.keys import MasterKeys
from anban.ledger import verifier as module
from anban.ledger.checkpoint import FIRST, digest, signer
from anban.ledger.entry import canonical, leaf
from anban.ledger.tree import Frontier
from anban.ledger.verifier import Report, verify
from tests import stores
from tests.ledger import scenes

ENTRIES = 200
FOLDER = Path(module.__file__).parent
Lines = list[bytes]


@pytest.fixture
async def ledger(sqlite_db, tmp_path) -> Path:
    """200 entries, a checkpoint after every ten."""
    await scenes.fill(sqlite_db, ENTRIES)
    return await scenes.exported(sqlite_db, tmp_path / "ledger.jsonl")


def touched(path: Path, change: Callable[[Lines], Lines]) -> Report:
    """The report on a copy whose lines were changed."""
    copy = path.with_name("touched.jsonl")
    copy.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    return verify(copy)


def entry_line(lines: Lines, seq: int) -> int:
    """Where entry `seq` stands among the lines, counted from 0."""
    return next(at for at, line in enumerate(lines) if line.endswith(b'"seq":%d}\n' % seq))


async def test_an_untouched_export_is_whole(ledger):
    report = verify(ledger, scenes.public_key())
    assert report.whole and not report.problems
    assert (report.entries, report.signed, report.checkpoints) == (200, 200, 20)
    assert (report.deployment, report.keys) == ("demo", (scenes.public_key(),))


async def test_both_databases_export_what_verifies(db, tmp_path):
    await scenes.fill(db, 25)
    assert verify(await scenes.exported(db, tmp_path / "ledger.jsonl"), scenes.public_key()).signed == 25


async def test_an_empty_ledger_is_whole_but_no_trusted_key_has_signed_it(sqlite_db, tmp_path):
    path = await scenes.exported(sqlite_db, tmp_path / "ledger.jsonl")
    assert verify(path).whole and verify(path).entries == 0
    assert not verify(path, scenes.public_key()).whole


async def test_flipped_bits_in_two_hundred_entries_are_found(ledger):
    size = ledger.stat().st_size
    chance = random.Random(7)
    for _ in range(300):
        at, bit = chance.randrange(size), chance.randrange(8)
        with flipped(ledger, at, bit):
            assert not verify(ledger, most_problems=1).whole, (at, bit)
    assert verify(ledger).whole


@contextmanager
def flipped(path: Path, at: int, bit: int) -> Iterator[None]:
    """One bit of the file is the other way round for a while."""
    with open(path, "r+b", buffering=0) as file:
        file.seek(at)
        byte = file.read(1)[0]
        os.pwrite(file.fileno(), bytes([byte ^ 1 << bit]), at)
        yield
        os.pwrite(file.fileno(), bytes([byte]), at)


async def test_a_changed_entry_is_the_only_problem_and_is_named(ledger):
    def change(lines: Lines) -> Lines:
        at = entry_line(lines, 42)
        lines[at] = lines[at].replace(b'"level":1', b'"level":0')
        return lines

    report = touched(ledger, change)
    assert [(problem.line, problem.seq) for problem in report.problems] == [(49, 42)]
    assert ledger.read_bytes().splitlines()[48].endswith(b'"seq":42}')


async def test_a_changed_entry_with_a_fitting_hash_is_found_at_its_checkpoint(ledger):
    def change(lines: Lines) -> Lines:
        at = entry_line(lines, 42)
        entry = json.loads(lines[at])
        entry["body"]["facts"]["level"] = 0
        entry["leaf"] = leaf_of(entry["body"])
        lines[at] = compact(entry) + b"\n"
        return lines

    report = touched(ledger, change)
    assert [(problem.seq, problem.what) for problem in report.problems] == [
        (40, "entries 40 to 49 are not those that were signed")
    ]


def compact(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def leaf_of(body: object) -> str:
    return hashlib.sha256(b"\x00" + compact(body)).hexdigest()


def delete_entry(lines: Lines) -> Lines:
    del lines[entry_line(lines, 42)]
    return lines


def repeat_entry(lines: Lines) -> Lines:
    at = entry_line(lines, 42)
    return lines[: at + 1] + lines[at:]


def swap_entries(lines: Lines) -> Lines:
    at = entry_line(lines, 42)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return lines


def swap_bodies(lines: Lines) -> Lines:
    at = entry_line(lines, 42)
    one, other = json.loads(lines[at]), json.loads(lines[at + 1])
    one["seq"], other["seq"] = other["seq"], one["seq"]
    lines[at], lines[at + 1] = compact(other) + b"\n", compact(one) + b"\n"
    return lines


def delete_checkpoint(lines: Lines) -> Lines:
    return lines[:23] + lines[24:]


def swap_checkpoints(lines: Lines) -> Lines:
    lines[23], lines[34] = lines[34], lines[23]
    return lines


def repeat_checkpoint(lines: Lines) -> Lines:
    return lines[:13] + lines[12:]


def older_checkpoint_at_the_end(lines: Lines) -> Lines:
    return [*lines[:-1], lines[12]]


def without_the_end(lines: Lines) -> Lines:
    return lines[:150]


def without_the_last_byte(lines: Lines) -> Lines:
    return [*lines[:-1], lines[-1][:-1]]


def half_a_line(lines: Lines) -> Lines:
    return [*lines[:-1], lines[-1][:40]]


def without_the_header(lines: Lines) -> Lines:
    return lines[1:]


def two_headers(lines: Lines) -> Lines:
    return [lines[0], *lines]


def windows_line_ends(lines: Lines) -> Lines:
    return [line[:-1] + b"\r\n" for line in lines]


def a_blank_line(lines: Lines) -> Lines:
    return [*lines[:30], b"\n", *lines[30:]]


def a_byte_order_mark(lines: Lines) -> Lines:
    return [b"\xef\xbb\xbf", *lines]


def an_endless_line(lines: Lines) -> Lines:
    return [*lines[:30], b"[" * 3_000_000 + b"\n", *lines[30:]]


def deep_nesting(lines: Lines) -> Lines:
    return [*lines[:30], b"[" * 900_000 + b"\n", *lines[30:]]


def a_huge_number(lines: Lines) -> Lines:
    return [*lines[:30], b"9" * 9000 + b"\n", *lines[30:]]


def a_double_key(lines: Lines) -> Lines:
    lines[30] = lines[30].replace(b'"late":false', b'"late":false,"late":false')
    return lines


def other_spelling(lines: Lines) -> Lines:
    lines[30] = lines[30].replace(b"usr", b"\\u0075sr")
    return lines


def only_garbage(_lines: Lines) -> Lines:
    return [random.Random(3).randbytes(5000)]


def another_deployments_name(lines: Lines) -> Lines:
    return [fresh_header(lines, deployment="other"), *lines[1:]]


def fresh_header(lines: Lines, **changes: object) -> bytes:
    """The header as somebody who knows the format would rewrite it."""
    header = json.loads(lines[0]) | changes
    del header["check"]
    return compact(header | {"check": hashlib.sha256(compact(header)).hexdigest()}) + b"\n"


EDITS = (
    delete_entry,
    repeat_entry,
    swap_entries,
    swap_bodies,
    delete_checkpoint,
    swap_checkpoints,
    repeat_checkpoint,
    older_checkpoint_at_the_end,
    without_the_end,
    without_the_last_byte,
    half_a_line,
    without_the_header,
    two_headers,
    windows_line_ends,
    a_blank_line,
    a_byte_order_mark,
    an_endless_line,
    deep_nesting,
    a_huge_number,
    a_double_key,
    other_spelling,
    only_garbage,
    another_deployments_name,
)


async def test_every_edit_of_the_structure_is_found(ledger):
    assert [edit.__name__ for edit in EDITS if touched(ledger, edit).whole] == []


async def test_a_deletion_is_found_even_when_the_header_is_made_to_fit(ledger):
    def change(lines: Lines) -> Lines:
        lines = delete_entry(lines)
        return [fresh_header(lines, entries=ENTRIES - 1), *lines[1:]]

    report = touched(ledger, change)
    assert report.problems[0].seq == 43
    assert report.problems[0].what == "entry 42 should stand here, this is 43"


async def test_a_missing_checkpoint_is_found_even_when_the_header_is_made_to_fit(ledger):
    def change(lines: Lines) -> Lines:
        lines = delete_checkpoint(lines)
        return [fresh_header(lines, checkpoints=19), *lines[1:]]

    whats = [problem.what for problem in touched(ledger, change).problems]
    assert whats == ["this checkpoint does not follow the one before"]


async def test_entries_behind_the_last_checkpoint_are_whole_but_not_signed(ledger):
    def change(lines: Lines) -> Lines:
        return [fresh_header(lines, checkpoints=19), *lines[1:-1]]

    report = touched(ledger, change)
    assert report.whole
    assert (report.entries, report.signed) == (200, 190)


def version_one(path: Path) -> Path:
    """An export as it was before there were months: one log under the deployment's bare name, keys by their id."""
    edge, lines, before = Frontier(), list[bytes](), FIRST
    for number in range(25):
        body = canonical(scenes.entry(number))
        edge.append(leaf(body))
        lines.append(b'{"body":%b,"leaf":"%b","seq":%d}\n' % (body, leaf(body).hex().encode(), number))
        if number % 10 == 4:
            note = scenes.SIGNER.note(edge.size, edge.root(), scenes.NIGHT, before)
            before = digest(note)
            lines.append(compact({"checkpoint": note.decode()}) + b"\n")
    header = {"anban": "ledger", "checkpoints": 3, "created": "2026-08-01T22:00:00Z", "deployment": "demo", "v": 1}
    header |= {"entries": 25, "keys": {scenes.SIGNER.key_id: scenes.public_key()}}
    check = hashlib.sha256(compact(header)).hexdigest()
    path.write_bytes(compact(header | {"check": check}) + b"\n" + b"".join(lines))
    return path


def test_a_file_of_the_first_version_is_still_read_and_every_edit_of_it_found(tmp_path):
    path = version_one(tmp_path / "old.jsonl")
    report = verify(path, scenes.public_key())
    assert report.whole and (report.entries, report.signed, report.checkpoints) == (25, 25, 3), report.problems
    assert [log.origin for log in report.logs] == ["anban/demo"]
    for at in range(0, path.stat().st_size, 11):
        with flipped(path, at, at % 8):
            assert not verify(path, most_problems=1).whole, at


async def test_an_empty_file_is_not_whole(tmp_path):
    (tmp_path / "nothing").touch()
    assert [problem.what for problem in verify(tmp_path / "nothing").problems] == ["the file is empty"]


async def test_a_ledger_rewritten_under_another_key_fools_only_those_who_trust_no_key(tmp_path):
    thief = signer(MasterKeys({1: b"t" * 32}), "demo")
    async with stores.opened(f"sqlite:///{tmp_path / 'a.db'}") as db:
        await scenes.write_all(db, [scenes.entry(1)])
        await scenes.sequencer(db, key=thief).run_once(scenes.NIGHT)
        path = await scenes.exported(db, tmp_path / "ledger.jsonl")
    assert verify(path).whole
    assert not verify(path, scenes.public_key()).whole
    assert verify(path, scenes.public_key(thief)).whole


async def test_a_replaced_key_leaves_one_chain_that_both_keys_signed(sqlite_db, tmp_path):
    newer = signer(MasterKeys({1: bytes(range(32)), 2: b"2" * 32}), "demo")
    await scenes.fill(sqlite_db, 20)
    await scenes.write_all(sqlite_db, [scenes.entry(20)])
    await scenes.sequencer(sqlite_db, key=newer).run_once(scenes.NIGHT)
    path = await scenes.exported(sqlite_db, tmp_path / "ledger.jsonl")
    assert not verify(path, scenes.public_key()).whole
    assert verify(path, [scenes.public_key(), scenes.public_key(newer)]).whole


def test_a_public_key_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="32 bytes"):
        verify(tmp_path / "any", "bm90IGEga2V5")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.binary(max_size=200) | st.sampled_from([b'{"checkpoint":"x"}\n', b'{"body":1,"leaf":"","seq":0}\n']))
)
def test_no_input_makes_the_verifier_fall(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(b"".join(pieces))
    assert not verify(path).whole


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.stem)
def test_the_verifier_imports_nothing_of_ours(file: Path):
    imported = [
        "its own folder" if isinstance(node, ast.ImportFrom) and node.level == 1 else name.split(".")[0]
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    ]
    assert set(imported) <= sys.stdlib_module_names | {"cryptography", "its own folder"}


async def test_the_verifier_runs_alone_on_another_machine(ledger, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(FOLDER, alone / "verifier")
    program = f"import sys; sys.modules['anban'] = None; sys.argv = ['verifier', {str(ledger)!r}]; "
    program += "import runpy; runpy.run_module('verifier', run_name='__main__')"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=alone)
    assert await process.wait() == 0
