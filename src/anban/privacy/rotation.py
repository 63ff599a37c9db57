"""What the master keys owe now: the one list of steps by which a version comes, wraps, and goes (pure).

A new version is announced, so that every replica knows it before anything is wrapped with it; then it wraps what is
new, and all that older versions wrapped is put under it; the ledger gets a new signing key. An older version that
nothing needs any more stays for a while, so that backups can be restored, and is destroyed: from then on no backup that
was made before the new version opens. What was erased is so gone from backups within `retention-backup-days`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from anban.law.rulebook import Rulebook

State = Literal["announced", "current", "open-only", "destroyed", "missing"]

LOOK_AGAIN: Final = timedelta(days=1)
SOON: Final = timedelta(seconds=5)
RESERVE: Final = timedelta(days=1)
"""Kept free before `retention-backup-days` end, for a service that stands still for a day."""


@dataclass(frozen=True, slots=True)
class Version:
    """One master key. `wraps`: how many stored keys it wraps now. `rewrapped`: how many came to it from older ones."""

    version: int
    mark: str
    state: State
    made_at: datetime
    current_at: datetime | None = None
    rewrapped: int = 0
    done_at: datetime | None = None
    destroy_at: datetime | None = None
    destroyed_at: datetime | None = None
    wraps: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """All versions, oldest first, and the ledger's signing keys.

    `signing`: the newest generation; `signs`: the one that signs now; `stale`: whether a generation before it is there.
    """

    versions: Sequence[Version]
    writable: bool
    signing: int = 0
    signs: int = 0
    stale: bool = False

    @property
    def current(self) -> Version:
        """The version that wraps."""
        return next(each for each in reversed(self.versions) if each.state == "current")


@dataclass(frozen=True, slots=True)
class Announce:
    """Make a new version: the current one has wrapped long enough."""


@dataclass(frozen=True, slots=True)
class Promote:
    """Let this announced version wrap."""

    version: int


@dataclass(frozen=True, slots=True)
class Rewrap:
    """Put what older versions wrap under the current one."""


@dataclass(frozen=True, slots=True)
class RenewSigning:
    """Give the ledger a signing key of this generation."""

    generation: int


@dataclass(frozen=True, slots=True)
class DropSigning:
    """Destroy signing keys that have handed over."""

    before: int


@dataclass(frozen=True, slots=True)
class Conclude:
    """Nothing needs this version any more: set the day of its destruction."""

    version: int
    destroy_at: datetime


@dataclass(frozen=True, slots=True)
class Destroy:
    """Its day has come."""

    version: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is owed before then."""

    until: datetime


Step = Announce | Promote | Rewrap | RenewSigning | DropSigning | Conclude | Destroy | Wait


def kept_for(rules: Rulebook) -> timedelta:
    """How long a version stays after nothing needs it, so that backups under it can still be restored."""
    return rules.lasting("retention-backup-days") - rules.lasting("master-key-days") - RESERVE


def too_old_at(version: Version, rules: Rulebook) -> datetime:
    """When a version has wrapped for as long as it may."""
    return (version.current_at or version.made_at) + rules.lasting("master-key-days")


def owed(held: Held, rules: Rulebook, now: datetime) -> Step:
    """The next step, or until when there is none."""
    current, until = held.current, [now + LOOK_AGAIN]
    announced = next((each for each in held.versions if each.state == "announced"), None)
    if announced is not None and held.writable:
        ready = announced.made_at + rules.lasting("key-announce-seconds")
        if ready <= now:
            return Promote(announced.version)
        until.append(ready)
    older = [each for each in held.versions if each.state == "open-only"]
    if any(each.wraps for each in older):
        return Rewrap()
    if held.signing < current.version:
        return RenewSigning(current.version)
    if held.stale:
        if held.signs >= held.signing:
            return DropSigning(held.signing)
        until.append(now + SOON)
    for each in older:
        if each.version > current.version:
            continue  # newer, and kept from wrapping by a person
        if each.destroy_at is None:
            return Conclude(each.version, now + kept_for(rules))
        if held.writable and each.destroy_at <= now:
            return Destroy(each.version)
        until.append(max(each.destroy_at, now + SOON) if held.writable else now + LOOK_AGAIN)
    if held.writable and announced is None:
        if too_old_at(current, rules) <= now:
            return Announce()
        until.append(too_old_at(current, rules))
    return Wait(min(until))
