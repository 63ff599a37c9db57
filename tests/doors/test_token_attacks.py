"""What somebody might do to an app's signed token, as a table: each key has one algorithm, and nothing else opens."""

from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from anban.base.errors import Misconfigured, Unauthorised
from anban.web.tokens import CHAT, PAGE, Tokens, token_keys
from tests.doors.provider_of_logins import compact
from tests.house import EVENING, MovableClock

SHARED = "a-token-key-that-is-long-enough-for-hs256"
EDWARDS, ELLIPTIC = OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256")
OTHER_CURVE, RSA = ECKey.generate_key("P-384"), RSAKey.generate_key(2048)
NOW = int(EVENING.timestamp())
CLAIMS: dict[str, Any] = {"iss": "anban-app", "aud": CHAT, "sub": "lin", "iat": NOW, "exp": NOW + 600}


def public(key: Key) -> str:
    assert isinstance(key, ECKey | OKPKey | RSAKey)
    return key.as_pem(private=False).decode()


LISTED = [
    {"kid": "ed", "algorithm": "EdDSA", "key": public(EDWARDS)},
    {"kid": "ec", "algorithm": "ES256", "key": ELLIPTIC.as_dict(private=False)},
    {"kid": "second", "algorithm": "HS256", "key": SHARED[::-1]},
]


def tokens(clock: MovableClock | None = None) -> Tokens:
    from datetime import timedelta

    return Tokens(token_keys(SHARED, LISTED), clock or MovableClock(), timedelta(minutes=15), timedelta(seconds=60))


def signed(key: Key, algorithm: str, kid: str = "", header: dict[str, Any] | None = None, **claims: Any) -> str:
    told = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    head = {"alg": algorithm, **({"kid": kid} if kid else {}), **(header or {})}
    return jwt.encode(head, told, key, algorithms=[algorithm])


def shared(**more: Any) -> str:
    return signed(OctKey.import_key(SHARED), "HS256", **more)


GOOD: dict[str, Callable[[], str]] = {
    "the shared secret": shared,
    "Ed25519": lambda: signed(EDWARDS, "EdDSA", "ed"),
    "Ed25519 under its new name": lambda: signed(EDWARDS, "Ed25519", "ed"),
    "P-256": lambda: signed(ELLIPTIC, "ES256", "ec"),
    "the second shared secret": lambda: signed(OctKey.import_key(SHARED[::-1]), "HS256", "second"),
    "the longest that may be": lambda: shared(exp=NOW + 900),
    "a clock a little ahead": lambda: shared(iat=NOW + 50, exp=NOW + 700),
    "a clock a little behind": lambda: shared(iat=NOW - 640, exp=NOW - 40),
}
FORGED: dict[str, Callable[[], str]] = {
    "no algorithm": lambda: compact({"alg": "none"}, CLAIMS, None),
    "no algorithm, in capitals": lambda: compact({"alg": "NONE"}, CLAIMS, None),
    "no algorithm, with a signature": lambda: compact({"alg": "none"}, CLAIMS, SHARED.encode()),
    "no algorithm, under a known key": lambda: compact({"alg": "none", "kid": "ed"}, CLAIMS, None),
    "the public key as a secret": lambda: compact({"alg": "HS256", "kid": "ed"}, CLAIMS, public(EDWARDS).encode()),
    "the other public key": lambda: compact({"alg": "HS256", "kid": "ec"}, CLAIMS, public(ELLIPTIC).encode()),
    "an empty secret": lambda: compact({"alg": "HS256"}, CLAIMS, b""),
    "another key under a known name": lambda: signed(OKPKey.generate_key("Ed25519"), "EdDSA", "ed"),
    "a known key under another name": lambda: signed(EDWARDS, "EdDSA", "ec"),
    "a known key under no name": lambda: signed(EDWARDS, "EdDSA"),
    "a name that nobody has": lambda: signed(EDWARDS, "EdDSA", "gone"),
    "a name that is a path": lambda: shared(kid="../../dev/null"),
    "a name that is no text": lambda: compact({"alg": "HS256", "kid": 7}, CLAIMS, SHARED.encode()),
    "a stronger algorithm than ours": lambda: compact({"alg": "HS512"}, CLAIMS, SHARED.encode()),
    "an RSA key": lambda: signed(RSA, "RS256", "ec"),
    "a key that it brings along": lambda: signed(RSA, "RS256", header={"jwk": RSA.as_dict(private=False)}),
    "a key to fetch elsewhere": lambda: compact({"alg": "HS256", "jku": "https://x.example/keys"}, CLAIMS, b"k" * 32),
    "something critical unknown": lambda: compact({"alg": "HS256", "crit": ["x"], "x": 1}, CLAIMS, SHARED.encode()),
    "for another audience": lambda: shared(aud="somebody-else"),
    "for one's own page": lambda: shared(aud=PAGE),
    "for several": lambda: shared(aud=[CHAT, "somebody-else"]),
    "for ours in a list": lambda: shared(aud=[CHAT]),
    "without an audience": lambda: shared(aud=None),
    "by another issuer": lambda: shared(iss="somebody-else"),
    "by no issuer": lambda: shared(iss=None),
    "of nobody": lambda: shared(sub=None),
    "over": lambda: shared(iat=NOW - 700, exp=NOW - 61),
    "not begun": lambda: shared(iat=NOW + 61, exp=NOW + 600),
    "not valid before tomorrow": lambda: shared(nbf=NOW + 86_400),
    "of a whole year": lambda: shared(exp=NOW + 365 * 86_400),
    "a second too long": lambda: shared(exp=NOW + 901),
    "that ends before it begins": lambda: shared(iat=NOW + 30, exp=NOW + 20),
    "without an end": lambda: shared(exp=None),
    "without a beginning": lambda: shared(iat=None),
    "an end that is a word": lambda: shared(exp="tomorrow"),
    "an end that is true": lambda: shared(exp=True),
    "an end beyond all time": lambda: compact({"alg": "HS256"}, {**CLAIMS, "exp": 10**400}, SHARED.encode()),
    "an end that never comes": lambda: compact({"alg": "HS256"}, {**CLAIMS, "exp": float("inf")}, SHARED.encode()),
    "claims that are a list": lambda: compact({"alg": "HS256"}, [CLAIMS], SHARED.encode()),  # pyright: ignore
    "a changed word": lambda: _changed(shared()),
    "a changed signature": lambda: shared()[:-2] + "xy",
    "a signature less": lambda: shared().rpartition(".")[0] + ".",
    "two parts": lambda: shared().rpartition(".")[0],
    "four parts": lambda: shared() + ".x",
    "nothing": lambda: "",
    "dots": lambda: "..",
    "something very long": lambda: "a." + "b" * 100_000 + ".c",
    "no text": lambda: "é.ü.ö",
}  # fmt: skip


def _changed(token: str) -> str:
    head, told, mark = token.split(".")
    return f"{head}.{told[:10]}{'A' if told[10] != 'A' else 'B'}{told[11:]}.{mark}"


@pytest.mark.parametrize("name", GOOD)
def test_what_the_app_signed_is_believed(name: str) -> None:
    assert tokens().read(GOOD[name](), CHAT).claims["sub"] == "lin"


@pytest.mark.parametrize("name", FORGED)
def test_anything_else_is_refused_and_every_fault_looks_the_same(name: str) -> None:
    with pytest.raises(Unauthorised) as refused:
        tokens().read(FORGED[name](), CHAT)
    assert refused.value.message == "the token does not verify"


def test_a_token_for_a_page_needs_a_name_by_which_it_is_used_up() -> None:
    assert tokens().read(shared(aud=PAGE, jti="j1"), PAGE).name == "jti||j1"
    for token in (shared(aud=PAGE), shared(jti="j1")):
        with pytest.raises(Unauthorised):
            tokens().read(token, PAGE)


def test_a_withdrawn_key_opens_nothing_any_more() -> None:
    token = signed(EDWARDS, "EdDSA", "ed")
    after = Tokens(token_keys(SHARED, LISTED[1:]), MovableClock(), tokens().lasts, tokens().skew)
    with pytest.raises(Unauthorised):
        after.read(token, CHAT)


def test_a_token_ends_by_the_clock_of_the_house() -> None:
    clock = MovableClock()
    token, ours = shared(exp=NOW + 600), tokens(clock)
    clock.advance(seconds=659)
    ours.read(token, CHAT)
    clock.advance(seconds=2)
    with pytest.raises(Unauthorised):
        ours.read(token, CHAT)


@pytest.mark.parametrize(
    "listed",
    [
        {"algorithm": "EdDSA", "key": public(EDWARDS)},
        {"kid": "", "algorithm": "EdDSA", "key": public(EDWARDS)},
        {"kid": "x", "algorithm": "none", "key": ""},
        {"kid": "x", "algorithm": "RS256", "key": public(RSA)},
        {"kid": "x", "algorithm": "EdDSA", "key": public(ELLIPTIC)},
        {"kid": "x", "algorithm": "ES256", "key": public(OTHER_CURVE)},
        {"kid": "x", "algorithm": "EdDSA", "key": EDWARDS.as_pem(private=True).decode()},
        {"kid": "x", "algorithm": "HS256", "key": "short"},
        {"kid": "x", "algorithm": "ES256", "key": "no key at all"},
    ],
)
def test_a_key_that_cannot_be_right_stops_the_start(listed: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        token_keys("", [listed])


def test_a_shared_secret_is_long_and_names_are_their_own() -> None:
    with pytest.raises(Misconfigured):
        token_keys("short", [])
    with pytest.raises(Misconfigured):
        token_keys("", [LISTED[0], LISTED[0]])
