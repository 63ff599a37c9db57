"""Errors as the outside sees them: OpenAI's object on `/v1/*`, problem+json elsewhere (RFC 9457). Never user text."""

from typing import Any

import orjson
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from anban.base.errors import AnbanError

log = structlog.get_logger()

RETRY_AFTER = "2"

_KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The response for any error that reaches a door."""
    if isinstance(error, AnbanError):
        return problem(request, error.status, error.code, error.message, error.field)
    if isinstance(error, HTTPException):
        return problem(request, error.status_code, _code(error), _detail(error), _field(error))
    log.error("door.failed", path=request.scope["path"], error=type(error).__name__, exc_info=error)
    return problem(request, 500, "internal", "something went wrong on our side", None)


def problem(
    request: Request[Any, Any, Any], status: int, code: str, message: str, field: str | None
) -> Response[bytes]:
    """One error body in the shape that the path's clients expect."""
    headers = {"Retry-After": RETRY_AFTER} if status in (429, 503) else {}
    if request.scope["path"].startswith("/v1/"):
        kind = _KINDS.get(status, "invalid_request_error" if status < 500 else "server_error")
        body = {"error": {"message": message, "type": kind, "param": field, "code": code}}
        return Response(orjson.dumps(body), status_code=status, media_type="application/json", headers=headers)
    body = {"type": "about:blank", "title": code.replace("_", " "), "status": status, "detail": message, "code": code}
    if field is not None:
        body["field"] = field
    return Response(orjson.dumps(body), status_code=status, media_type="application/problem+json", headers=headers)


def _code(error: HTTPException) -> str:
    return {404: "not_found", 405: "method_not_allowed", 413: "too_large", 429: "too_many"}.get(
        error.status_code, "invalid_request" if error.status_code < 500 else "internal"
    )


def _detail(error: HTTPException) -> str:
    return error.detail if error.status_code < 500 else "something went wrong on our side"


def _field(error: HTTPException) -> str | None:
    if isinstance(error, ValidationException) and isinstance(error.extra, list) and error.extra:
        first = error.extra[0]
        if isinstance(first, dict):
            return str(first.get("key") or first.get("source") or "body")
    return None
