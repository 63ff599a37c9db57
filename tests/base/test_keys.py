"""What is sealed opens only with its key, in its place, unaltered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.base.errors import Misconfigured
from anban.base.keys import NONCE, DataKey, MasterKeys, Unreadable, parse_master_keys

secrets = st.binary(min_size=32, max_size=32)
texts = st.binary(max_size=300)
places = st.text(max_size=60)


@given(secrets, texts, places)
def test_what_is_sealed_opens_in_its_place(secret, text, place):
    key = DataKey(1, secret)
    assert key.open(key.seal(text, place), place) == text


@given(secrets, texts, places, places)
def test_a_sealed_row_does_not_open_in_another_place(secret, text, place, other):
    key = DataKey(1, secret)
    if place != other:
        with pytest.raises(Unreadable):
            key.open(key.seal(text, place), other)


@given(secrets, secrets, texts)
def test_another_key_opens_nothing(secret, other, text):
    if secret != other:
        with pytest.raises(Unreadable):
            DataKey(1, other).open(DataKey(1, secret).seal(text, "here"), "here")


@given(secrets, texts, st.data())
def test_an_altered_byte_is_noticed(secret, text, data):
    key = DataKey(1, secret)
    sealed = bytearray(key.seal(text, "here"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unreadable):
        key.open(bytes(sealed), "here")


@given(st.binary(max_size=NONCE + 20))
def test_anything_else_is_unreadable(sealed):
    with pytest.raises(Unreadable):
        DataKey(1, bytes(32)).open(sealed, "here")


@given(secrets, texts)
def test_the_same_text_is_never_sealed_the_same_way_twice(secret, text):
    key = DataKey(1, secret)
    assert key.seal(text, "here") != key.seal(text, "here")


@given(secrets, secrets, texts)
def test_a_digest_means_nothing_without_its_key(secret, other, text):
    assert DataKey(1, secret).digest(text) == DataKey(2, secret).digest(text)
    if secret != other:
        assert DataKey(1, secret).digest(text) != DataKey(1, other).digest(text)


@given(secrets, secrets, texts)
def test_a_wrapped_key_opens_for_its_user_and_version_only(old, new, text):
    keys = MasterKeys({1: old, 2: new})
    key, wrapped = keys.new_data_key("usr_1", 1)
    assert keys.unwrap(wrapped, "usr_1", 1, 2).open(key.seal(text, "here"), "here") == text
    for user, version in (("usr_2", 1), ("usr_1", 2)):
        with pytest.raises(Unreadable):
            keys.unwrap(wrapped, user, version, 2)


def test_a_key_wrapped_by_a_destroyed_master_is_gone():
    _, wrapped = MasterKeys({1: b"1" * 32}).new_data_key("usr_1", 1)
    with pytest.raises(Unreadable):
        MasterKeys({2: b"2" * 32}).unwrap(wrapped, "usr_1", 1, 1)


def test_an_older_master_key_still_unwraps():
    _, wrapped = MasterKeys({1: b"1" * 32}).new_data_key("usr_1", 1)
    both = MasterKeys({1: b"1" * 32, 2: b"2" * 32})
    assert both.current == 2
    assert both.unwrap(wrapped, "usr_1", 1, 1).version == 1


def test_each_purpose_has_a_key_of_its_own():
    keys = MasterKeys({1: b"1" * 32})
    assert keys.derived("spool").secret == keys.derived("spool").secret
    assert len({keys.derived("spool").secret, keys.derived("ledger signing").secret, b"1" * 32}) == 3


def test_master_keys_are_read_with_and_without_versions():
    assert parse_master_keys("11" * 32).current == 1
    assert parse_master_keys(f"3:{'11' * 32}\n\n 7:{'22' * 32} ").current == 7


@pytest.mark.parametrize("text", ["", "\n", "11" * 31, "zz" * 32, "x:" + "11" * 32, "1:"])
def test_a_master_key_of_another_shape_is_refused_without_showing_it(text):
    with pytest.raises(Misconfigured) as caught:
        parse_master_keys(text)
    assert "11" not in str(caught.value)
