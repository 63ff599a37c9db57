"""Cipher suites: what the public standards give as examples comes out; a suite that nobody knows is refused."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.base.ciphers import AES, SM4, SUITES, NotGenuine, Sm4Gcm, keyed_digest, opened, sealing, sm3
from anban.base.errors import Misconfigured
from anban.base.keys import DataKey, MasterKeys, Unreadable

RFC_8998_A_1 = {
    "nonce": "00001234567800000000ABCD",
    "key": "0123456789ABCDEFFEDCBA9876543210",
    "text": "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD"
    "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA",
    "bound": "FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2",
    "sealed": "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
    "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D",
    "tag": "83DE3541E4C2B58177E065A9BF7B62EC",
}


def bits(name: str) -> bytes:
    return bytes.fromhex(RFC_8998_A_1[name])


def test_sm4_gcm_gives_what_rfc_8998_gives() -> None:
    cipher = Sm4Gcm(bits("key"))
    sealed = cipher.encrypt(bits("nonce"), bits("text"), bits("bound"))
    assert sealed == bits("sealed") + bits("tag")
    assert cipher.decrypt(bits("nonce"), sealed, bits("bound")) == bits("text")


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_gives_what_gb_t_32905_gives(text: bytes, digest: str) -> None:
    assert sm3(text).hex() == digest


def test_digests_of_the_sm4_suite_are_hmac_sm3() -> None:
    assert keyed_digest(SM4, b"k" * 32, b"text", 32) == hmac.new(b"k" * 32, b"text", "sm3").digest()
    assert keyed_digest(SM4, b"k" * 32, b"text", 16) != keyed_digest(AES, b"k" * 32, b"text", 16)


@pytest.mark.parametrize("suite", SUITES)
@given(text=st.binary(max_size=200), spot=st.integers(0), bit=st.integers(0, 7))
def test_one_flipped_bit_is_noticed_in_every_suite(suite: str, text: bytes, spot: int, bit: int) -> None:
    cipher, nonce = sealing(suite, b"s" * 32), b"n" * 12
    sealed = bytearray(cipher.encrypt(nonce, text, b"here"))
    sealed[spot % len(sealed)] ^= 1 << bit
    with pytest.raises(NotGenuine):
        opened(cipher, nonce, bytes(sealed), b"here")


@given(st.binary(max_size=40))
def test_what_is_too_short_for_a_tag_is_not_genuine(sealed: bytes) -> None:
    with pytest.raises(NotGenuine):
        opened(Sm4Gcm(b"k" * 16), b"n" * 12, sealed, b"")


def test_a_suite_that_nobody_knows_is_refused() -> None:
    with pytest.raises(Misconfigured):
        sealing("rot13", b"s" * 32)


def test_a_key_opens_with_the_suite_that_stands_beside_it_whatever_is_set_now() -> None:
    before, now = MasterKeys({1: b"1" * 32}), MasterKeys({1: b"1" * 32}, SM4)
    key, stored = before.new_key("usr_1", 1)
    assert stored["suite"] == AES
    reopened = now.unwrap(stored["wrapped"], "usr_1", 1, stored["master"], stored["suite"])
    assert reopened.open(key.seal(b"words", "here"), "here") == b"words"
    newer, stored_now = now.new_key("usr_2", 1)
    assert stored_now["suite"] == SM4 == newer.suite
    with pytest.raises(Unreadable):
        now.unwrap(stored_now["wrapped"], "usr_2", 1, 1, AES)


def test_the_same_secret_in_two_suites_opens_nothing_of_the_other() -> None:
    one, other = DataKey(1, b"s" * 32), DataKey(1, b"s" * 32, suite=SM4)
    with pytest.raises(Unreadable):
        other.open(one.seal(b"words", "here"), "here")
    assert one.digest(b"words") != other.digest(b"words")
