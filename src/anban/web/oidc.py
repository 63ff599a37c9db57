"""Does the operator's own log-in provider vouch for this person? OpenID Connect: authorization code with PKCE.

Algorithm, issuer and audience are the deployment's, whatever an answer says of itself. The provider's keys are kept for
an hour; a token under a key not seen yet has them fetched anew, at most once a minute.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast
from urllib.parse import urlencode, urlsplit

import aiohttp
import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from anban.base.clock import Clock
from anban.base.errors import Misconfigured, Unauthorised, Unavailable
from anban.provider.roles import STAFF_ROLES, StaffRole
from anban.settings import Settings

KEPT_FOR: Final = 3_600.0
ASKED_AGAIN_AFTER: Final = 60.0
"""Seconds for which the provider's description and keys are kept, and between two looks for a key not seen yet."""

WITHIN: Final = 10.0
MOST_ANSWER: Final = 256 * 1024
SKEW: Final = 60
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class OidcChosen:
    """What a deployment has chosen (ANBAN_OIDC_*). Raises `Misconfigured` when it cannot work."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    algorithm: Literal["RS256", "ES256"]
    claim: str
    roles: Mapping[str, StaffRole]
    strong: frozenset[str]

    def __post_init__(self) -> None:
        _safe(self.issuer, "ANBAN_OIDC_ISSUER")
        if not self.client_id:
            raise Misconfigured("name this deployment as the provider knows it", field="ANBAN_OIDC_CLIENT_ID")
        if not self.roles or not set(self.roles.values()) <= set(STAFF_ROLES):
            raise Misconfigured(f"maps values to roles: {', '.join(STAFF_ROLES)}", field="ANBAN_OIDC_ROLES")


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in that was begun: where the browser goes, and what has to come back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider vouches for: its name for them, what to call them, their role, and whether by two factors."""

    subject: str
    login: str
    name: str
    role: StaffRole | None
    strong: bool


class Provider:
    """The provider of one deployment."""

    def __init__(self, chosen: OidcChosen, clock: Clock) -> None:
        self.chosen = chosen
        self._clock = clock
        self._described: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._asking = asyncio.Lock()

    async def begin(self, back: str) -> Begun:
        """Where a browser is sent. Raises `Unavailable` when the provider does not answer."""
        described = await self._description()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self.chosen.client_id, "redirect_uri": back,
            "scope": "openid profile email", "state": state, "nonce": nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        where = described["authorization_endpoint"]
        return Begun(f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}", state, nonce, verifier)

    async def finish(self, code: str, verifier: str, nonce: str, back: str) -> Vouched:
        """Whom the code stands for. Raises `Unauthorised` for anything that is not exactly as it must be."""
        described = await self._description()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back,
            "client_id": self.chosen.client_id, "code_verifier": verifier,
        }  # fmt: skip
        login = None
        if self.chosen.client_secret:
            login = aiohttp.BasicAuth(self.chosen.client_id, self.chosen.client_secret)
        answer = await self._ask(lambda session: session.post(
            described["token_endpoint"], data=form, auth=login, allow_redirects=False,
        ))  # fmt: skip
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Unauthorised("the provider named nobody", code="not_vouched")
        return self._vouched(await self._claims(token, nonce))

    async def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            key = await self._key(kid)
            claims = jwt.decode(token, key, algorithms=[self.chosen.algorithm]).claims
            jwt.JWTClaimsRegistry(
                now=int(self._clock.now().timestamp()),
                leeway=SKEW,
                iss={"essential": True, "value": self.chosen.issuer},
                aud={"essential": True, "value": self.chosen.client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
            several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
            if (several or "azp" in claims) and claims.get("azp") != self.chosen.client_id:
                raise ValueError("meant for somebody else")
            if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
                raise ValueError("another nonce")
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthorised("the provider's token does not verify", code="not_vouched") from error
        return claims

    def _vouched(self, claims: Mapping[str, Any]) -> Vouched:
        given: Any = claims
        for part in self.chosen.claim.split("."):
            given = cast("Mapping[str, Any]", given).get(part) if isinstance(given, Mapping) else None
        values = {given} if isinstance(given, str) else {each for each in given or () if isinstance(each, str)}
        roles = self.chosen.roles
        role: StaffRole | None = next((roles[value] for value in roles if value in values), None)
        methods = claims.get("amr")
        strong = isinstance(methods, list) and bool(self.chosen.strong & {str(each) for each in methods})
        login = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
        return Vouched(str(claims["sub"]), login, str(claims.get("name") or login), role, strong)

    async def _key(self, kid: object) -> Key:
        """The key of this name; a name not seen yet has the keys fetched anew. Raises `KeyError`."""
        for fresh in (False, True):
            keys = await self._key_set(fresh=fresh)
            mine = [key for key in keys.keys if kid is None or key.kid == kid]
            if len(mine) == 1:
                return mine[0]
        raise KeyError("no such key")

    async def _key_set(self, *, fresh: bool) -> KeySet:
        async with self._asking:
            now = self._clock.monotonic()
            if self._keys is not None and now - self._keys[0] < (ASKED_AGAIN_AFTER if fresh else KEPT_FOR):
                return self._keys[1]
            where = (await self._description())["jwks_uri"]
            given = await self._ask(lambda session: session.get(where, allow_redirects=False))
            try:
                self._keys = (now, KeySet.import_key_set(cast("Any", given)))
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise Unavailable("the provider's keys cannot be read", code="provider_away") from error
            return self._keys[1]

    async def _description(self) -> Mapping[str, Any]:
        now = self._clock.monotonic()
        if self._described is not None and now - self._described[0] < KEPT_FOR:
            return self._described[1]
        where = f"{self.chosen.issuer.rstrip('/')}/.well-known/openid-configuration"
        given = await self._ask(lambda session: session.get(where, allow_redirects=False))
        if given.get("issuer") != self.chosen.issuer:
            raise Unavailable("the provider calls itself by another name", code="provider_away")
        try:
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _safe(given.get(name), name)
        except Misconfigured as error:
            raise Unavailable("the provider's description is not to be trusted", code="provider_away") from error
        self._described = (now, given)
        return given

    async def _ask(self, request: Callable[[aiohttp.ClientSession], Any]) -> Mapping[str, Any]:
        # Somebody logs in now and then: a connection of its own each time leaves nothing to look after.
        wait, jar = aiohttp.ClientTimeout(total=WITHIN), aiohttp.DummyCookieJar()
        try:
            async with (
                aiohttp.ClientSession(timeout=wait, cookie_jar=jar, trust_env=False) as session,
                request(session) as response,
            ):
                body = await response.content.read(MOST_ANSWER)
                if 400 <= response.status < 500:
                    raise Unauthorised("the provider refused", code="not_vouched")
                given = orjson.loads(body) if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError) as error:
            raise Unavailable("the provider does not answer", code="provider_away") from error
        if not isinstance(given, dict):
            raise Unavailable("the provider does not answer", code="provider_away")
        return cast("Mapping[str, Any]", given)


def provider_of(settings: Settings, clock: Clock) -> Provider | None:
    """The deployment's provider, where one is set. Raises `Misconfigured`."""
    if not settings.oidc_issuer:
        return None
    secret = settings.oidc_client_secret
    strong = frozenset(filter(None, (each.strip() for each in settings.oidc_strong.split(","))))
    chosen = OidcChosen(
        settings.oidc_issuer, settings.oidc_client_id, secret.get_secret_value() if secret else "",
        settings.oidc_algorithm, settings.oidc_claim, cast("dict[str, StaffRole]", settings.oidc_roles), strong,
    )  # fmt: skip
    return Provider(chosen, clock)


def _safe(address: object, field: str) -> None:
    """Raise `Misconfigured` unless this is https, or this machine itself."""
    parts = urlsplit(address if isinstance(address, str) else "")
    if not parts.hostname or not (parts.scheme == "https" or parts.hostname in _LOOPBACK and parts.scheme == "http"):
        raise Misconfigured("must begin with https://", field=field)
