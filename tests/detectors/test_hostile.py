"""Texts made to be slow or to bury: the look stays whole, and a cry for help in the middle is still seen."""

import base64

import pytest

from anban.detectors.panel import Panel
from anban.detectors.signal import Window
from tests.detectors.reading import level

_SIZE = 32_000
_FILLERS = {
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
}


@pytest.mark.parametrize("filler", _FILLERS.values(), ids=_FILLERS)
def test_a_cry_for_help_is_seen_in_the_middle_of_a_hostile_text(panel: Panel, filler: str) -> None:
    half = (filler * _SIZE)[: _SIZE // 2 - 20]
    reading = panel.look(Window(f"{half}\n我不想活了，药已经买好了。\n{half}"), 1e9)
    assert reading.unavailable == ()
    assert level(reading) >= 3
