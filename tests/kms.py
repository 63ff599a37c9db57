"""Two key services that stand in for real ones: they speak the protocols, and believe nobody without proof.

Written from the protocols' descriptions, with no line of the code under test: AWS KMS (JSON 1.1, Signature Version 4)
and Vault's transit engine.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


@dataclass
class StandIn:
    """What both have: a key, a count of what was asked, and a switch."""

    url: str = ""
    down: bool = False
    asked: list[str] = field(default_factory=list[str])
    _key: AESGCM = field(default_factory=lambda: AESGCM(os.urandom(32)))

    def seal(self, secret: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._key.encrypt(nonce, secret, bound)

    def open(self, sealed: bytes, bound: bytes) -> bytes | None:
        try:
            return self._key.decrypt(sealed[:12], sealed[12:], bound)
        except (InvalidTag, ValueError):
            return None


@dataclass
class AwsStandIn(StandIn):
    """`Encrypt` and `Decrypt`; a wrong signature, key or context is refused as the real one does."""

    access_key: str = "AKIDEXAMPLE"
    secret_key: str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    region: str = "cn-north-1"
    key: str = "alias/anban"

    @property
    def settings(self) -> dict[str, str]:
        return {"kind": "aws", "url": self.url, "key": self.key, "region": self.region,
                "access_key": self.access_key, "secret_key": self.secret_key}  # fmt: skip

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append(request.headers.get("x-amz-target", ""))
        if self.down:
            return web.json_response({"__type": "KMSInternalException"}, status=500)
        if not self._signed(request, body):
            return web.json_response({"__type": "InvalidSignatureException"}, status=400)
        told: dict[str, Any] = json.loads(body)
        if told["KeyId"] != self.key or request.headers["content-type"] != "application/x-amz-json-1.1":
            return web.json_response({"__type": "NotFoundException"}, status=400)
        bound = json.dumps(told["EncryptionContext"], sort_keys=True).encode()
        match request.headers["x-amz-target"]:
            case "TrentService.Encrypt":
                sealed = self.seal(base64.b64decode(told["Plaintext"]), bound)
                return web.json_response({"CiphertextBlob": base64.b64encode(sealed).decode(), "KeyId": self.key})
            case "TrentService.Decrypt":
                secret = self.open(base64.b64decode(told["CiphertextBlob"]), bound)
                if secret is None:
                    return web.json_response({"__type": "InvalidCiphertextException"}, status=400)
                return web.json_response({"Plaintext": base64.b64encode(secret).decode(), "KeyId": self.key})
            case _:
                return web.json_response({"__type": "UnknownOperationException"}, status=400)

    def _signed(self, request: web.Request, body: bytes) -> bool:
        kind, _, rest = request.headers.get("authorization", "").partition(" ")
        parts = dict(each.strip().split("=", 1) for each in rest.split(",")) if rest else {}
        if kind != "AWS4-HMAC-SHA256" or not {"Credential", "SignedHeaders", "Signature"} <= parts.keys():
            return False
        access_key, date, region, service, end = parts["Credential"].split("/")
        if (access_key, region, service, end) != (self.access_key, self.region, "kms", "aws4_request"):
            return False
        names = parts["SignedHeaders"].split(";")
        if not {"host", "x-amz-date", "x-amz-target", "content-type"} <= set(names):
            return False
        lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
        canonical = f"POST\n/\n\n{lines}\n{parts['SignedHeaders']}\n{hashlib.sha256(body).hexdigest()}"
        moment = request.headers["x-amz-date"]
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        said = f"AWS4-HMAC-SHA256\n{moment}\n{date}/{region}/kms/aws4_request\n{digest}"
        key = ("AWS4" + self.secret_key).encode()
        for step in (date, region, "kms", "aws4_request"):
            key = hmac.digest(key, step.encode(), "sha256")
        return hmac.compare_digest(hmac.new(key, said.encode(), "sha256").hexdigest(), parts["Signature"])


@dataclass
class VaultStandIn(StandIn):
    """`encrypt` and `decrypt` of one named transit key, for whoever has the token."""

    token: str = "hvs.test"
    key: str = "anban"
    mount: str = "transit"

    @property
    def settings(self) -> dict[str, str]:
        return {"kind": "vault", "url": self.url, "key": self.key, "token": self.token}

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.down:
            return web.json_response({"errors": ["Vault is sealed"]}, status=503)
        if request.headers.get("x-vault-token") != self.token:
            return web.json_response({"errors": ["permission denied"]}, status=403)
        told: dict[str, str] = json.loads(await request.read())
        bound = base64.b64decode(told.get("associated_data", ""))
        if request.path == f"/v1/{self.mount}/encrypt/{self.key}":
            sealed = base64.b64encode(self.seal(base64.b64decode(told["plaintext"]), bound)).decode()
            return web.json_response({"data": {"ciphertext": f"vault:v1:{sealed}", "key_version": 1}})
        if request.path == f"/v1/{self.mount}/decrypt/{self.key}":
            secret = self.open(base64.b64decode(told["ciphertext"].removeprefix("vault:v1:")), bound)
            if secret is None:
                return web.json_response({"errors": ["cipher: message authentication failed"]}, status=400)
            return web.json_response({"data": {"plaintext": base64.b64encode(secret).decode()}})
        return web.json_response({"errors": ["no handler for route"]}, status=404)


S = TypeVar("S", AwsStandIn, VaultStandIn)


@asynccontextmanager
async def serving(service: S) -> AsyncIterator[S]:
    """The stand-in on a free port of this loop."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server: Any = site._server
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        await runner.cleanup()
