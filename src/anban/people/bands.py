"""Age bands: how old somebody may be, in the seven steps that rules for minors and elders use."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Band = Literal["under-3", "3-7", "8-11", "12-15", "16-17", "adult", "elder"]

LOWEST: Final[Mapping[str, int]] = MappingProxyType(
    {"under-3": 0, "3-7": 3, "8-11": 8, "12-15": 12, "16-17": 16, "adult": 18, "elder": 60}
)
"""Band -> the youngest age in it."""

HIGHEST: Final[Mapping[str, int]] = MappingProxyType({"under-3": 2, "3-7": 7, "8-11": 11, "12-15": 15, "16-17": 17})
"""Band of minors -> the oldest age in it."""

MINORS: Final = frozenset({"under-3", "3-7", "8-11", "12-15", "16-17"})

_STATED: Final[Mapping[str, Band]] = MappingProxyType(
    {
        "under-3": "under-3", "3-7": "3-7", "under_8": "3-7", "8-11": "8-11", "12-15": "12-15", "16-17": "16-17",
        "adult": "adult", "elder": "elder",
    }
)  # fmt: skip
"""What the management API and the detectors call a band -> its name here. Who writes is hardly under 3."""


def band_named(name: str | None) -> Band | None:
    """The band of this name, by whichever of its names; None for none."""
    return None if name is None else _STATED.get(name)


def band_of(age: int, *, elder_age: int) -> Band:
    """The band of somebody of so many years."""
    if age >= elder_age:
        return "elder"
    found: Band = "under-3"
    for name, lowest in LOWEST.items():
        if name != "elder" and age >= lowest:
            found = _STATED[name]
    return found


def stated_as(band: Band) -> str:
    """The band as a stated fact of a person (`users.age_band`)."""
    return "under_8" if band in ("under-3", "3-7") else band
