"""Texts made to be slow or to bury: the look stays whole, and a cry for help in the middle is still seen."""

import base64
import random

import pytest

from anban.detectors.panel import Panel
from anban.detectors.signal import Window
from tests.detectors.reading import level

SIZE = 32_000
_CHANCE = random.Random(7)


def _any_of(first: int, last: int) -> str:
    """As many characters as a text may have, each by chance; none is half of a pair."""
    codes = (_CHANCE.randint(first, last) for _ in range(SIZE))
    return "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)


FILLERS = {
    "one character of death": "死",
    "a word that sounds like it": "紫砂",
    "letters apart": "k.i.l.l ",
    "brackets": "（([{<【",
    "invisible marks": "a\u200b\u200d",
    "scripts mixed": "wo想die死sы了ａ",
    "base64": base64.b64encode(b"nothing to see here " * 1200).decode(),
    "pinyin": "wo xiang chi fan le zhen de ",
    "pictures": "😀🔪💀😂",
    "one endless word": "abcdefghij",
    "letters apart by blanks": "i w a n t t o ",
    "letters in brackets": "(e)(n)(d)",
    "tags": "<b>a</b>",
    "marks between letters": "a.b-c/d*e_f",
    "broken words": "si nce s he ",
    "glued words": "iwanttogohome ",
    "digits for letters": "h3ll0w0r1d 2 be ",
    "digits that sound alike": "4了算了 想4 484你 ",
    "initials": "bxhl hxs wxs ",
    "pinyin among characters": "想si了我bu活",
    "pinyin with tones": "wo3xiang3si3",
    "bopomofo": "ㄨㄛˇ ㄒㄧㄤˇ ㄙ",
    "upside down": "ǝᴉp oʇ ",
    "words in reverse order": "anymore live to want don't i ",
    "quotes backwards": "“了活想不我”",
    "short lines": "ab\nc\n",
    "morse": "-.. .. . / ",
    "hexadecimal": "64 69 65 ",
    "code points": "U+6211 \\u60f3",
    "base32": "NBSWY3DPEB3W64TMMQ ",
    "numbers of letters": "4-9-5 105 32 119 ",
    "look-alike letters": "іасеоԁ𝓲ᎥᗩᏞ",
    "writing of the young": "莪罘想萿茬",
    "drawn-out letters": "kiiiiill ",
    "any character of the first plane": _any_of(0x20, 0xFFFF),
    "any character of the second plane": _any_of(0x10000, 0x1FFFF),
    "any Chinese character": _any_of(0x4E00, 0x9FFF),
}


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
def test_a_cry_for_help_is_seen_in_the_middle_of_a_hostile_text(panel: Panel, filler: str) -> None:
    half = (filler * SIZE)[: SIZE // 2 - 20]
    reading = panel.look(Window(f"{half}\n我不想活了，药已经买好了。\n{half}"), 1e9)
    assert reading.unavailable == ()
    assert level(reading) >= 3
