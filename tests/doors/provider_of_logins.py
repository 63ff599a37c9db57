"""A stand-in for an operator's own log-in provider: real HTTP, real signatures, and faults to order."""

import base64
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

CLIENT, CLIENT_SECRET = "anban-desk", "the-secret-between-them"


@dataclass
class LogIns:
    """The provider: whom it vouches for next, and what it does wrong."""

    url: str = ""
    algorithm: str = "RS256"
    keys: list[Key] = field(default_factory=list[Key])
    person: dict[str, Any] = field(default_factory=dict[str, Any])
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    """What every token says otherwise; None leaves a claim out."""

    sign: Callable[[dict[str, Any]], str] | None = None
    """Signs in another way than it should."""

    now: Callable[[], float] = time.time
    asked: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    looked_for_keys: int = 0
    description: dict[str, Any] = field(default_factory=dict[str, Any])

    def renew_key(self) -> None:
        """A new key signs from now on; the former is withdrawn."""
        number = len(self.keys) + 1
        name = {"kid": f"key-{number}-{id(self)}", "use": "sig"}
        elliptic = self.algorithm == "ES256"
        self.keys = [ECKey.generate_key("P-256", name) if elliptic else RSAKey.generate_key(2048, name)]

    def let_in(self, location: str) -> tuple[str, str]:
        """What a browser brings back after somebody logged in here: code and state."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        code = f"code-{len(self.asked)}"
        self.asked[code] = asked
        return code, asked["state"]

    def token(self, asked: dict[str, str]) -> str:
        now = int(self.now())
        told = {
            "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"],
            **self.person, **self.claims,
        }  # fmt: skip
        told = {name: value for name, value in told.items() if value is not None}
        if self.sign is not None:
            return self.sign(told)
        return jwt.encode({"alg": self.algorithm, "kid": self.keys[0].kid}, told, self.keys[0])

    async def described(self, _: web.Request) -> web.Response:
        usual = {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorise",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
        }  # fmt: skip
        return web.json_response({**usual, **self.description})

    async def shown_keys(self, _: web.Request) -> web.Response:
        self.looked_for_keys += 1
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def give_token(self, request: web.Request) -> web.Response:
        form = await request.post()
        login = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        asked = self.asked.pop(str(form.get("code")), None)
        if asked is None or login != f"{CLIENT}:{CLIENT_SECRET}" or asked["redirect_uri"] != form.get("redirect_uri"):
            return web.json_response({"error": "invalid_grant"}, status=400)
        proof = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        if base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != asked["code_challenge"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"token_type": "Bearer", "access_token": "x", "id_token": self.token(asked)})


@contextlib.asynccontextmanager
async def log_ins(algorithm: str = "RS256") -> AsyncIterator[LogIns]:
    """The provider, listening."""
    made = LogIns(algorithm=algorithm)
    made.renew_key()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.described)
    app.router.add_get("/keys", made.shown_keys)
    app.router.add_post("/token", made.give_token)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None  # pyright: ignore[reportPrivateUsage]
    made.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # pyright: ignore
    try:
        yield made
    finally:
        await runner.cleanup()


def compact(header: dict[str, Any], told: dict[str, Any], secret: bytes | None) -> str:
    """A token made by hand: an HMAC over it under `secret`, or no signature at all."""
    parts = ".".join(_base64(json.dumps(part).encode()) for part in (header, told))
    return f"{parts}.{_base64(hmac.new(secret, parts.encode(), hashlib.sha256).digest()) if secret is not None else ''}"


def with_the_public_key_as_secret(made: LogIns) -> Callable[[dict[str, Any]], str]:
    """The old trick: an HMAC under the provider's public key."""
    key = made.keys[0]
    assert isinstance(key, RSAKey | ECKey)
    return lambda told: compact({"alg": "HS256", "kid": key.kid}, told, key.as_pem(private=False))


def with_nothing(told: dict[str, Any]) -> str:
    """`alg: none`."""
    return compact({"alg": "none", "typ": "JWT"}, told, None)


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_a_key_of_ones_own(told: dict[str, Any]) -> str:
    """A key that the token brings along itself."""
    own = RSAKey.generate_key(2048, {"kid": "mine"})
    return jwt.encode({"alg": "RS256", "kid": "mine", "jwk": own.as_dict(private=False)}, told, own)
