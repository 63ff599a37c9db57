"""A contact's own server, told by a signed request (Standard Webhooks, https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
from typing import Annotated, Final, Literal

import orjson
from pydantic import AfterValidator, Field, SecretStr

from anban.base.clock import Clock
from anban.outreach.channel import Letter, Outcome
from anban.outreach.channels.choice import Choice
from anban.outreach.reply import outcome
from anban.outreach.safe_http import HTTPS, SafeHttp

TYPE: Final = "anban.letter"
_PREFIX: Final = "whsec_"
_LEAST, _MOST = 24, 64


def _signing(secret: SecretStr) -> SecretStr:
    try:
        size = len(_key(secret.get_secret_value()))
    except (binascii.Error, ValueError):
        size = 0
    if not _LEAST <= size <= _MOST:
        raise ValueError(f"must be {_PREFIX} and the base64 of {_LEAST} to {_MOST} random bytes")
    return secret


Host = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
SigningSecret = Annotated[SecretStr, AfterValidator(_signing)]


class WebhookChoice(Choice):
    """`hosts` are the only ones that requests go to. The first of `secrets` is the newest; all of them sign."""

    kind: Literal["webhook"]
    hosts: frozenset[Host] = Field(min_length=1)
    secrets: tuple[SigningSecret, ...] = Field(min_length=1, max_length=4)
    ports: frozenset[int] = frozenset({HTTPS})


class Webhook:
    """Posts each letter to the address of its contact. The send's id is the message's id, the same at each repeat."""

    def __init__(self, choice: WebhookChoice, clock: Clock, http: SafeHttp) -> None:
        self.name, self.routes = choice.name or "webhook", frozenset({"webhook"})
        self._secrets = [secret.get_secret_value() for secret in choice.secrets]
        self._clock, self._http = clock, http

    async def send(self, letter: Letter) -> Outcome:
        data = {"id": letter.send, "subject": letter.subject, "text": letter.text, "link": letter.link}
        body = orjson.dumps({"type": TYPE, "timestamp": letter.at.isoformat(), "data": data})
        # The time of this attempt, not the letter's: receivers refuse what is older than a few minutes.
        stamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": letter.send,
            "webhook-timestamp": stamp,
            "webhook-signature": " ".join(signature(each, letter.send, stamp, body) for each in self._secrets),
        }
        return outcome(self.name, await self._http.post(letter.address, body, headers))

    async def close(self) -> None:
        await self._http.close()


def signature(secret: str, message: str, stamp: str, body: bytes) -> str:
    """One signature of version 1 over a message's id, its time and its body."""
    signed = hmac.new(_key(secret), f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
