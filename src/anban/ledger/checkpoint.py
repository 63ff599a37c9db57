"""Signed checkpoints: the tree's size and root at a moment, as a signed note that other tools can read (C2SP)."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anban.base.errors import Misconfigured
from anban.base.keys import MasterKeys

_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}")
FIRST = hashlib.sha256().hexdigest()
"""What the first checkpoint names as the one before it."""


@dataclass(frozen=True)
class Signer:
    """The ledger's signing key. `master` is the version of the master key that it comes from."""

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
        return hashlib.sha256(self.origin.encode() + b"\n\x01" + self.public).hexdigest()[:8]

    def note(self, size: int, root: bytes, at: datetime, before: str) -> bytes:
        """A signed checkpoint; `before` is `digest` of the one before, so that none can be left out."""
        time = at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
        said = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\ntime {time}\nbefore {before}\n".encode()
        signature = base64.b64encode(bytes.fromhex(self.key_id) + self._key.sign(said)).decode()
        return said + f"\n— {self.origin} {signature}\n".encode()


def signer(keys: MasterKeys, deployment: str) -> Signer:
    """The signing key of `deployment`. Raises `Misconfigured` for a name that does not fit into a note."""
    if not _NAME.fullmatch(deployment):
        raise Misconfigured("a deployment's name has 1 to 80 of A-Z a-z 0-9 . _ -", field="ANBAN_DEPLOYMENT")
    seed = keys.derived("ledger signing")
    return Signer(f"anban/{deployment}", seed.secret, seed.version)


def digest(note: bytes) -> str:
    """What the next checkpoint names this one by."""
    return hashlib.sha256(note).hexdigest()
