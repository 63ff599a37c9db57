"""What leaves for another company leaves without what says who somebody is."""

import os
import re
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from threading import Lock
from typing import Any, Final

import orjson

from anban.detectors.personal.identifiers import find
from anban.detectors.places import Put, put_in
from anban.detectors.signal import Said, Window

REMEMBERED: Final = 65_536
"""Texts of which it is remembered where identifiers stand: an app sends its whole history with every message."""

_SALT: Final = os.urandom(16)
_STRINGS: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


_PUBLIC: Final = "[cn-landline]"
"""In an app's own prompt a landline is a help line and nobody's home: masked, it could be shown to somebody in need."""


def minimised(text: str, *, prompt: bool = False) -> str:
    """The text with each identifier as `[kind]`: nothing of it is left, and the sentence still reads.

    In a `prompt`, which the app wrote, numbers of help lines stay.
    """
    found = tuple(each for each in _places.of(text) if not (prompt and each[0] == _PUBLIC))
    return put_in(text, found) if found else text


def minimised_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """A chat body as `whitelist.forwardable` makes it, with every message minimised; the given one stays as it is.

    A text seen before costs a digest; a new one 0.7 ms a thousand characters, and 4 ms where they are full of numbers.
    """
    return {**body, "messages": [_message(each) for each in body.get("messages", ())]}


def minimised_json(text: str) -> str:
    """The same in JSON, which stays JSON: a number that stands outside of a string gets quotes with its mask.

    A server that cannot read one call of a history would refuse every later turn of that conversation.
    """
    found = _places.of(text)
    if not found or not _is_json(text):
        return minimised(text)
    strings = [match.span() for match in _STRINGS.finditer(text)]
    begins = [first for first, _ in strings]

    def inside(start: int, end: int) -> bool:
        at = bisect_left(begins, start) - 1
        return at >= 0 and end < strings[at][1]

    puts = [(kind if inside(start, end) else f'"{kind}"', start, end) for kind, start, end in found]
    return put_in(text, puts)


def minimised_window(window: Window) -> Window:
    """What a guard model is shown."""
    recent = tuple(Said(each.role, minimised(each.text)) for each in window.recent)
    return replace(window, text=minimised(window.text), recent=recent)


class _Places:
    """Where identifiers stand in the texts seen last, by salted digest: numbers, and never a word of any text."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[Put, ...]] = OrderedDict()
        self._lock = Lock()

    def of(self, text: str) -> tuple[Put, ...]:
        digest = blake2b(text.encode("utf-8", "surrogatepass"), key=_SALT, digest_size=16).digest()
        with self._lock:
            if (known := self._known.get(digest)) is not None:
                self._known.move_to_end(digest)
                return known
        found = tuple((f"[{each.kind}]", *each.span) for each in find(text))
        with self._lock:
            self._known[digest] = found
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found


_places = _Places()


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(message)
    if isinstance(kept.get("content"), str):
        kept["content"] = minimised(kept["content"], prompt=kept.get("role") in ("system", "developer"))
    if kept.get("tool_calls"):
        kept["tool_calls"] = [
            {**call, "function": {**call["function"], "arguments": minimised_json(call["function"]["arguments"])}}
            for call in kept["tool_calls"]
        ]
    return kept


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
