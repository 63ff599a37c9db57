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


async def caller(request: Request[Any, Any, Any], gateway: Gateway, user: str) -> Service:
    """The service that may act for `user`: by key, or in demo mode by the cookie of that very user.

    Raises `Unauthorised` without either and `Forbidden` for another user's cookie.
    """
    if "authorization" not in request.headers and gateway.visitor_secret is not None:
        visitor = visitor_of(request, gateway.visitor_secret)
        if visitor is not None:
            if visitor != user:
                raise Forbidden("this page may only listen for its own visitor", field="user")
            return gateway.fallback
    return await gateway.doorman.service(request)


def _proof(visitor: str, secret: bytes) -> str:
    return hmac.new(secret, visitor.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
