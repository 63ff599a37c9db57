"""Is this the password, is this the code? Argon2id and time-based codes (RFC 9106, RFC 6238)."""

import base64
import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pyotp.totp import TOTP

_HASHER = PasswordHasher()

STEP = 30
"""Seconds that a code stands; authenticator apps know no other."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """A password as it is stored."""

    text: str


NOBODY = Hashed("$argon2id$v=19$m=65536,t=3,p=4$jh6H8FHgdrJsm00zUDtTGQ$e9FDKWW68ZveS0rBPQULRot6vQNUiWzWpTZnyMxfWAI")
"""What a log-in that does not exist is compared with, so that it takes as long as one that does."""


def hashed(password: str) -> Hashed:
    """Hash `password`. Takes some 160 ms and 64 MiB: in a thread, and never inside a transaction."""
    return Hashed(_HASHER.hash(_bytes(password)))


def matches(stored: Hashed | None, password: str) -> bool:
    """Whether `password` is the stored one; None is nobody's and takes as long to refuse. As slow as `hashed`."""
    try:
        return _HASHER.verify((stored or NOBODY).text, _bytes(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def new_secret() -> str:
    """A secret for an authenticator app: 160 bits in base 32."""
    return base64.b32encode(os.urandom(20)).decode()


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The time step whose code this is, within one step of `at`; None when the code is of no such step."""
    digits = "".join(code.split())
    now, found = int(at.timestamp()) // STEP, None
    for step in (now, now - 1, now + 1):
        if compare_digest(TOTP(secret).generate_otp(step).encode(), digits.encode("utf-8", "replace")):
            found = step
    return found


def code_at(secret: str, at: datetime) -> str:
    """The code that stands at `at`: shown by demonstrations and drills only."""
    return TOTP(secret).generate_otp(int(at.timestamp()) // STEP)


def enrolment(secret: str, login: str) -> str:
    """The address that an authenticator app reads from a picture."""
    return TOTP(secret).provisioning_uri(name=login, issuer_name="Anban")


def _bytes(password: str) -> bytes:
    # A very long password costs no more than another.
    given = password.encode("utf-8", "surrogatepass")
    return given if len(given) <= 128 else hashlib.sha256(given).digest()
