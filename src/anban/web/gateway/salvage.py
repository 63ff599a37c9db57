"""Finding a person in a request that cannot be read: every text in it, and who may have written it, within bounds."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_plus

MOST_TEXT = 32_000
"""Characters that are looked at; of more, the beginning and the end."""

_MOST_RAW = 256 * 1024
_MOST_TOKENS = 10_000
_LONG = 4_096
_EDGE = 1_024

_TOKENS = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"?(\s*:)?', re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_.-]{0,40}")
_SENTENCES = re.compile(r"[^。！？!?；;.\n]+")
_STREAM = re.compile(rb'"stream"\s*:\s*true')
_PERSON = re.compile(rb'"(safety_identifier|user)"\s*:\s*"((?:[^"\\]|\\.){1,1024})"', re.DOTALL)
_PUNCTUATION = str.maketrans(dict.fromkeys("[]{}:,", " "))
_LITERALS = frozenset({"true", "false", "null"})
_ESCAPES = json.JSONDecoder(strict=False)
_APP_ROLES = frozenset({"system", "developer", "assistant", "tool", "function"})


class _Object(list[tuple[str, Any]]):
    """A JSON object with every pair it was written with, also those that a later one would hide."""


def salvage(raw: bytes) -> str:
    """Every text that can be found in the request, in its order, at most `MOST_TEXT` characters. Never raises."""
    raw = _squeezed(raw)
    try:
        loaded = json.loads(raw, object_pairs_hook=_Object)
    except (ValueError, RecursionError):
        texts = [text for plain in _decoded(raw) for text in _quoted(plain)]
    else:
        texts = list(_texts(loaded))
    return fitted("\n".join(text for text in texts if text), MOST_TEXT)


def wants_stream(raw: bytes) -> bool:
    """Whether a request that cannot be read asks for a stream."""
    return _STREAM.search(raw[:_MOST_RAW] + raw[-_MOST_RAW:]) is not None


def person_in(raw: bytes) -> Iterator[str]:
    """Ids that the body may name its user by, `safety_identifier` before `user`; each still to be checked."""
    found = _PERSON.findall(raw[:_MOST_RAW] + b" " + raw[-_MOST_RAW:])
    for field in (b"safety_identifier", b"user"):
        for name, value in found:
            if name == field:
                yield _unescaped(value.decode("utf-8", "replace"))


def fitted(text: str, most: int) -> str:
    """At most `most` characters: sentences that were said before are left out first, then the middle."""
    if len(text) <= most:
        return text
    text = "\n".join(dict.fromkeys(_SENTENCES.findall(text)))
    return text if len(text) <= most else f"{text[: most // 2 - 1]}\n{text[-(most // 2) :]}"


def _squeezed(raw: bytes) -> bytes:
    """Without the insides of long runs that no person wrote (pictures, sounds); of the rest, beginning and end."""
    if len(raw) <= _MOST_RAW:
        return raw
    if raw.count(b'"') < _MOST_TOKENS:
        pieces = raw.split(b'"')
        raw = b'"'.join(piece if len(piece) < _LONG or _may_be_words(piece) else _edges(piece) for piece in pieces)
    return raw if len(raw) <= 2 * _MOST_RAW else raw[:_MOST_RAW] + b'" "' + raw[-_MOST_RAW:]


def _may_be_words(piece: bytes) -> bool:
    return not piece.isascii() or b" " in piece[:_LONG] or b"\\u" in piece[:_LONG]


def _edges(piece: bytes) -> bytes:
    return piece[:_EDGE] + b" " + piece[-_EDGE:]


def _decoded(raw: bytes) -> Iterator[str]:
    """The bytes as text; where they are not in the encoding they seem to have, also in that of older Chinese apps."""
    encoding = json.detect_encoding(raw)
    plain = raw.decode(encoding, "replace")
    yield plain
    if plain.count("\ufffd") > max(3, len(plain) // 200):
        yield raw.decode("gb18030", "replace")


def _quoted(plain: str) -> Iterator[str]:
    """Texts in quotation marks, closed or not, and the words outside them."""
    outside: list[str] = []
    last = 0
    for number, token in enumerate(_TOKENS.finditer(plain)):
        if number >= _MOST_TOKENS:
            break
        outside.append(plain[last : token.start()])
        last = token.end()
        if not (token[2] and _NAME.fullmatch(token[1])):
            yield _unescaped(token[1])
    outside.append(plain[last:])
    rest = " ".join(outside).translate(_PUNCTUATION)
    if any(not word.isascii() or word.isalpha() for word in set(rest.split()) - _LITERALS) or "%" in rest:
        yield unquote_plus(rest) if "%" in rest else rest


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    for _ in range(_MOST_TOKENS):
        if not waiting:
            return
        current = waiting.pop()
        if isinstance(current, str):
            yield current.encode("utf-8", "replace").decode()
        elif isinstance(current, _Object):
            # What an app says to its model is not what a person says.
            roles = [role for name, role in current if name == "role"]
            if not roles or any(not isinstance(role, str) or role not in _APP_ROLES for role in roles):
                waiting.extend(each for _, each in reversed(current))
        elif isinstance(current, list):
            waiting.extend(reversed(current))


def _unescaped(text: str) -> str:
    if "\\" in text:
        with suppress(ValueError):  # a text that was cut, or escapes that are none, stays as it is
            text = _ESCAPES.decode(f'"{text}"')
    return text.encode("utf-8", "replace").decode()
