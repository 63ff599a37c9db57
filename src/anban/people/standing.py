"""One answer to "who is this, as far as the rules care?"."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from sqlalchemy import Connection

from anban.law.rulebook import Rulebook
from anban.people.bands import HIGHEST, LOWEST, Band, band_named, band_of
from anban.people.family import NO_FAMILY, Family, family_of
from anban.people.limits import NONE, Limits
from anban.people.models import User
from anban.words.helplines import Audience

__all__ = ["NO_FAMILY", "Family", "Standing", "Stated", "family_of", "standing_at", "standing_of", "standing_with"]

MINOR_BANDS = frozenset({"under_8", "8-11", "12-15", "16-17"})

GROUNDS: Mapping[str, str] = MappingProxyType(
    {"suspected": "suspected", "device": "device", "guardian": "guardian", "appeal": "mode", "chosen": "mode"}
)
"""Why the mode is what it is -> the ground on which somebody stands."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Age group, mode, consents and limits together, and on what ground.

    `ground` is stated, verified, mode, suspected, device, guardian or unknown. `band` is None where no age is known at
    all, `youngest` and `oldest` then too; else those are the youngest and the oldest age that fit what is known, and
    `oldest` stays None where it has no bound. `registered`: age and the contact that the law asks for are on file, and
    the contact has accepted; a suspicion alone asks nobody for a guardian. `consents` are the purposes in force.
    """

    audience: Audience = "adult"
    ground: str = "unknown"
    band: Band | None = None
    youngest: int | None = None
    oldest: int | None = None
    suspected: bool = False
    registered: bool = False
    guardian_bound: bool = False
    consents: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    own_limits: Limits = NONE
    guardian_limits: Limits = NONE

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
    """What was stated about a person's age: a `User` has it, and so has a row of theirs (with `mode_ground` or not)."""

    @property
    def mode(self) -> str | None: ...
    @property
    def age_band(self) -> str | None: ...
    @property
    def birth_year(self) -> int | None: ...


def standing_of(user: Stated | None, at: datetime, *, minor_age: int, elder_age: int) -> Standing:
    """Standing from stated facts alone. A mode or band wins over a birth year; a year counts as its last day."""
    if user is None:
        return Standing()
    aged = _aged(user, at, minor_age, elder_age)
    if user.mode == "minor":
        ground = GROUNDS.get(getattr(user, "mode_ground", None) or "chosen", "mode")
        known = aged if aged.is_minor else Standing()
        return Standing("minor", ground, known.band, known.youngest, known.oldest, suspected=ground == "suspected")
    if aged.is_minor:
        return aged
    if user.mode == "elder":
        return Standing("elder", "mode", aged.band or "elder", aged.youngest)
    return aged


def standing_with(user: Stated | None, family: Family, at: datetime, *, minor_age: int, elder_age: int) -> Standing:
    """Standing from everything on file about the person (`family_of`)."""
    plain = standing_of(user, at, minor_age=minor_age, elder_age=elder_age)
    band, youngest, oldest, ground = plain.band, plain.youngest, plain.oldest, plain.ground
    for kind, each in family.ages:
        fits = (each not in ("adult", "elder")) == plain.is_minor
        if fits and kind == "verified" and ground == "stated":
            ground = "verified"
        if fits and band is None:
            # What somebody's way of writing suggests is no age that is known.
            band, youngest, oldest = each, LOWEST[each], None if kind in ("chat", "appeal") else HIGHEST.get(each)
    full = replace(
        plain,
        ground=ground,
        band=band,
        youngest=youngest,
        oldest=oldest,
        guardian_bound=family.guardian_bound,
        consents=frozenset(name for name, until in family.consents.items() if until is None or until > at),
        blocked=family.blocked,
        own_limits=family.limits.get("self", NONE),
        guardian_limits=family.limits.get("guardian", NONE),
    )
    return replace(full, registered=_registered(full, family))


def standing_at(connection: Connection, user: User, at: datetime, rules: Rulebook) -> Standing:
    """The same, read now; for what is no turn."""
    ages = {"minor_age": rules.whole("minor-age"), "elder_age": rules.whole("elder-age")}
    return standing_with(user, family_of(connection, user), at, **ages)


def _registered(standing: Standing, family: Family) -> bool:
    if standing.ground == "unknown":
        return False
    match standing.audience:
        case "minor" if standing.suspected:
            return True
        case "minor":
            return family.guardian_bound or "guardian" in family.accepted
        case "elder":
            return bool(family.accepted)
        case _:
            return True


def _aged(user: Stated, at: datetime, minor_age: int, elder_age: int) -> Standing:
    band = band_named(user.age_band)
    if band is not None and user.age_band in MINOR_BANDS:
        return Standing("minor", "stated", band, LOWEST[band], HIGHEST[band])
    if band == "elder":
        return Standing("elder", "stated", band, LOWEST[band])
    if user.birth_year is not None:
        # The birthday is unknown, so the person may still be one year younger than the years' difference.
        youngest = max(0, at.year - user.birth_year - 1)
        if youngest < minor_age:
            return Standing("minor", "stated", band_of(youngest, elder_age=elder_age), youngest, youngest + 1)
        if youngest + 1 >= elder_age:
            return Standing("elder", "stated", "elder", youngest)
        return Standing("adult", "stated", "adult", youngest)
    if band == "adult":
        return Standing("adult", "stated", "adult", LOWEST["adult"])
    return Standing()
