"""Who is at the door: which service a key opens, and whom a request speaks for."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from litestar import Request

from anban.base.clock import Clock
from anban.base.db import Database
from anban.base.errors import BadInput, Unauthorised
from anban.provider.models import Service
from anban.provider.services import key_digest, service_of
from anban.web.tokens import CHAT, Tokens

KNOWN_FOR = 5.0
"""Seconds a key's answer is remembered: a switch or a revoked key works everywhere within that time."""

MOST_KEYS = 1_024
MOST_ID = 256


class Doorman:
    """Opens a service with a key; remembers briefly, so that a turn need not ask the database."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[str, tuple[float, Service]] = {}

    async def service(self, request: Request[Any, Any, Any]) -> Service:
        """The service that the request's key opens. Raises `Unauthorised`, and `StorageFailed` for a new key."""
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not key.strip():
            raise Unauthorised("send a service key as `Authorization: Bearer <key>`", field="authorization")
        digest = key_digest(key.strip())
        known = self._known.get(digest)
        if known is not None and (known[0] > self._clock.monotonic() or not self._db.healthy):
            return known[1]
        service = await self._db.read(lambda connection: service_of(connection, digest))
        if service is None:
            self._known.pop(digest, None)
            raise Unauthorised("this key opens no service", field="authorization")
        if len(self._known) >= MOST_KEYS:
            self._known.clear()
        self._known[digest] = (self._clock.monotonic() + KNOWN_FOR, service)
        return service

    def forget(self) -> None:
        """Ask the database again for every key."""
        self._known.clear()


def person_named(request: Request[Any, Any, Any], body: dict[str, Any], tokens: Tokens) -> dict[str, str]:
    """Whom the request speaks for: `user`, `conversation`, `persona`, `client`, each only when given.

    One signed token outranks the headers, and headers the body's `safety_identifier` and `user`. Raises `Unauthorised`
    for a token that does not verify and `BadInput` for an id that is not a short text.
    """
    found = {name: identifier(value, field) for name, value, field in _headers(request)}
    token = request.headers.get("x-anban-token")
    if token:
        found.update(_from_token(token, tokens))
    for field in ("safety_identifier", "user"):
        value = body.get(field)
        if value is None or value == "":
            continue
        named = identifier(value, field)
        found.setdefault("user", named)
    return found


def person_readable(request: Request[Any, Any, Any], in_body: Iterable[str], tokens: Tokens) -> dict[str, str]:
    """What `person_named` would tell, as far as it can be read; for a person in danger in a request that is wrong.

    A token that does not verify leaves the user unknown: nothing else in that request is believed.
    """
    found: dict[str, str] = {}
    for name, value, field in _headers(request):
        with suppress(BadInput):
            found[name] = identifier(value, field)
    token = request.headers.get("x-anban-token")
    if token:
        try:
            return found | _from_token(token, tokens)
        except (BadInput, Unauthorised):
            found.pop("user", None)
            return found
    for value in in_body:
        with suppress(BadInput):
            found.setdefault("user", identifier(value, "user"))
    return found


def _headers(request: Request[Any, Any, Any]) -> Iterator[tuple[str, str, str]]:
    for name in ("user", "conversation", "persona", "client"):
        value = request.headers.get(f"x-anban-{name}")
        if value:
            yield name, value, f"X-Anban-{name.capitalize()}"


def identifier(value: object, field: str) -> str:
    """A name by which an app knows somebody or something: short, in UTF-8, without control characters.

    Bytes of a header come as Latin-1, whatever they mean. Raises `BadInput`.
    """
    if not isinstance(value, str):
        raise BadInput(f"{field} must be a string", field=field)
    if not value.isascii() and field.startswith("X-Anban-") and "." not in field:
        try:
            value = value.encode("latin-1").decode("utf-8")
        except UnicodeError as error:
            raise BadInput(f"{field} must be text in UTF-8", field=field) from error
    if not value or len(value) > MOST_ID:
        raise BadInput(f"{field} must have 1 to {MOST_ID} characters", field=field)
    if _UNFIT.search(value):
        raise BadInput(f"{field} holds control characters or halves of characters", field=field)
    return value


_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def _from_token(token: str, tokens: Tokens) -> dict[str, str]:
    claims = tokens.read(token, CHAT).claims
    named = {"user": claims["sub"], **{name: claims[name] for name in ("conversation", "persona") if name in claims}}
    return {name: identifier(value, f"X-Anban-Token.{name}") for name, value in named.items()}
