"""What seals the spool: a public key, so that a promise can be kept sealed while no key service can be asked.

The private key comes from the master key and lies nowhere. X25519 with a key pair for each record, BLAKE2b, and the
suite of the deployment; each record names the version of the master key that opens it.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from anban.base.ciphers import AES, NONCE, NotGenuine, Suite, opened, sealing
from anban.base.errors import StorageFailed
from anban.base.ids import new_id
from anban.base.keys import MasterKeys, Unreadable

PURPOSE: Final = "spill"
FORMER: Final = "spool"
"""The purpose of the symmetric key that sealed records before there was a public one."""

_MAGIC: Final = b"anban spill 1\n"
_SUITES: Final[dict[int, Suite]] = {1: AES, 2: "sm4-gcm"}
_HEAD: Final = len(_MAGIC) + 5
_POINT: Final = 32


class SpillSeal:
    """Seals with the newest public key that is known, opens with the master keys. `path`: where the public one lies."""

    def __init__(self, path: Path, keys: MasterKeys) -> None:
        self._path = path
        self._keys = keys

    def publish(self) -> None:
        """Write the public key down, for a start at which the key service is gone. Raises `StorageFailed`."""
        line = f"{self._keys.current}:{self._keys.suite}:{self._public(self._keys.current).hex()}\n"
        with suppress(OSError):
            if self._path.read_text() == line:
                return
        part = self._path.with_name(new_id(f".{self._path.name}."))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(line)
            os.replace(part, self._path)
        except OSError as error:
            raise StorageFailed("the spool's public key could not be written") from error

    def seal(self, text: bytes, place: str) -> bytes:
        """Seal for whoever has the master key. Raises `StorageFailed` when no public key was ever written here."""
        version, suite, public = self._target()
        pair = X25519PrivateKey.generate()
        point, nonce = pair.public_key().public_bytes_raw(), os.urandom(NONCE)
        number = next(number for number, name in _SUITES.items() if name == suite)
        head = _MAGIC + bytes([number]) + version.to_bytes(4, "big") + point
        secret = _agreed(pair.exchange(X25519PublicKey.from_public_bytes(public)), point, public)
        return head + nonce + sealing(suite, secret).encrypt(nonce, text, head + place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What `seal` made. Raises `Unreadable`, or `KeysAway` while no master key is there."""
        if not sealed.startswith(_MAGIC):
            return self._open_former(sealed, place)
        head, rest = sealed[: _HEAD + _POINT], sealed[_HEAD + _POINT :]
        suite, version = _SUITES.get(sealed[len(_MAGIC)]), int.from_bytes(sealed[len(_MAGIC) + 1 : _HEAD], "big")
        if suite is None or len(rest) <= NONCE:
            raise Unreadable("a spooled record does not open")
        private = X25519PrivateKey.from_private_bytes(self._keys.of_master(PURPOSE, version).secret)
        point = head[_HEAD:]
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(point))
            secret = _agreed(shared, point, private.public_key().public_bytes_raw())
            return opened(sealing(suite, secret), rest[:NONCE], rest[NONCE:], head + place.encode())
        except (NotGenuine, ValueError) as error:
            raise Unreadable("a spooled record does not open") from error

    def _open_former(self, sealed: bytes, place: str) -> bytes:
        for version in sorted(self._keys.ring.secrets, reverse=True):
            with suppress(Unreadable):
                return self._keys.of_master(FORMER, version).open(sealed, place)
        raise Unreadable("a spooled record does not open")

    def _public(self, version: int) -> bytes:
        secret = self._keys.of_master(PURPOSE, version).secret
        return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()

    def _target(self) -> tuple[int, Suite, bytes]:
        if not self._keys.away:
            return self._keys.current, self._keys.suite, self._public(self._keys.current)
        try:
            version, suite, public = self._path.read_text().strip().split(":")
            return int(version), "sm4-gcm" if suite == "sm4-gcm" else AES, bytes.fromhex(public)
        except (OSError, ValueError) as error:
            raise StorageFailed("there is no public key to seal the spool with") from error


def _agreed(shared: bytes, point: bytes, public: bytes) -> bytes:
    return hashlib.blake2b(point + public, key=shared, person=b"anban spill", digest_size=32).digest()
