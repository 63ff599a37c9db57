"""One answer to "who is this, as far as the rules care?"."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from anban.words.helplines import Audience

MINOR_BANDS = frozenset({"under_8", "8-11", "12-15", "16-17"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Age group and mode together, and on what ground (stated, mode, or unknown)."""

    audience: Audience = "adult"
    ground: str = "unknown"

    @property
    def is_minor(self) -> bool:
        return self.audience == "minor"

    @property
    def groups(self) -> frozenset[str]:
        """The groups of persons that a parameter's `who:` may name."""
        if self.is_minor:
            return frozenset({"minors", "known-minors"})
        return frozenset({"elders"}) if self.audience == "elder" else frozenset()


class Stated(Protocol):
    """What was stated about a person's age: a `User` has it, and so has a row of theirs."""

    @property
    def mode(self) -> str | None: ...
    @property
    def age_band(self) -> str | None: ...
    @property
    def birth_year(self) -> int | None: ...


def standing_of(user: Stated | None, at: datetime, *, minor_age: int, elder_age: int) -> Standing:
    """Standing from stated facts. A mode or band wins over a birth year; a year counts as its last day."""
    if user is None:
        return Standing()
    if user.mode == "minor" or user.age_band in MINOR_BANDS:
        return Standing("minor", "mode" if user.mode == "minor" else "stated")
    if user.mode == "elder" or user.age_band == "elder":
        return Standing("elder", "mode" if user.mode == "elder" else "stated")
    if user.birth_year is not None:
        # The birthday is unknown, so the person may still be one year younger than the years' difference.
        youngest = at.year - user.birth_year - 1
        if youngest < minor_age:
            return Standing("minor", "stated")
        if youngest + 1 >= elder_age:
            return Standing("elder", "stated")
        return Standing("adult", "stated")
    return Standing("adult", "stated" if user.age_band == "adult" else "unknown")
