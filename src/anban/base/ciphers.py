"""Cipher suites: what seals, by a name that is stored with every wrapped key and obeyed when it is opened.

`aes-256-gcm` (NIST SP 800-38D) is the default; `sm4-gcm` (GB/T 32907, RFC 8998) with SM3 (GB/T 32905) for digests is
for deployments under China's cryptography assessment. A secret is 32 bytes in both: SM4 takes the first half of it.
"""

import hashlib
from typing import Final, Literal, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from anban.base.errors import Misconfigured

Suite = Literal["aes-256-gcm", "sm4-gcm"]
AES: Final = "aes-256-gcm"
SM4: Final = "sm4-gcm"
SUITES: Final[tuple[Suite, ...]] = (AES, SM4)

TAG = 16
NONCE = 12


class NotGenuine(Exception):
    """The bytes were not sealed with this key, this nonce and for this place."""


class Sealing(Protocol):
    """Authenticated encryption under one key; the tag of 16 bytes stands at the end."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Raises `InvalidTag` or `ValueError`; use `opened`."""
        ...


class Sm4Gcm:
    """SM4 in Galois/Counter Mode, in the shape of the library's own AES-GCM. The key is 16 bytes."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Sealed bytes, tag behind."""
        sealing = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(associated_data or b"")
        return sealing.update(data) + sealing.finalize() + sealing.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """What `encrypt` sealed. Raises `InvalidTag` or `ValueError`."""
        if len(data) < TAG:
            raise ValueError("shorter than its tag")
        opening = Cipher(self._algorithm, modes.GCM(nonce, data[-TAG:])).decryptor()
        opening.authenticate_additional_data(associated_data or b"")
        return opening.update(data[:-TAG]) + opening.finalize()


def sealing(suite: str, secret: bytes) -> Sealing:
    """The cipher of a suite under `secret` (32 bytes). Raises `Misconfigured` for a suite that nobody knows."""
    match suite:
        case "aes-256-gcm":
            return AESGCM(secret)
        case "sm4-gcm":
            return Sm4Gcm(secret[:16])
        case _:
            raise Misconfigured(f"no such cipher suite; there are {', '.join(SUITES)}", field="ANBAN_CIPHER")


def opened(cipher: Sealing, nonce: bytes, sealed: bytes, place: bytes) -> bytes:
    """What was sealed for this place. Raises `NotGenuine`."""
    try:
        return cipher.decrypt(nonce, sealed, place)
    except (InvalidTag, ValueError) as error:
        raise NotGenuine from error


def keyed_digest(suite: str, key: bytes, text: bytes, size: int) -> bytes:
    """A keyed digest of up to 32 bytes: BLAKE2b, or HMAC-SM3 (GB/T 15852.2) where the suite is SM4's."""
    if suite == SM4:
        mac = hmac.HMAC(key, hashes.SM3())
        mac.update(text)
        return mac.finalize()[:size]
    return hashlib.blake2b(text, key=key, digest_size=size).digest()


def sm3(text: bytes) -> bytes:
    """The SM3 digest, 32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(text)
    return digest.finalize()
