"""A key service that speaks AWS KMS: `Encrypt` and `Decrypt`, JSON 1.1, signed with Signature Version 4."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from anban.base.clock import Clock
from anban.base.keys import KeysAway
from anban.base.kms.shape import post

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsKms:
    """`key` is a key's id, ARN or alias; `url` the service's address, as `https://kms.<region>.amazonaws.com`."""

    url: str
    key: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    clock: Clock = field(repr=False)
    session_token: str = field(repr=False, default="")
    name: str = "aws"

    async def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """`Encrypt`, with the context as encryption context."""
        told = {"KeyId": self.key, "Plaintext": _base64(secret), "EncryptionContext": dict(context)}
        return _bytes(await self._ask("Encrypt", told), "CiphertextBlob")

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """`Decrypt`; the service refuses a blob of another key or context."""
        told = {"KeyId": self.key, "CiphertextBlob": _base64(wrapped), "EncryptionContext": dict(context)}
        return _bytes(await self._ask("Decrypt", told), "Plaintext")

    async def _ask(self, act: str, told: Mapping[str, Any]) -> dict[str, Any]:
        body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"TrentService.{act}"}
        if self.session_token:
            headers["x-amz-security-token"] = self.session_token
        url = self.url.rstrip("/") + "/"
        signed = sign(
            headers, body, url=url, region=self.region, access_key=self.access_key, secret_key=self.secret_key,
            at=self.clock.now(),
        )  # fmt: skip
        return await post(url, body, signed)


def sign(
    headers: Mapping[str, str],
    body: bytes,
    *,
    url: str,
    region: str,
    access_key: str,
    secret_key: str,
    at: datetime,
    service: str = "kms",
    method: str = "POST",
) -> dict[str, str]:
    """`headers` (lower-case names) with `host`, `x-amz-date` and `authorization`: Signature Version 4."""
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    all_headers = {**headers, "host": parts.netloc, "x-amz-date": moment}
    names = ";".join(sorted(all_headers))
    canonical = "\n".join(
        (
            method,
            parts.path or "/",
            parts.query,
            *(f"{name}:{' '.join(all_headers[name].split())}" for name in sorted(all_headers)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret_key}".encode()
    for step in (moment[:8], region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    credential = f"{_ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**all_headers, "authorization": credential}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(told: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(told[name], validate=True)
    except (KeyError, TypeError, binascii.Error) as error:
        raise KeysAway("the key service answers in another shape") from error
