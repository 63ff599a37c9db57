"""Is this the app's word for who somebody is? Each key has one algorithm, whatever a token says of itself."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, cast, get_args

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OctKey, OKPKey

from anban.base.clock import Clock
from anban.base.errors import Misconfigured, Unauthorised
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.settings import Settings

Algorithm = Literal["HS256", "ES256", "EdDSA"]
"""`HS256` with a secret that app and Anban share; the others with the app's public key, so that Anban cannot sign."""

ISSUER: Final = "anban-app"
CHAT: Final = "anban"
"""The audience of a token that comes with each message, as often as the app likes while it lasts."""

PAGE: Final = "anban-page"
"""The audience of a token that opens a person's own page: once."""

_ALGORITHMS: Final[Mapping[Algorithm, tuple[str, ...]]] = {
    "HS256": ("HS256",),
    "ES256": ("ES256",),
    # One signature under two names (RFC 8037, RFC 9864).
    "EdDSA": ("EdDSA", "Ed25519"),
}
LEAST_SECRET: Final = 32
"""Bytes of a shared secret (RFC 7518, 3.2)."""

MOST_TOKEN: Final = 8_192
FIELD: Final = "X-Anban-Token"


class Told(NamedTuple):
    """What a token says: its claims, and the name under which it is used up where it opens something once."""

    claims: Mapping[str, Any]
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One key of the app. Tokens name it as `kid`; the one without a name verifies tokens that name none."""

    kid: str
    algorithm: Algorithm
    key: Key = field(repr=False)


@dataclass(frozen=True)
class Tokens:
    """The keys of this deployment, for how long a token may last, and how far clocks may differ."""

    keys: Mapping[str, TokenKey]
    clock: Clock
    lasts: timedelta
    skew: timedelta

    @performs("interaction-security")
    def read(self, token: str, audience: str) -> Told:
        """What a token for this audience says. Raises `Unauthorised`; every fault looks the same from outside."""
        if not self.keys:
            raise Unauthorised("this deployment accepts no tokens; set ANBAN_TOKEN_KEY", field=FIELD)
        now = int(self.clock.now().timestamp())
        try:
            known = self.keys[_kid_of(token)]
            claims = jwt.decode(token, known.key, algorithms=list(_ALGORITHMS[known.algorithm])).claims
            skew, most = int(self.skew.total_seconds()), int(self.lasts.total_seconds())
            jwt.JWTClaimsRegistry(
                now=now,
                leeway=skew,
                iss={"essential": True, "value": ISSUER},
                aud={"essential": True, "value": audience},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                jti={"essential": audience == PAGE},
            ).validate(claims)
            issued, ends = _second(claims["iat"]), _second(claims["exp"])
            if not 0 < ends - issued <= most or claims["aud"] != audience:
                raise ValueError("lasts too long, or is meant for several")
        except (JoseError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise Unauthorised("the token does not verify", field=FIELD) from error
        return Told(claims, f"jti|{known.kid}|{claims.get('jti', '')}", datetime.fromtimestamp(ends + skew, UTC))


def token_keys(shared: str, listed: Sequence[Mapping[str, Any]]) -> dict[str, TokenKey]:
    """The keys of ANBAN_TOKEN_KEY (a shared secret) and of ANBAN_TOKEN_KEYS (each with `kid`, `algorithm`, `key`).

    A public key is a JWK or a PEM text. Raises `Misconfigured`.
    """
    found: dict[str, TokenKey] = {}
    if shared:
        found[""] = TokenKey("", "HS256", _shared(shared, "ANBAN_TOKEN_KEY"))
    for each in listed:
        kid, algorithm, given = each.get("kid"), each.get("algorithm"), each.get("key")
        if not isinstance(kid, str) or not kid or kid in found:
            raise Misconfigured("each key of ANBAN_TOKEN_KEYS has a kid of its own", field="ANBAN_TOKEN_KEYS")
        if algorithm not in get_args(Algorithm):
            raise Misconfigured("algorithm is HS256, ES256 or EdDSA", field="ANBAN_TOKEN_KEYS")
        found[kid] = TokenKey(kid, cast("Algorithm", algorithm), _imported(cast("Algorithm", algorithm), given))
    return found


def tokens_of(settings: Settings, rules: Rulebook, clock: Clock) -> Tokens:
    """What this deployment accepts from its app. Raises `Misconfigured`."""
    shared = settings.token_key.get_secret_value() if settings.token_key else ""
    keys = token_keys(shared, settings.token_keys.get_secret_value())
    return Tokens(keys, clock, rules.lasting("user-token-minutes"), rules.lasting("user-token-skew-seconds"))


def _imported(algorithm: Algorithm, given: object) -> Key:
    try:
        if algorithm == "HS256":
            return _shared(str(given), "ANBAN_TOKEN_KEYS")
        key = (ECKey if algorithm == "ES256" else OKPKey).import_key(cast("Any", given))
    except (JoseError, ValueError, TypeError) as error:
        raise Misconfigured("a key of ANBAN_TOKEN_KEYS cannot be read", field="ANBAN_TOKEN_KEYS") from error
    if key.is_private:
        raise Misconfigured("give the app's public key: the private one stays with it", field="ANBAN_TOKEN_KEYS")
    if key.curve_name != ("P-256" if algorithm == "ES256" else "Ed25519"):
        raise Misconfigured("ES256 takes a P-256 key, EdDSA one of Ed25519", field="ANBAN_TOKEN_KEYS")
    return key


def _shared(text: str, setting: str) -> OctKey:
    if len(text.encode()) < LEAST_SECRET:
        raise Misconfigured(f"a shared secret has at least {LEAST_SECRET} bytes", field=setting)
    return OctKey.import_key(text)


def _kid_of(token: str) -> str:
    """The key that a token names; only to find it. Raises `ValueError`."""
    if len(token) > MOST_TOKEN or token.count(".") != 2:
        raise ValueError("no compact token")
    head = token.partition(".")[0]
    header = orjson.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    kid = header.get("kid", "") if isinstance(header, dict) else None
    if not isinstance(kid, str):
        raise ValueError("no name of a key")
    return kid


def _second(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no time")
    return int(value)
