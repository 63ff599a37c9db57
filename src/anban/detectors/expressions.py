"""The one door to google-re2: linear-time expressions, never a backtracking one over what a user wrote."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any, Protocol, cast

import re2


class Found(Protocol):
    """One match."""

    def group(self, which: int = 0, /) -> Any: ...
    def start(self) -> int: ...
    def end(self) -> int: ...
    def span(self) -> tuple[int, int]: ...


class Expression(Protocol):
    """A compiled expression."""

    def search(self, text: str, /) -> Found | None: ...
    def finditer(self, text: str, /) -> Iterator[Found]: ...
    def findall(self, text: str, /) -> list[Any]: ...
    def split(self, text: str, /) -> list[str]: ...
    def sub(self, put: str, text: str, /) -> str: ...


@cache
def expression(pattern: str) -> Expression:
    """The pattern compiled; raises `re2.error` for one that RE2 cannot run in linear time (look-around, references)."""
    return cast("Expression", re2.compile(pattern))


def rewrite(pattern: Expression, text: str, change: Callable[[str], str | None], most: int = 1 << 30) -> str:
    """The text with each match of `pattern` (the first `most`) changed; None from `change` leaves it as it is."""
    # Over bytes: places in a str are counted anew for every match.
    raw = text.encode("utf-8")
    parts: list[bytes] = []
    at = 0
    for match in islice(pattern.finditer(cast("Any", raw)), most):
        if (put := change(match.group().decode("utf-8"))) is not None:
            start, end = match.span()
            parts += (raw[at:start], put.encode("utf-8"))
            at = end
    return (b"".join(parts) + raw[at:]).decode("utf-8") if parts else text
