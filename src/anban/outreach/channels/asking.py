"""Asking a provider that the operator has chosen: once, within a deadline, following nothing."""

import asyncio
from collections.abc import Mapping

import aiohttp

from anban.outreach.reply import Reply
from anban.outreach.safe_http import beginning

MOST_CONNECTIONS = 32


class Provider:
    """One provider's door. Its address is a setting of the operator, so it may be an inner one.

    No redirects are followed and no proxy is taken from the environment: keys, numbers and texts go to `url` alone.
    """

    def __init__(self, url: str, within: float) -> None:
        self.url = url.rstrip("/")
        self._within = within
        self._opened: aiohttp.ClientSession | None = None

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Post once. Everything that can go wrong with it is in the reply; nothing is raised."""
        try:
            async with asyncio.timeout(self._within):
                request = self._session().post(self.url + path, data=body, headers=headers, allow_redirects=False)
                async with request as response:
                    return Reply("answered", response.status, await beginning(response))
        except TimeoutError:
            return Reply("silent", code="slow")
        except (aiohttp.ClientError, OSError, ValueError):
            return Reply("silent", code="unreachable")

    async def close(self) -> None:
        """Break open connections."""
        if self._opened is not None:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                # A connection that a provider has dropped meanwhile would cost a letter its first try.
                connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS, force_close=True),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                headers={"User-Agent": "anban", "Accept-Encoding": "identity"},
            )
        return self._opened
