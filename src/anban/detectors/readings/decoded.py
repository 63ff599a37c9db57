"""Readings of text that is hidden by an encoding: base64, hex, bits, Morse, URL, HTML entities, backslash escapes."""

import base64
import binascii
import html
from collections.abc import Callable
from functools import cache
from urllib.parse import unquote, unquote_plus

from anban.detectors.expressions import Expression, expression, rewrite
from anban.detectors.readings.english import english
from anban.detectors.readings.spellings import HERE
from anban.detectors.tables import read_yaml

_BASE64 = expression(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_BASE32 = expression(r"\b(?:[A-Z2-7]{16,}|[a-z2-7]{24,})={0,6}")
_HEX = expression(
    r"\b(?:[0-9a-fA-F]{2}[ ,:]?){7,}[0-9a-fA-F]{2}\b|(?:\\x[0-9a-fA-F]{2}){3,}"
    r"|\b(?:0x[0-9a-fA-F]{2}[ ,]{0,2}){2,}0x[0-9a-fA-F]{2}\b"
    r"|\b[0-9a-fA-F]{2}(?:[ ,:-][0-9a-fA-F]{2}){2,}\b|\b[0-9a-fA-F]{6,}\b"
)
_HEX_MARKS = str.maketrans("", "", " ,:-")
_URL = expression(r"(?:%[0-9a-fA-F]{2}){2,}")
_ENTITY = expression(r"&(?:#\d{2,7};?|#[xX][0-9a-fA-F]{2,6};?|[a-z]{2,8};)")
_ESCAPE = expression(r"(?:(?:\\u|%u|U\+)\{?[0-9a-fA-F]{4,6}\}?[ ,]?|\\U[0-9a-fA-F]{8})+")
_BITS = expression(r"(?:[01]{8}\s?){2,}[01]{8}")
_CODES = expression(r"\b(?:\d{2,3}[ ,]{1,2}){3,}\d{2,3}\b")
_PLACES = expression(r"\b\d{1,2}(?:-\d{1,2})+(?:[ /,]{1,3}\d{1,2}(?:-\d{1,2})*)*\b")
_MORSE = expression(r"(?:[.\-·•–—−_]{1,6}[ /|]{1,5}){3,}[.\-·•–—−_]{1,6}")
_ODD = expression(  # without any of these nothing in a text is encoded
    r"[%&\\+]|[0-9a-fA-F][0-9]|[0-9][ -][0-9]|[a-z][A-Z0-9]|[A-Z0-9]{8}|[.\-·•–—−_] [.\-·•–—−_]|[a-z2-7]{24}"
)
_LETTER_GAP = expression(r"[^.\-]+")
_DOTS = str.maketrans("·•–—−_", "..----")
_MOST = 40  # tokens of one kind that are tried, and
_WIDEST = 4096  # how much of each
_LEAST_PLACES = 4
_LAYERS = 2
_LEAST_LETTERS = 0.6  # of what comes out, the share that is letters or Chinese characters; without it, it is a number


def decodings(raw: str) -> list[tuple[str, str]]:
    """(name, text) of each reading that an encoding hides, none when nothing looks encoded; bounded work.

    Each layer is the text with all that is encoded in it opened, named by the first encoding met; two are undone.
    """
    found: list[tuple[str, str]] = []
    text = raw
    for _ in range(_LAYERS):
        if not _ODD.search(text):
            break
        name, plain = _opened(text)
        if plain in (text, raw):
            break
        found.append((name, plain))
        text = plain
    return found


def _opened(raw: str) -> tuple[str, str]:
    """The text with every kind of encoding opened once, and the first kind that changed it."""
    first = ""
    for name, change in _KINDS.items():
        plain = change(raw)
        if plain != raw:
            first, raw = first or name, plain
    return first, raw


def _unurl(text: str) -> str:
    if "%" not in text or not _URL.search(text):
        return text
    return (unquote if " " in text else unquote_plus)(text, errors="replace")


def _unentity(text: str) -> str:
    return html.unescape(text) if "&" in text and _ENTITY.search(text) else text


def _readable(data: bytes, least: float = 0.0) -> str | None:
    """The bytes as text, if they are one, with at least that share of Latin letters and Chinese characters."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not (text.isprintable() or all(c.isprintable() or c.isspace() for c in text)):
        return None
    return text if _wordy(text, least) else None


def _wordy(text: str, least: float) -> bool:
    return sum("a" <= c.lower() <= "z" or c == " " or "\u3400" <= c <= "\u9fff" for c in text) >= least * len(text)


def _unbase64(token: str) -> str | None:
    body = token[:_WIDEST].rstrip("=").replace("-", "+").replace("_", "/")
    if body.islower() or body.isdigit() or body.isupper() or body.istitle():
        return None  # a word, a number
    try:
        return _readable(base64.b64decode(body + "=" * (-len(body) % 4), validate=True), _LEAST_LETTERS)
    except (binascii.Error, ValueError):
        return None


def _unbase32(token: str) -> str | None:
    body = token[:_WIDEST].rstrip("=").upper()
    try:
        return _readable(base64.b32decode(body + "=" * (-len(body) % 8)), _LEAST_LETTERS)
    except (binascii.Error, ValueError):
        return None


def _unhex(token: str) -> str | None:
    """Bytes in hexadecimal; a short English word before or after them may look like one of them."""
    token = token[: 4 * _WIDEST]
    lead, tail = "", ""
    for _ in range(2):
        digits = token.replace("\\x", "").replace("0x", "").translate(_HEX_MARKS)
        text = _readable(bytes.fromhex(digits), _LEAST_LETTERS) if len(digits) % 2 == 0 and len(digits) > 4 else None
        if text is not None:
            return lead + text + tail
        if token[:2].isalpha() and token[2:3] == " ":
            lead, token = token[:3], token[3:]
        elif token[-2:].isalpha() and token[-3:-2] == " ":
            tail, token = token[-3:], token[:-3]
        else:
            return None
    return None


def _unbit(token: str) -> str | None:
    bits = "".join(token[: 4 * _WIDEST].split())
    return _readable(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) // 8 * 8, 8)), _LEAST_LETTERS)


def _uncode(token: str) -> str | None:
    codes = [int(code) for code in token[:_WIDEST].replace(",", " ").split()]
    return _readable(bytes(codes), 0.9) if all(31 < code < 127 for code in codes) else None


def _unplaced(token: str) -> str | None:
    """Letters by their place in the alphabet, `4-9-5`: only where they make words we know."""
    rows = token[:_WIDEST].replace("/", " ").replace(",", " ").split()
    places = [[int(place) for place in row.split("-")] for row in rows]
    if not all(0 < place <= 26 for row in places for place in row) or sum(map(len, places)) < _LEAST_PLACES:
        return None
    words = ["".join(chr(96 + place) for place in row) for row in places]
    return " ".join(words) if sum(map(english().knows, words)) * 3 >= 2 * len(words) else None


def _unmorse(token: str) -> str | None:
    """Dots and dashes as letters: a blank parts two letters, a stroke or a wider gap two words."""
    letters = _morse()
    told: list[str] = []
    plain = token[:_WIDEST].translate(_DOTS)
    at = 0
    for gap in _LETTER_GAP.finditer(plain + " "):
        letter = letters.get(plain[at : gap.start()])
        if letter is None:
            return None
        told.append(letter)
        if len(gap.group()) > 1 or gap.group() in "/|":
            told.append(" ")
        at = gap.end()
    text = "".join(told).strip()
    return text if len(set(text)) > 2 and any(vowel in text for vowel in "aeiou") else None


@cache
def _morse() -> dict[str, str]:
    return read_yaml(HERE / "morse.yaml")


def _unescape(token: str) -> str | None:
    """A row of code points by number; halves of a pair are put together, lone ones left out."""
    token, tail = (token[:-1], token[-1]) if token[-1] in " ," else (token, "")
    plain = token[: 4 * _WIDEST]
    for mark in ("\\u", "\\U", "%u", "U+"):
        plain = plain.replace(mark, "\0")
    codes = [int(code.strip("{} ,"), 16) for code in plain.split("\0")[1:]]
    if not all(code < 0x110000 for code in codes):
        return None
    pairs = "".join(map(chr, codes)).encode("utf-16-le", "surrogatepass")
    return pairs.decode("utf-16-le", "ignore") + token[4 * _WIDEST :] + tail


def _each(pattern: Expression, change: Callable[[str], str | None]) -> Callable[[str], str]:
    return lambda text: rewrite(pattern, text, change, _MOST)


_KINDS: dict[str, Callable[[str], str]] = {
    "url": _unurl,
    "entities": _unentity,
    "escapes": _each(_ESCAPE, _unescape),
    "bits": _each(_BITS, _unbit),
    "hex": _each(_HEX, _unhex),
    "codes": _each(_CODES, _uncode),
    "places": _each(_PLACES, _unplaced),
    "morse": _each(_MORSE, _unmorse),
    "base32": _each(_BASE32, _unbase32),
    "base64": _each(_BASE64, _unbase64),
}
