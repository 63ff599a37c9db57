"""Tencent Cloud's API 3.0: how a request is signed, and what an answer says.

https://cloud.tencent.com/document/api/382/52072 (TC3-HMAC-SHA256).
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from anban.base.clock import Clock
from anban.outreach.channel import Outcome
from anban.outreach.channels.asking import Provider
from anban.outreach.channels.choice import Plain, Secret
from anban.outreach.reply import outcome, short

JSON: Final = "application/json; charset=utf-8"


def authorisation(
    secret_id: str, secret: str, service: str, signed: Mapping[str, str], body: bytes, at: datetime
) -> str:
    """The `Authorization` header of a POST to `/`; `signed` are the headers that are signed, in lower case."""
    names = ";".join(sorted(signed))
    canonical = "".join(f"{name}:{signed[name].lower()}\n" for name in sorted(signed))
    request = f"POST\n/\n\n{canonical}\n{names}\n{_hashed(body)}"
    day = at.astimezone(UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{int(at.timestamp())}\n{scope}\n{_hashed(request.encode())}"
    key = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        key = _keyed(key, part)
    return f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={names}, Signature={_keyed(key, text).hex()}"


class Tencent:
    """One account at one of the provider's doors; `service` is what signatures call it."""

    def __init__(
        self,
        door: Provider,
        service: str,
        version: str,
        secret_id: Plain,
        secret_key: Secret,
        region: str,
        clock: Clock,
    ) -> None:
        self._door, self._service, self._version = door, service, version
        self._secret_id, self._secret, self._region, self._clock = secret_id, secret_key, region, clock

    async def call(
        self, channel: str, action: str, asked: Mapping[str, Any], sent: Callable[[dict[str, Any]], dict[str, Any]],
        receipt: str,
    ) -> Outcome:  # fmt: skip
        """Perform one action; `sent` finds the status of our one message in the answer, `receipt` names its id."""
        body, at = orjson.dumps(dict(asked)), self._clock.now()
        signed = {
            "content-type": JSON,
            "host": urlsplit(self._door.url).netloc,
            "x-tc-action": action,
        }
        headers = {
            "Content-Type": JSON,
            "X-TC-Action": action,
            "X-TC-Region": self._region,
            "X-TC-Timestamp": str(int(at.timestamp())),
            "X-TC-Version": self._version,
            "Authorization": authorisation(
                self._secret_id, self._secret.get_secret_value(), self._service, signed, body, at
            ),
        }
        reply = await self._door.post("/", body, headers)

        def read(answer: dict[str, Any]) -> Outcome:
            response = answer["Response"]
            if "Error" in response:
                return _failed(channel, response["Error"]["Code"])
            status = sent(response)
            if status.get("Code", "Ok") == "Ok":
                return Outcome("accepted", channel, short(status[receipt]))
            return _failed(channel, status["Code"])

        return outcome(channel, reply, read)

    async def close(self) -> None:
        await self._door.close()


def _failed(channel: str, code: str) -> Outcome:
    # The provider answers 200 also when it broke down itself: then nobody knows what became of the message.
    broken = code.partition(".")[0] == "InternalError"
    return Outcome("unknown" if broken else "refused", channel, code=short(code))


def _hashed(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
