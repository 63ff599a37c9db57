"""A person's key has versions while what they kept is being sealed anew."""

from dataclasses import replace

import pytest

from anban.base.keys import DataKey, Unreadable

OLD, NEW = DataKey(1, b"o" * 32), DataKey(2, b"n" * 32)


def test_a_row_opens_with_the_version_that_sealed_it():
    key = replace(NEW, before=(OLD,))
    assert key.of(1).open(OLD.seal(b"hello", "here"), "here") == b"hello"
    assert key.of(2).open(key.seal(b"hello", "here"), "here") == b"hello"


def test_what_a_destroyed_version_sealed_is_erased():
    with pytest.raises(Unreadable, match="destroyed"):
        NEW.of(1)


def test_a_key_does_not_show_its_secret():
    assert "oooo" not in repr(OLD)
