"""Keys: versioned master keys wrap one data key per user; data keys seal what was said.

Authenticated encryption with a random 96-bit nonce (`base/ciphers.py`); the place of a row (table, user, row, version)
is bound as associated data, so that sealed rows cannot be swapped. How versions come and go is told in `docs/keys.md`.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from anban.base.ciphers import AES, NONCE, NotGenuine, Sealing, Suite, keyed_digest, opened, sealing
from anban.base.errors import Misconfigured, StorageFailed, Unavailable
from anban.base.key_lines import SIZE, KeyLine, parse_lines

PASSING: Final = frozenset({"visitor cookies", "my page", "desk forms", "guardian forms"})
"""Purposes whose keys prove cookies and forms: nothing stored depends on them."""


class Unreadable(Unavailable):
    """Sealed bytes that do not open: wrong key, wrong place, or altered."""

    code = "unreadable"


class KeysAway(StorageFailed):
    """The key service could not be asked: nothing can be sealed or opened, so it is as if storage were gone."""

    code = "keys_unavailable"


@dataclass(frozen=True)
class DataKey:
    """One user's key, open in memory: the version that seals, and those before it that still open something."""

    version: int
    secret: bytes = field(repr=False)
    before: tuple["DataKey", ...] = ()
    """Earlier versions, while rows sealed under them are being sealed anew (an erasure is under way)."""

    suite: str = AES

    def of(self, version: int) -> "DataKey":
        """The version that sealed a row. Raises `Unreadable` when it was destroyed: what it sealed is erased."""
        if version == self.version:
            return self
        for each in self.before:
            if each.version == version:
                return each
        raise Unreadable("the key of this row was destroyed")

    @cached_property
    def _cipher(self) -> Sealing:
        return sealing(self.suite, self.secret)

    @cached_property
    def _digest_key(self) -> bytes:
        return keyed_digest(self.suite, self.secret, b"anban digest", 32)

    def seal(self, text: bytes, place: str) -> bytes:
        """Encrypt `text` bound to `place`; nonce in front."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, text, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt what `seal` made for the same place. Raises `Unreadable`."""
        try:
            return opened(self._cipher, sealed[:NONCE], sealed[NONCE:], place.encode())
        except NotGenuine as error:
            raise Unreadable("a sealed row does not open") from error

    def digest(self, text: bytes) -> str:
        """A keyed digest for the ledger: meaningless once the key is destroyed."""
        return keyed_digest(self.suite, self._digest_key, text, 16).hex()


@dataclass(frozen=True, slots=True)
class Ring:
    """The master keys as their source holds them at a moment."""

    secrets: Mapping[int, bytes] = field(repr=False)
    announced: frozenset[int] = frozenset()
    open_only: frozenset[int] = frozenset()
    destroyed: frozenset[int] = frozenset()

    @property
    def current(self) -> int:
        """The version that wraps."""
        return max(self.secrets.keys() - self.announced - self.open_only)


class MasterKeys:
    """The deployment's master keys by version: one wraps, all unwrap. Follows its source while the process lives.

    `suite` seals what is new; what is there keeps the suite that is written beside it.
    """

    def __init__(self, versions: Mapping[int, bytes] | Ring | None, suite: Suite = AES) -> None:
        self.suite: Suite = suite
        self._ring: Ring | None = None
        self._keys: dict[tuple[int, str], DataKey] = {}
        self._kept: Mapping[str, tuple[DataKey, ...]] = MappingProxyType({})
        self._keeps = False
        if versions is not None:
            self.follow(versions if isinstance(versions, Ring) else Ring(versions))

    def follow(self, ring: Ring) -> None:
        """From now on these are the versions. Raises `Misconfigured`, and keeps what it has, when none may wrap."""
        if any(len(key) != SIZE for key in ring.secrets.values()):
            raise Misconfigured("a master key is 32 bytes, written as 64 hex digits", field="ANBAN_MASTER_KEY")
        if not ring.secrets.keys() - ring.announced - ring.open_only:
            raise Misconfigured("no master key may wrap: none is the current one", field="ANBAN_MASTER_KEY")
        self._keys, self._ring = {}, ring

    @property
    def away(self) -> bool:
        """Whether nothing can be sealed or opened: the key service has not answered yet."""
        return self._ring is None

    @property
    def ring(self) -> Ring:
        """What the source held when it was last looked at. Raises `KeysAway`."""
        if self._ring is None:
            raise KeysAway("the key service has not given the master keys")
        return self._ring

    @property
    def current(self) -> int:
        """The version that wraps what is new. Raises `KeysAway`."""
        return self.ring.current

    @property
    def older(self) -> tuple[int, ...]:
        """Versions that still open what they sealed, and seal nothing new; newest first."""
        return tuple(sorted(self.ring.secrets.keys() - {self.current}, reverse=True))

    def mark(self, version: int) -> str:
        """Eight hex digits that tell whether two deployments mean the same key by the same version."""
        return keyed_digest(AES, self.ring.secrets[version], b"anban mark", 4).hex()

    def new_key(self, user: str, version: int) -> tuple[DataKey, dict[str, Any]]:
        """A fresh data key for `user`, and how it is stored: its suite, the master key, the wrapped bytes."""
        secret = os.urandom(SIZE)
        wrapped, stored = self.wrap(secret, user, version)
        return DataKey(version, secret, suite=self.suite), {**stored, "wrapped": wrapped}

    def wrap(self, secret: bytes, user: str, version: int) -> tuple[bytes, dict[str, Any]]:
        """`secret` under the current master key, and which suite and master key that took."""
        master = self.current
        stored = {"suite": self.suite, "master": master}
        return self._wrapping(master, self.suite).seal(secret, _place(user, version)), stored

    def new_data_key(self, user: str, version: int) -> tuple[DataKey, bytes]:
        """A fresh data key for `user` and its wrapped form alone."""
        key, stored = self.new_key(user, version)
        return key, stored["wrapped"]

    def unwrap(self, wrapped: bytes, user: str, version: int, master: int, suite: str = AES) -> DataKey:
        """Open a stored data key. Raises `Unreadable` when its master key is gone, `KeysAway` when none is there."""
        return DataKey(version, self._wrapping(master, suite).open(wrapped, _place(user, version)), suite=suite)

    def rewrap(self, wrapped: bytes, user: str, version: int, master: int, suite: str) -> tuple[int, bytes]:
        """The same data key under the current master key, and which that is. Raises `Unreadable`."""
        place, current = _place(user, version), self.current
        secret = self._wrapping(master, suite).open(wrapped, place)
        return current, self._wrapping(current, suite).seal(secret, place)

    def _wrapping(self, master: int, suite: str) -> DataKey:
        key = self._keys.get((master, suite))
        if key is None:
            secret = self.ring.secrets.get(master)
            if secret is None:
                gone = "destroyed" if master in self.ring.destroyed else "not here"
                raise Unreadable(f"the master key that wraps this key is {gone}")
            key = self._keys[(master, suite)] = DataKey(master, secret, suite=suite)
        return key

    def expect_kept(self) -> None:
        """From now on keys of a purpose come from the database; none is made up before they have been read."""
        self._keeps = True

    def keep(self, kept: Mapping[str, tuple[DataKey, ...]]) -> None:
        """The keys of each purpose as `base/kept_keys.py` has read them, newest first."""
        self._kept = MappingProxyType(dict(kept))

    @property
    def kept(self) -> Mapping[str, tuple[DataKey, ...]]:
        """The keys of each purpose, newest first; empty before they have been read."""
        return self._kept

    def derived(self, purpose: str, version: int | None = None) -> DataKey:
        """A key of its own for something that is not one user's (staff, letters, the ledger's signing seed).

        It is kept in the database, wrapped as users' keys are, and outlives every master key. Without a database it
        comes from the newest master key, or from that of `version`. Raises `KeysAway`.
        """
        if purpose in self._kept:
            return self._kept[purpose][0]
        if self.away and purpose in PASSING:
            # Good for this process until the key service answers: a form that is open then is loaded again.
            return DataKey(0, os.urandom(SIZE), suite=self.suite)
        if self._keeps and purpose not in PASSING:
            raise KeysAway("the keys of purposes have not been read yet")
        return self.of_master(purpose, self.current if version is None else version)

    def of_master(self, purpose: str, version: int) -> DataKey:
        """A key for `purpose` that comes from a master key alone. Raises `Unreadable` when that is gone."""
        master = self._wrapping(version, AES)
        secret = hashlib.blake2b(purpose.encode(), key=master.secret, digest_size=SIZE).digest()
        return DataKey(version, secret, suite=self.suite)


def ring_of(lines: tuple[KeyLine, ...]) -> Ring:
    """Lines whose material is open, as keys. Raises `Misconfigured` for one that a key service has to open first."""
    if any(each.by_service and each.state != "destroyed" for each in lines):
        raise Misconfigured("this master key is wrapped by a key service: set ANBAN_KMS", field="ANBAN_KMS")
    return Ring(
        {each.version: each.material for each in lines if each.state != "destroyed"},
        frozenset(each.version for each in lines if each.state == "announced"),
        frozenset(each.version for each in lines if each.state == "open-only"),
        frozenset(each.version for each in lines if each.state == "destroyed"),
    )


def parse_master_keys(text: str, suite: Suite = AES) -> MasterKeys:
    """Read `hex` or lines of `version:hex` (`base/key_lines.py`). Raises `Misconfigured`."""
    return MasterKeys(ring_of(parse_lines(text)), suite)


def _place(user: str, version: int) -> str:
    return f"user_keys|{user}|{version}"
