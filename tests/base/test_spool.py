"""The spool of promises: every whole record comes back, in order; a torn tail, a wrong key or a full disk lose none."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anban.base.errors import StorageFailed
from anban.base.keys import DataKey
from anban.base.spool import Spool

KEY = DataKey(1, b"s" * 32)
PROMISES = [b"first", b"second " * 20, b"third"]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool.bin", KEY)


def filled(spool: Spool) -> list[int]:
    """Write the promises; the size of the file after each."""
    sizes: list[int] = []
    for promise in PROMISES:
        spool.append(promise)
        sizes.append(spool.path.stat().st_size)
    return sizes


def test_what_was_appended_comes_back_in_order_also_after_a_restart(spool: Spool) -> None:
    assert spool.empty and spool.records() == []
    filled(spool)
    assert Spool(spool.path, KEY).records() == PROMISES


def test_nothing_can_be_read_in_the_file(spool: Spool) -> None:
    filled(spool)
    content = spool.path.read_bytes()
    assert not any(promise in content for promise in PROMISES)
    assert spool.path.stat().st_mode & 0o077 == 0


def test_cut_at_every_byte_all_whole_records_come_back(spool: Spool) -> None:
    sizes = filled(spool)
    content = spool.path.read_bytes()
    for cut in range(len(content) + 1):
        spool.path.write_bytes(content[:cut])
        assert spool.records() == PROMISES[: sum(size <= cut for size in sizes)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_altered_record_is_never_taken_for_a_promise(spool: Spool, data: st.DataObject) -> None:
    spool.path.unlink(missing_ok=True)
    filled(spool)
    content = bytearray(spool.path.read_bytes())
    spot = data.draw(st.integers(0, len(content) - 1))
    content[spot] ^= 1 << data.draw(st.integers(0, 7))
    spool.path.write_bytes(content)
    assert spool.records() == PROMISES[: len(spool.records())]


def test_what_was_replayed_leaves_and_what_came_since_stays(spool: Spool) -> None:
    filled(spool)
    spool.append(b"since")
    spool.clear(PROMISES)
    assert spool.records() == [b"since"]
    spool.clear([b"since"])
    assert spool.empty


def test_what_two_processes_entered_together_takes_nothing_else_with_it(spool: Spool) -> None:
    filled(spool)
    other = Spool(spool.path, KEY)
    spool.clear(PROMISES)
    spool.append(b"since")
    other.clear(PROMISES)
    assert spool.records() == [b"since"]


def test_what_cannot_be_entered_goes_behind_the_others(spool: Spool) -> None:
    filled(spool)
    spool.clear(entered=[PROMISES[1]], refused=[PROMISES[0]])
    assert spool.records() == [PROMISES[2], PROMISES[0]]


def test_what_waits_survives_a_new_key(spool: Spool) -> None:
    filled(spool)
    renewed = Spool(spool.path, DataKey(2, b"n" * 32), older=[KEY])
    renewed.append(b"under the new key")
    assert renewed.records() == [*PROMISES, b"under the new key"]


def test_what_cannot_be_read_is_set_aside_and_not_thrown_away(spool: Spool) -> None:
    filled(spool)
    content = spool.path.read_bytes()
    stranger = Spool(spool.path, DataKey(1, b"x" * 32))
    stranger.append(b"mine")
    assert stranger.records() == [b"mine"]
    aside = spool.path.with_suffix(".torn")
    assert aside.read_bytes() == content and aside.stat().st_mode & 0o077 == 0


def test_another_key_reads_nothing_and_destroys_nothing(spool: Spool) -> None:
    filled(spool)
    assert Spool(spool.path, DataKey(1, b"x" * 32)).records() == []
    assert spool.records() == PROMISES


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageFailed):
        Spool(blocked / "spool.bin", KEY).append(b"promise")


def test_a_promise_made_after_a_torn_one_is_found(spool: Spool) -> None:
    filled(spool)
    spool.path.write_bytes(spool.path.read_bytes()[:-3])
    again = Spool(spool.path, KEY)
    again.append(b"after")
    assert again.records() == [*PROMISES[:2], b"after"]
