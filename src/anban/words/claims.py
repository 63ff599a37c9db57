"""Sentences that promise or report an act, and when they are true."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import re2

from anban.words.helplines import Lang
from anban.words.promise import Condition, PromiseState, read_condition


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    allowed: list[str]
    zh: list[str]
    en: list[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """One kind of claim. It is true when any of `allowed` holds; with none, never."""

    id: str
    allowed: tuple[Condition, ...]

    def true_in(self, state: PromiseState) -> bool:
        return any(condition.holds(state) for condition in self.allowed)


def claims(text: str, lang: Lang) -> tuple[Claim, ...]:
    """What `text` says has been done or will be done by others: told, paged, joined, contacted, called."""
    return tuple(claim for claim, pattern in _patterns(lang) if pattern.search(text))


@cache
def _patterns(lang: Lang) -> tuple[tuple[Claim, Any], ...]:
    raw = files("anban.words").joinpath("rules", "claims.yaml").read_bytes()
    return tuple(
        (
            Claim(entry.id, tuple(read_condition(condition) for condition in entry.allowed)),
            re2.compile("(?i)" + "|".join(f"(?:{one})" for one in (entry.zh if lang == "zh" else entry.en))),
        )
        for entry in msgspec.yaml.decode(raw, type=list[_Entry])
    )
