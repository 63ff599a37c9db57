"""Ways in which people hide words, as functions, to measure how much the readings undo. Never used to train."""

import base64
import urllib.parse
from collections.abc import Callable
from functools import cache

import opencc

_LOOKALIKE = str.maketrans("aceopxyi", "асеорхуі")
_DIGITS = str.maketrans("aeiost", "431057")


@cache
def _traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


FAMILIES: dict[str, dict[str, Callable[[str], str]]] = {
    "zh": {
        "zero_width": lambda text: "\u200b".join(text),
        "traditional": lambda text: _traditional().convert(text),
        "spacing": lambda text: " ".join(text),
        "punctuated": lambda text: "*".join(text),
        "reversed": lambda text: text[::-1],
        "base64": lambda text: base64.b64encode(text.encode()).decode(),
        "url": urllib.parse.quote,
        "entities": lambda text: "".join(f"&#{ord(c)};" for c in text),
    },
    "en": {
        "zero_width": lambda text: "\u200d".join(text),
        "homoglyph": lambda text: text.lower().translate(_LOOKALIKE),
        "compat_forms": _wide,
        "spacing": lambda text: "   ".join(" ".join(word) for word in text.split()),
        "leet": lambda text: text.lower().translate(_DIGITS),
        "reversed": lambda text: text[::-1],
        "base64": lambda text: base64.b64encode(text.encode()).decode(),
        "hex": lambda text: text.encode().hex(),
        "url": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    },
}  # family -> what it makes of a text
