"""A browser on our own pages: in demo mode a cookie stands for one demonstration user."""

import hashlib
import hmac
import secrets
from typing import Any

from litestar import Request

from anban.base.errors import Forbidden
from anban.provider.models import Service
from anban.web.gateway.chat import Gateway

COOKIE = "anban_visitor"


def new_visitor() -> str:
    """A name for a browser that has none."""
    return "demo-" + secrets.token_hex(8)


def signed(visitor: str, secret: bytes) -> str:
    """The cookie's value: the name and a proof that we gave it."""
    return f"{visitor}.{_proof(visitor, secret)}"


def visitor_of(request: Request[Any, Any, Any], secret: bytes) -> str | None:
    """The browser's name, or None when the cookie is absent or not ours."""
    name, _, proof = request.cookies.get(COOKIE, "").rpartition(".")
    return name if name and hmac.compare_digest(proof, _proof(name, secret)) else None


async def known_caller(request: Request[Any, Any, Any], gateway: Gateway) -> tuple[Service, str | None]:
    """The service that is asking, and the one user it may act for; None where that is any of its users.

    A key opens a service; in demo mode the cookie of our pages opens one visitor. Raises `Unauthorised` without either.
    """
    if "authorization" not in request.headers and gateway.visitor_secret is not None:
        visitor = visitor_of(request, gateway.visitor_secret)
        if visitor is not None:
            return gateway.fallback, visitor
    return await gateway.doorman.service(request), None


async def caller(request: Request[Any, Any, Any], gateway: Gateway, user: str) -> Service:
    """The service that may act for `user`. Raises `Unauthorised`, and `Forbidden` for another user's cookie."""
    service, only = await known_caller(request, gateway)
    if only is not None and only != user:
        raise Forbidden("this page may only listen for its own visitor", field="user")
    return service


def _proof(visitor: str, secret: bytes) -> str:
    return hmac.new(secret, visitor.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
