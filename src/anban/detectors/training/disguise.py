"""Adds disguised copies of some texts, so that the model has met such: no marks, other script, other spelling."""

import zlib
from collections.abc import Sequence
from dataclasses import replace

import opencc

from anban.detectors.training.pool import Row

_SPACED = 40  # characters of a text that somebody would set apart by hand
_EVERY = 5  # one written text in so many gets a disguised copy
_TRADITIONAL = opencc.OpenCC("s2t")
_SWAPS = (("自杀", "紫砂"), ("自杀", "zs"), ("想死", "想亖"), ("死", "4"), ("kill", "k1ll"), ("suicide", "su1cide"),
          ("want to", "wanna"), ("going to", "gonna"), ("because", "bc"), ("you", "u"), ("don't", "dont"),
          ("can't", "cant"), ("I'm", "im"), ("tonight", "2nite"), ("，", " "), ("。", ""))  # fmt: skip


def disguised(rows: Sequence[Row]) -> list[Row]:
    """The rows, and for one written row in five, whatever its labels, a copy that says the same in other spelling."""
    made = list(rows)
    for row in rows:
        if "/" in row.source:
            continue
        number = zlib.crc32(row.text.encode("utf-8", "replace"))
        if number % _EVERY == 0:
            text = _other(row.text, number // _EVERY)
            if text != row.text:
                made.append(replace(row, text=text))
    return made


def _other(text: str, number: int) -> str:
    match number % 5:
        case 0:
            return text.replace("，", "").replace("。", "").replace(",", "").replace(".", "").lower()
        case 1:
            return _TRADITIONAL.convert(text)
        case 2:
            for plain, odd in _SWAPS:
                text = text.replace(plain, odd)
            return text
        case 3 if len(text) <= _SPACED:
            return " ".join(text)
        case _:
            return text.lower().replace("'", "") + "。。。"
