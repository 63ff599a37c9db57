"""Takes the fields out of one YAML mapping; whatever is missing, unknown or misshapen is refused with file and key."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import TypeVar, cast

from anban.base.errors import Misconfigured
from anban.law.model import Both, Cite, Instrument, Single, Value

T = TypeVar("T", bound=str)
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ITEM = re.compile(r"(.*)\(([0-9]+|[a-z])\)")


class Form:
    """One mapping being read. Take each field once, then call `done`; a key nobody took is an unknown key."""

    def __init__(self, file: str, plain: object, at: str = "") -> None:
        self.file = file
        self._at = at
        if not isinstance(plain, dict):
            raise self.wrong("", "must be a mapping")
        self._left = dict(cast("dict[str, object]", plain))

    def wrong(self, key: str, why: str) -> Misconfigured:
        """The error to raise for `key` of this file."""
        where = f"{self._at}{key}"
        return Misconfigured(f"{self.file}: {where + ': ' if where else ''}{why}", field=where or None)

    def done(self) -> None:
        if self._left:
            raise self.wrong(next(iter(self._left)), "unknown key")

    def has(self, key: str) -> bool:
        return key in self._left

    def raw(self, key: str) -> object:
        if key not in self._left:
            raise self.wrong(key, "is missing")
        return self._left.pop(key)

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and key not in self._left:
            return default
        found = self.raw(key)
        if not isinstance(found, str) or (default is None and not found.strip()):
            raise self.wrong(key, "must be a text")
        return found

    def name(self, key: str) -> str:
        found = self.text(key)
        if not _NAME.fullmatch(found):
            raise self.wrong(key, f"{found!r} is not a kebab-case name")
        return found

    def choice(self, key: str, allowed: Iterable[T], default: T | None = None) -> T:
        if default is not None and key not in self._left:
            return default
        found = self.raw(key)
        for each in allowed:
            if each == found:
                return each
        raise self.wrong(key, f"{found!r} is not one of {', '.join(allowed)}")

    def both(self, key: str) -> Both:
        part = self.part(key)
        words = Both(zh=part.text("zh"), en=part.text("en"))
        part.done()
        return words

    def day(self, key: str) -> date:
        found = self.raw(key)
        if not isinstance(found, date):
            raise self.wrong(key, "must be a date (YYYY-MM-DD)")
        return found

    def whole(self, key: str, default: int) -> int:
        if key not in self._left:
            return default
        found = self.raw(key)
        if isinstance(found, bool) or not isinstance(found, int):
            raise self.wrong(key, "must be a whole number")
        return found

    def list(self, key: str) -> list[object]:
        found = self.raw(key)
        if not isinstance(found, list):
            raise self.wrong(key, "must be a list")
        return cast("list[object]", found)

    def names(self, key: str) -> tuple[str, ...]:
        """A list of texts without repeats; an absent key is an empty list."""
        if key not in self._left:
            return ()
        found = self.list(key)
        texts = tuple(each for each in found if isinstance(each, str))
        if len(texts) != len(found) or len(set(texts)) != len(texts):
            raise self.wrong(key, "must be a list of different texts")
        return texts

    def part(self, key: str) -> "Form":
        return Form(self.file, self.raw(key), f"{self._at}{key}.")

    def parts(self, key: str) -> "list[Form]":
        return [Form(self.file, each, f"{self._at}{key}[{n}].") for n, each in enumerate(self.list(key))]

    def keyed(self, key: str) -> "list[tuple[str, Form]]":
        """The entries of a mapping of mappings, in order."""
        found = self.raw(key)
        if not isinstance(found, dict) or not found:
            raise self.wrong(key, "must be a mapping that is not empty")
        entries = cast("dict[str, object]", found)
        return [(name, Form(self.file, entry, f"{self._at}{key}.{name}.")) for name, entry in entries.items()]

    def value(self, key: str) -> Value:
        """A single value, a list of them or a mapping of names to them, frozen."""
        found = self.raw(key)
        if isinstance(found, dict):
            table = cast("dict[str, object]", found)
            singles = {name: self._single(f"{key}.{name}", each) for name, each in table.items()}
            if not singles:
                raise self.wrong(key, "is empty")
            return MappingProxyType(singles)
        if isinstance(found, list):
            return tuple(self._single(key, each) for each in cast("list[object]", found))
        return self._single(key, found)

    def _single(self, key: str, found: object) -> Single:
        if isinstance(found, bool | int | float | str):
            return found
        raise self.wrong(key, "must be a number, a text or a switch")

    def cites(self, key: str, instruments: Mapping[str, Instrument]) -> tuple[Cite, ...]:
        """Citations, each checked against the clauses that its instrument lists."""
        found = self.names(key)
        if not found:
            raise self.wrong(key, "cites nothing")
        return tuple(self._cite(key, each, instruments) for each in found)

    def _cite(self, key: str, text: str, instruments: Mapping[str, Instrument]) -> Cite:
        name, _, place = text.partition(" ")
        if name not in instruments:
            raise self.wrong(key, f"{text!r} cites an instrument that is not in the register")
        if not _listed(place, instruments[name]):
            raise self.wrong(key, f"{text!r} cites a clause that {name} does not list")
        return Cite(name, place)


def _listed(place: str, text: Instrument) -> bool:
    """Whether the clause, or the clause that this numbered item belongs to, is listed."""
    if place in text.clauses:
        return True
    item = _ITEM.fullmatch(place)
    if item is None or item[1] not in text.clauses:
        return False
    return item[2].isdigit() and 1 <= int(item[2]) <= text.clauses[item[1]].items
