"""The one shape of a key service, and how any of them is asked."""

from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp
import orjson

from anban.base.errors import Misconfigured
from anban.base.keys import KeysAway

WITHIN = 10.0
"""Seconds that a key service has for one answer."""

MOST = 1 << 20


class KeysRefused(Misconfigured):
    """The key service answers and refuses us: credentials that ran out, rights taken back, another key or context."""

    code = "keys_refused"


class KeyService(Protocol):
    """Wraps bytes so that only it can unwrap them, for the same context. Nobody waits for it in a turn."""

    @property
    def name(self) -> str: ...

    async def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """Raises `KeysAway` when it does not answer, `Misconfigured` when it refuses us."""
        ...

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """What `wrap` made for the same context. Raises as `wrap`; `Misconfigured` for another context too."""
        ...


async def post(url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """One question; the JSON object that came back. Raises `KeysAway` or `Misconfigured`, never with what was sent."""
    patience = aiohttp.ClientTimeout(total=WITHIN)
    try:
        async with (
            aiohttp.ClientSession(timeout=patience, trust_env=False) as session,
            session.post(url, data=body, headers=dict(headers), allow_redirects=False) as answer,
        ):
            content, status = await answer.content.read(MOST), answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise KeysAway("the key service does not answer") from error
    if status >= 429:
        raise KeysAway(f"the key service answers {status}")
    if status != 200:
        raise KeysRefused(f"the key service refuses: {status}", field="ANBAN_KMS")
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise KeysAway("the key service answers what is no JSON") from error
    if not isinstance(told, dict):
        raise KeysAway("the key service answers in another shape")
    return told  # pyright: ignore[reportUnknownVariableType]
