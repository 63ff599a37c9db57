"""Characters are put for others over arrays as a dictionary would put them, whatever the text holds."""

import random

import pytest

from anban.detectors.expressions import expression, rewrite
from anban.detectors.readings.characters import Characters
from anban.detectors.readings.pieces import LETTERS, Only

TABLE = {ord("а"): "a", ord("я"): "ya", 0x200B: "", 0x1F1E6: "a", 0xE0061: "", 0xFFFF: "x", 0xD800: "?"}
CHARACTERS = Characters(TABLE)


@pytest.mark.parametrize("size", [3, 100, 101, 4000])
@pytest.mark.parametrize("highest", [0x7F, 0x500, 0xD7FF, 0xFFFF, 0xE0FFF])
def test_they_are_put_as_a_dictionary_would(size: int, highest: int) -> None:
    chance = random.Random(size * highest)
    for _ in range(20):
        text = "".join(chr(chance.randint(0, highest)) for _ in range(size))
        mixed = text + "".join(map(chr, chance.choices(list(TABLE), k=size // 3)))
        for each in (text, mixed, mixed.encode("utf-16-le", "replace").decode("utf-16-le")):
            assert CHARACTERS.put_in(each) == each.translate(TABLE)


@pytest.mark.parametrize("text", ["", "abc'd e", "想die死", "a😀b", "half \ud83d of a pair", "ﬀ Ⅳ ａ"])
def test_letters_are_found_over_bytes_where_they_stand(text: str) -> None:
    assert LETTERS.of(text) == Only("abcdefghijklmnopqrstuvwxyz'").of(text)
    assert len(LETTERS.of(text)) == len(text)


def test_matches_are_changed_where_they_stand_in_any_script() -> None:
    letters = expression(r"[a-z]+")
    assert rewrite(letters, "我ab😀cd é ef", str.upper) == "我AB😀CD é EF"
    assert rewrite(letters, "我ab😀cd é ef", lambda found: "死" if found == "cd" else None) == "我ab😀死 é ef"
    assert rewrite(letters, "我ab😀cd é ef", str.upper, 1) == "我AB😀cd é ef"
