"""Readings of text that is hidden by an encoding: base64, hex, URL, HTML entities, backslash escapes."""

import base64
import binascii
import html
from urllib.parse import unquote

from anban.detectors.expressions import expression, rewrite

_BASE64 = expression(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = expression(r"(?:[0-9a-fA-F]{2}[ ,:]?){8,}|(?:\\x[0-9a-fA-F]{2}){4,}|(?:0x[0-9a-fA-F]{2}[ ,]?){4,}")
_URL = expression(r"(?:%[0-9a-fA-F]{2}){2,}")
_ENTITY = expression(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[a-z]{2,8});")
_ESCAPE = expression(r"\\u\{?[0-9a-fA-F]{4,6}\}?")
_BITS = expression(r"(?:[01]{8}\s?){4,}")
_MOST = 8  # tokens of one kind that are opened, and
_WIDEST = 4096  # how long each may be


def decodings(raw: str) -> list[tuple[str, str]]:
    """(name, text) of each reading that an encoding hides, none when nothing looks encoded; bounded work."""
    found: list[tuple[str, str]] = []
    if "%" in raw and _URL.search(raw):
        found.append(("url", unquote(raw, errors="replace")))
    if "&" in raw and _ENTITY.search(raw):
        found.append(("entities", html.unescape(raw)))
    if "\\u" in raw:
        found.append(("escapes", rewrite(_ESCAPE, raw, _unescape, _MOST * 16)))
    if _HEX.search(raw):
        found.append(("hex", rewrite(_HEX, raw, _unhex, _MOST)))
    if _BITS.search(raw):
        found.append(("bits", rewrite(_BITS, raw, _unbit, _MOST)))
    if _BASE64.search(raw):
        found.append(("base64", rewrite(_BASE64, raw, _unbase64, _MOST)))
    return [(name, text) for name, text in found if text != raw]


def _readable(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() or all(c.isprintable() or c.isspace() for c in text) else None


def _unbase64(token: str) -> str | None:
    body = token[:_WIDEST].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _readable(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))
    except (binascii.Error, ValueError):
        return None


def _unhex(token: str) -> str | None:
    digits = token[:_WIDEST].replace("\\x", "").replace("0x", "")
    digits = digits.replace(" ", "").replace(",", "").replace(":", "")
    return _readable(bytes.fromhex(digits)) if len(digits) % 2 == 0 else None


def _unbit(token: str) -> str | None:
    bits = "".join(token[:_WIDEST].split())
    return _readable(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) // 8 * 8, 8)))


def _unescape(token: str) -> str | None:
    code = int(token[2:].strip("{}"), 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else None
