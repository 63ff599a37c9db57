"""Readings of text that is hidden by an encoding: base64, hex, URL, HTML entities, backslash escapes."""

import base64
import binascii
import html
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import re2

_BASE64 = re2.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = re2.compile(r"(?:[0-9a-fA-F]{2}[ ,:]?){8,}|(?:\\x[0-9a-fA-F]{2}){4,}|(?:0x[0-9a-fA-F]{2}[ ,]?){4,}")
_URL = re2.compile(r"(?:%[0-9a-fA-F]{2}){2,}")
_ENTITY = re2.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[a-z]{2,8});")
_ESCAPE = re2.compile(r"\\u\{?[0-9a-fA-F]{4,6}\}?")
_BITS = re2.compile(r"(?:[01]{8}\s?){4,}")
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
        found.append(("escapes", _replace(_ESCAPE, raw, _unescape)))
    if _HEX.search(raw):
        found.append(("hex", _replace(_HEX, raw, _unhex)))
    if _BITS.search(raw):
        found.append(("bits", _replace(_BITS, raw, _unbit)))
    if _BASE64.search(raw):
        found.append(("base64", _replace(_BASE64, raw, _unbase64)))
    return [(name, text) for name, text in found if text != raw]


def _replace(pattern: Any, raw: str, opened: Callable[[str], str | None]) -> str:
    parts: list[str] = []
    at = 0
    for count, match in enumerate(pattern.finditer(raw)):
        if count >= _MOST * (16 if pattern is _ESCAPE else 1):
            break
        plain = opened(match.group()[:_WIDEST])
        if plain is not None:
            parts.append(raw[at : match.start()] + plain)
            at = match.end()
    return "".join(parts) + raw[at:]


def _readable(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() or all(c.isprintable() or c.isspace() for c in text) else None


def _unbase64(token: str) -> str | None:
    body = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _readable(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))
    except (binascii.Error, ValueError):
        return None


def _unhex(token: str) -> str | None:
    digits = token.replace("\\x", "").replace("0x", "")
    digits = digits.replace(" ", "").replace(",", "").replace(":", "")
    return _readable(bytes.fromhex(digits)) if len(digits) % 2 == 0 else None


def _unbit(token: str) -> str | None:
    bits = "".join(token.split())
    return _readable(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) // 8 * 8, 8)))


def _unescape(token: str) -> str | None:
    code = int(token[2:].strip("{}"), 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else None
