"""Signed checkpoints: a log's size and root at a moment, as a signed note that other tools can read (C2SP)."""

import base64
import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anban.base.errors import Misconfigured
from anban.base.keys import MasterKeys

_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}")
ED25519 = b"\x01"
"""The type of an Ed25519 key in a key id and in a verifier key (signed note)."""

FIRST = hashlib.sha256().hexdigest()
"""What the first checkpoint names as the one before it."""


@dataclass(frozen=True)
class Signer:
    """The ledger's signing key under the name of one log. `master` is the version of the master key it comes from."""

    origin: str
    seed: bytes
    master: int

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._key.public_key().public_bytes_raw()

    @cached_property
    def key_id(self) -> str:
        """Eight hex digits that signature lines name the key by (signed note, Ed25519)."""
        return key_id(self.origin, self.public)

    @property
    def verifier_key(self) -> str:
        """The public key as other tools take it."""
        return verifier_key(self.origin, self.public)

    def named(self, origin: str) -> "Signer":
        """The same key for the log `origin`: a log's signature lines carry its own name."""
        return replace(self, origin=origin)

    def note(self, size: int, root: bytes, at: datetime, before: str) -> bytes:
        """A signed checkpoint; `before` is `digest` of the one before, so that none can be left out."""
        time = at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
        said = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\ntime {time}\nbefore {before}\n"
        return self.signed(said)

    def signed(self, said: str) -> bytes:
        """Any text that ends with a newline, as a signed note under this name."""
        signature = base64.b64encode(bytes.fromhex(self.key_id) + self._key.sign(said.encode())).decode()
        return f"{said}\n— {self.origin} {signature}\n".encode()


def signer(keys: MasterKeys, deployment: str) -> Signer:
    """The signing key of `deployment`. Raises `Misconfigured` for a name that does not fit into a note."""
    if not _NAME.fullmatch(deployment):
        raise Misconfigured("a deployment's name has 1 to 80 of A-Z a-z 0-9 . _ -", field="ANBAN_DEPLOYMENT")
    seed = keys.derived("ledger signing")
    return Signer(f"anban/{deployment}", seed.secret, seed.version)


def digest(note: bytes) -> str:
    """What the next checkpoint names this one by."""
    return hashlib.sha256(note).hexdigest()


def key_id(name: str, public: bytes) -> str:
    """Eight hex digits that signature lines name a key by."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).hexdigest()[:8]


def verifier_key(name: str, public: bytes) -> str:
    """Name, key id and 0x01 with the key, joined by `+` (signed note)."""
    return f"{name}+{key_id(name, public)}+{base64.b64encode(ED25519 + public).decode()}"
