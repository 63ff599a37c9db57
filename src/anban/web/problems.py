"""Errors as the outside sees them: OpenAI's object on `/v1/*`, problem+json elsewhere (RFC 9457). Never user text."""

import re
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from anban.base.errors import AnbanError, told
from anban.web.headers import PLAIN

log = structlog.get_logger()

RETRY_AFTER = "2"

_QUOTED = re.compile(r"\s*'[^']*'?|\s*- at .*|(?<=unknown field) `(?![A-Za-z0-9_]{1,40}`).*")
_MISSING = re.compile(r"parameter '([\w-]{1,64})'")
_KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class Elsewhere(AnbanError):
    """The answer lies at another address of ours, such as a log-in; a browser is sent there."""

    status = 303
    code = "see_other"

    def __init__(self, location: str) -> None:
        super().__init__("see another page")
        self.location = location


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The response for any error that reaches a door."""
    if isinstance(error, Elsewhere):
        return Response(b"", status_code=error.status, headers={**PLAIN, "Location": error.location})
    if isinstance(error, AnbanError):
        return problem(request, error.status, error.code, error.message, error.field)
    if request.scope["path"].startswith("/static") and getattr(error, "status_code", 500) >= 500:
        return problem(request, 404, "not_found", "not found", None)  # a name that no file can have
    if isinstance(error, HTTPException):
        return problem(request, error.status_code, _code(error), _detail(error), _field(error))
    if isinstance(error, RecursionError):
        return problem(request, 422, "too_deep", "the body is nested too deeply", "body")
    log.error("door.failed", path=request.scope.get("path_template", ""), **told(error))
    return problem(request, 500, "internal", "something went wrong on our side", None)


def problem(
    request: Request[Any, Any, Any], status: int, code: str, message: str, field: str | None
) -> Response[bytes]:
    """One error body in the shape that the path's clients expect."""
    headers = {**PLAIN, **({"Retry-After": RETRY_AFTER} if status in (429, 503) else {})}
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
    if error.status_code >= 500:
        return "something went wrong on our side"
    if isinstance(error, ValidationException):
        # Checks of shapes quote what they were given; what was given may be anybody's words.
        faults = "; ".join(f"{name}: {_QUOTED.sub('', why).strip() or 'is missing'}" for name, why in _faults(error))
        return faults[:500] or "the request does not fit"
    if error.status_code == 400:
        return "the body is not JSON in UTF-8, or does not fit its content type"
    return HTTPStatus(error.status_code).phrase.lower()


def _faults(error: ValidationException) -> list[tuple[str, str]]:
    if isinstance(error.extra, list):
        given = [each for each in error.extra if isinstance(each, dict)]
        return [
            (str(each.get("key") or "body").replace("data", "body"), str(each.get("message", ""))) for each in given
        ]
    missing = _MISSING.search(error.detail)
    return [] if missing is None else [(missing[1], "is missing")]


def _field(error: HTTPException) -> str | None:
    if isinstance(error, ValidationException):
        return next((name for name, _ in _faults(error)), None)
    return "body" if error.status_code in (400, 413) else None
