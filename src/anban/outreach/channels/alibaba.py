"""Alibaba Cloud's RPC style: how a request is signed, and what an answer says.

https://help.aliyun.com/zh/sdk/product-overview/rpc-mechanism (signature version 1.0, HMAC-SHA1, as the provider
demands; the request itself goes over TLS).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final
from urllib.parse import quote, urlencode

from anban.base.clock import Clock
from anban.outreach.channel import Outcome
from anban.outreach.channels.asking import Provider
from anban.outreach.channels.choice import Plain, Secret
from anban.outreach.reply import outcome, short

VERSION: Final = "2017-05-25"
"""Of both the SMS and the voice interface."""

_BROKEN: Final = frozenset(
    {"isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "isp.UNKNOWN_ERR_CODE", "InternalError", "ServiceUnavailable"}
)
"""Codes that say that the provider failed, not that it refused: the message may be out."""


def signature(method: str, parameters: Mapping[str, str], secret: str) -> str:
    """The signature over all parameters of a request."""
    pairs = "&".join(f"{_quoted(name)}={_quoted(parameters[name])}" for name in sorted(parameters))
    signed = f"{method}&{_quoted('/')}&{_quoted(pairs)}"
    return base64.b64encode(hmac.new(f"{secret}&".encode(), signed.encode(), hashlib.sha1).digest()).decode()


class Alibaba:
    """One account at one of the provider's doors."""

    def __init__(self, door: Provider, key_id: Plain, key_secret: Secret, clock: Clock) -> None:
        self._door, self._key_id, self._secret, self._clock = door, key_id, key_secret, clock

    async def call(self, channel: str, action: str, asked: Mapping[str, str], receipt: str) -> Outcome:
        """Perform one action; `receipt` is the field of the answer that holds the provider's id."""
        parameters = {
            "AccessKeyId": self._key_id,
            "Action": action,
            "Format": "JSON",
            "SignatureMethod": "HMAC-SHA1",
            # Fresh each time: a repeat with the same one would be refused although the first may never have arrived.
            "SignatureNonce": secrets.token_hex(16),
            "SignatureVersion": "1.0",
            "Timestamp": self._clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Version": VERSION,
            **asked,
        }
        parameters["Signature"] = signature("POST", parameters, self._secret.get_secret_value())
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = await self._door.post("/", urlencode(parameters).encode(), headers)

        def read(answer: dict[str, Any]) -> Outcome:
            code = answer["Code"]
            if code == "OK":
                return Outcome("accepted", channel, short(answer[receipt]))
            return Outcome("unknown" if code in _BROKEN else "refused", channel, code=short(code))

        return outcome(channel, reply, read)

    async def close(self) -> None:
        await self._door.close()


def _quoted(text: str) -> str:
    return quote(text, safe="~")
