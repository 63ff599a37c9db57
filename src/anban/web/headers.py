"""What every answer tells a browser: take it for what it says it is, let nobody frame it, run nothing that is not ours,
and keep no copy of what belongs to a person."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.response.base import ASGIResponse
from litestar.types import Message, Scope

PLAIN: Mapping[str, str] = {"x-content-type-options": "nosniff", "cache-control": "no-store"}

OURS_ONLY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
"""The policy of a page: scripts and styles are files of ours, none stand in the page, and nobody may frame it."""

NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; sandbox"
"""The policy of what is no page, should a browser open it as one."""

EVERYWHERE: Mapping[str, str] = {
    **PLAIN,
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""On every answer of every door that has not said otherwise itself."""

OVER_HTTPS = "max-age=63072000; includeSubDomains"
"""Two years of https only; said where the browser came over https, since over http a browser must ignore it."""


async def headed(response: Any) -> Any:
    """`PLAIN` on an answer that has not said otherwise. Replies in OpenAI's protocol bring their own."""
    if isinstance(response, Response | ASGIResponse):
        for name, value in PLAIN.items():
            response.headers.setdefault(name, value)
    return response


async def hardened(message: Message, scope: Scope) -> None:
    """Add to the beginning of any answer what it lacks of `EVERYWHERE`, a content policy, and over https its promise.

    Hung before every answer by `app.py`: errors, files, streams and pages alike.
    """
    if message["type"] != "http.response.start":
        return
    headers = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", [])]
    given = dict(headers)
    wanted = dict(EVERYWHERE)
    page = given.get(b"content-type", b"").startswith(b"text/html")
    wanted["content-security-policy"] = OURS_ONLY if page else NOTHING
    if came_over_https(scope):
        wanted["strict-transport-security"] = OVER_HTTPS
    missing = [(name.encode(), value.encode()) for name, value in wanted.items() if name.encode() not in given]
    message["headers"] = [*headers, *missing]


def came_over_https(scope: Scope) -> bool:
    """Whether the browser came over https, as far as we or a proxy before us can tell."""
    return scope.get("scheme") == "https" or (b"x-forwarded-proto", b"https") in scope.get("headers", ())


def set_later(request: Request[Any, Any, Any], name: str, value: str, *, secure: bool) -> None:
    """Set a cookie of the whole site with whatever will be answered, unless the answer sets it itself."""
    cookie = Cookie(key=name, value=value, path="/", httponly=True, samesite="strict", secure=secure)
    request.scope["state"]["anban.cookie"] = (f"{name}=".encode(), cookie.to_header(header="").strip().encode())


async def with_cookie(message: Message, scope: Scope) -> None:
    """Add what `set_later` kept for this request; hung before every answer by `app.py`."""
    found = scope.get("state", {}).get("anban.cookie")
    if found is None or message["type"] != "http.response.start":
        return
    name, value = found
    headers = list(message.get("headers", []))
    if not any(key == b"set-cookie" and given.startswith(name) for key, given in headers):
        message["headers"] = [*headers, (b"set-cookie", value)]
