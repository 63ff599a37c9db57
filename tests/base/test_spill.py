"""The spool is sealed with a public key: it takes promises while there are no keys, and opens when they are back."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anban.base.errors import StorageFailed
from anban.base.keys import DataKey, KeysAway, MasterKeys, Ring, Unreadable
from anban.base.spill import SpillSeal
from anban.base.spool import Spool

ONE, BOTH = Ring({1: b"1" * 32}), Ring({1: b"1" * 32, 2: b"2" * 32})


def spool(folder: Path, keys: MasterKeys) -> Spool:
    return Spool(folder / "spool.bin", SpillSeal(folder / "spill.pub", keys))


def published(folder: Path, keys: MasterKeys) -> Spool:
    SpillSeal(folder / "spill.pub", keys).publish()
    return spool(folder, keys)


@pytest.mark.parametrize("suite", ["aes-256-gcm", "sm4-gcm"])
def test_promises_are_taken_without_keys_and_open_when_they_are_back(suite, tmp_path: Path) -> None:
    published(tmp_path, MasterKeys(ONE, suite)).append(b"before")
    away = MasterKeys(None, suite)
    waiting = spool(tmp_path, away)
    waiting.append(b"while they were gone")
    with pytest.raises(KeysAway):
        waiting.records()
    away.follow(ONE)
    assert waiting.records() == [b"before", b"while they were gone"]
    assert not (tmp_path / "spool.torn").exists()


def test_without_a_public_key_nothing_is_written_at_all(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        spool(tmp_path, MasterKeys(None)).append(b"promise")
    assert not (tmp_path / "spool.bin").exists() or not (tmp_path / "spool.bin").read_bytes()


def test_neither_the_words_nor_a_key_lie_beside_the_spool(tmp_path: Path) -> None:
    published(tmp_path, MasterKeys(ONE)).append(b"a promise")
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"a promise" not in content and (b"1" * 32).hex().encode() not in content


def test_what_waits_is_sealed_anew_so_that_the_old_key_can_go(tmp_path: Path) -> None:
    keys = MasterKeys(ONE)
    waiting = published(tmp_path, keys)
    waiting.append(b"promise")
    keys.follow(BOTH)
    waiting.seal_anew()
    assert spool(tmp_path, MasterKeys(Ring({2: b"2" * 32}))).records() == [b"promise"]
    assert spool(tmp_path, MasterKeys(ONE)).records() == [], "the old one opens nothing any more"


def test_what_was_sealed_before_there_was_a_public_key_still_opens(tmp_path: Path) -> None:
    keys = MasterKeys(BOTH)
    Spool(tmp_path / "spool.bin", keys.of_master("spool", 1)).append(b"an older promise")
    assert spool(tmp_path, keys).records() == [b"an older promise"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100), st.integers(0), st.integers(0, 7))
def test_one_flipped_bit_opens_nothing(tmp_path: Path, text: bytes, spot: int, bit: int) -> None:
    seal = SpillSeal(tmp_path / "spill.pub", MasterKeys(ONE))
    sealed = bytearray(seal.seal(text, "spool"))
    sealed[spot % len(sealed)] ^= 1 << bit
    with pytest.raises(Unreadable):
        seal.open(bytes(sealed), "spool")
    with pytest.raises(Unreadable):
        seal.open(seal.seal(text, "spool"), "elsewhere")


def test_another_deployment_opens_nothing(tmp_path: Path) -> None:
    sealed = SpillSeal(tmp_path / "spill.pub", MasterKeys(ONE)).seal(b"promise", "spool")
    with pytest.raises(Unreadable):
        SpillSeal(tmp_path / "spill.pub", MasterKeys({1: b"x" * 32})).open(sealed, "spool")
    assert DataKey(1, b"s" * 32).suite == "aes-256-gcm"
