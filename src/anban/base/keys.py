"""Keys: versioned master keys wrap one data key per user; data keys seal what was said.

AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D); the place of a row (table, user, row, version) is bound as
associated data, so that sealed rows cannot be swapped.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from anban.base.errors import Misconfigured, Unavailable

SUITE = "aes-256-gcm"
"""Stored with every wrapped key; other suites (SM4-GCM) join as further values."""

NONCE = 12


class Unreadable(Unavailable):
    """Sealed bytes that do not open: wrong key, wrong place, or altered."""

    code = "unreadable"


@dataclass(frozen=True)
class DataKey:
    """One user's key, open in memory: the version that seals, and those before it that still open something."""

    version: int
    secret: bytes = field(repr=False)
    before: tuple["DataKey", ...] = ()
    """Earlier versions, while rows sealed under them are being sealed anew (an erasure is under way)."""

    def of(self, version: int) -> "DataKey":
        """The version that sealed a row. Raises `Unreadable` when it was destroyed: what it sealed is erased."""
        if version == self.version:
            return self
        for each in self.before:
            if each.version == version:
                return each
        raise Unreadable("the key of this row was destroyed")

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self.secret)

    @cached_property
    def _digest_key(self) -> bytes:
        return hashlib.blake2b(b"anban digest", key=self.secret, digest_size=32).digest()

    def seal(self, text: bytes, place: str) -> bytes:
        """Encrypt `text` bound to `place`; nonce in front."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, text, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt what `seal` made for the same place. Raises `Unreadable`."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise Unreadable("a sealed row does not open") from error

    def digest(self, text: bytes) -> str:
        """A keyed digest for the ledger: meaningless once the key is destroyed."""
        return hashlib.blake2b(text, key=self._digest_key, digest_size=16).hexdigest()


class MasterKeys:
    """The deployment's master keys by version; the newest wraps, all unwrap."""

    def __init__(self, versions: Mapping[int, bytes]) -> None:
        if not versions or any(len(key) != 32 for key in versions.values()):
            raise Misconfigured("a master key is 32 bytes, written as 64 hex digits", field="ANBAN_MASTER_KEY")
        self._keys = {version: DataKey(version, key) for version, key in versions.items()}
        self.current = max(versions)

    def new_data_key(self, user: str, version: int) -> tuple[DataKey, bytes]:
        """A fresh data key for `user` and its wrapped form to store."""
        secret = os.urandom(32)
        return DataKey(version, secret), self._keys[self.current].seal(secret, f"user_keys|{user}|{version}")

    def unwrap(self, wrapped: bytes, user: str, version: int, master: int) -> DataKey:
        """Open a stored data key. Raises `Unreadable` when its master key is gone."""
        key = self._keys.get(master)
        if key is None:
            raise Unreadable("the master key that wraps this user's key is gone")
        return DataKey(version, key.open(wrapped, f"user_keys|{user}|{version}"))

    def derived(self, purpose: str, version: int | None = None) -> DataKey:
        """A key of its own for something that is not one user's (the spool, the ledger's signing seed).

        Comes from the newest master key, or from that of `version`.
        """
        master = self._keys[self.current if version is None else version]
        secret = hashlib.blake2b(purpose.encode(), key=master.secret, digest_size=32).digest()
        return DataKey(master.version, secret)

    @property
    def older(self) -> tuple[int, ...]:
        """Versions that still open what they sealed, and seal nothing new; newest first."""
        return tuple(sorted(self._keys.keys() - {self.current}, reverse=True))


def parse_master_keys(text: str) -> MasterKeys:
    """Read `hex` or lines of `version:hex`. Raises `Misconfigured`."""
    versions: dict[int, bytes] = {}
    for number, line in enumerate(filter(None, (line.strip() for line in text.splitlines())), 1):
        version, _, digits = line.rpartition(":")
        try:
            versions[int(version) if version else number] = bytes.fromhex(digits)
        except ValueError as error:
            raise Misconfigured("a master key is 64 hex digits", field="ANBAN_MASTER_KEY") from error
    return MasterKeys(versions)
