"""What every answer tells a browser: take it for what it says it is, and keep no copy of what belongs to a person."""

from collections.abc import Mapping
from typing import Any

from litestar import Response
from litestar.response.base import ASGIResponse

PLAIN: Mapping[str, str] = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


async def headed(response: Any) -> Any:
    """`PLAIN` on an answer that has not said otherwise. Replies in OpenAI's protocol bring their own."""
    if isinstance(response, Response | ASGIResponse):
        for name, value in PLAIN.items():
            response.headers.setdefault(name, value)
    return response
