"""One reading of a text that undoes what hides words without changing them: forms, invisible marks, case, script."""

import unicodedata
from dataclasses import dataclass

import opencc

from anban.detectors.readings.characters import Characters

_INVISIBLE = (
    *range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xAD, 0x34F, 0x61C, 0x115F, 0x1160,
    0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070),
    0x3164, 0xFEFF, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFFC), *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0),
)  # fmt: skip
_PLAIN = Characters({
    **dict.fromkeys(_INVISIBLE, ""),
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    **dict.fromkeys((0, 160, 5760, *range(8192, 8203), 8239, 8287, 12288), " "),
    **dict.fromkeys((8216, 8217, 8242, 96, 180, 700), "'"),
    **dict.fromkeys((8220, 8221), '"'),
    0x2028: "\n",
    0x2029: "\n",
    0x0D: "\n",
    0xFF40: "'",  # the wide grave accent is what the plain one is, in one step
})  # fmt: skip
_TO_SIMPLIFIED = opencc.OpenCC("t2s")


@dataclass(frozen=True, slots=True)
class View:
    """One reading of the raw text. `at[i]` is the raw index of character i; None when it cannot be pointed at."""

    name: str
    text: str
    at: tuple[int, ...] | None = None

    def raw_span(self, start: int, end: int) -> tuple[int, int] | None:
        """The raw (start, end) behind a span of this view."""
        if self.at is None or not 0 <= start < end <= len(self.at):
            return None
        return self.at[start], self.at[end - 1] + 1


def fold(text: str) -> str:
    """The text as every detector reads it: NFKC, no invisible or bidi marks, lower case, simplified characters.

    Idempotent and linear; never raises, whatever the code points (Unicode UAX #15, UTS #39).
    """
    if text.isascii():
        return _PLAIN.put_in(text).lower()
    text = _PLAIN.put_in(text)
    for _ in range(5):
        folded, settled = _fold_once(text)
        if settled or folded == text:
            return folded
        text = folded
    return text


def _fold_once(mapped: str) -> tuple[str, bool]:
    """One pass over a text of plain marks, and whether a second one could change nothing.

    Only NFKC can bring back a mark that is not plain: lower case and simplified characters hold none.
    """
    normal = unicodedata.normalize("NFKC", mapped)
    settled = normal == mapped
    if not settled:
        mapped = _PLAIN.put_in(normal)
    lowered = mapped.lower()
    if not _has_han(lowered):
        return lowered, settled and lowered == mapped
    simple = _TO_SIMPLIFIED.convert(lowered)
    return simple, settled and simple == mapped


def _has_han(text: str) -> bool:
    return not text.isascii() and any(map("\u2e80".__le__, text))


def folded_view(raw: str) -> View:
    """The folded text with its way back to the raw one; the way back is exact, or absent."""
    text = fold(raw)
    return View("raw" if text == raw else "folded", text, None)


def way_back(raw: str, text: str) -> tuple[int, ...] | None:
    """For each character of a folded text its index in `raw`, found character by character; None when they part."""
    if len(raw) == len(text):
        return tuple(range(len(raw)))
    back: list[int] = []
    for index, char in enumerate(raw):
        back.extend([index] * len(fold(char)))
    return tuple(back) if len(back) == len(text) else None
