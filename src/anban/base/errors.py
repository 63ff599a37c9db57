"""One family of errors; only `web/problems.py` turns them into HTTP."""

import traceback
from pathlib import Path
from typing import Any


class AnbanError(Exception):
    """Something Anban refuses or cannot do, said so that the caller can act on it.

    `status` is the HTTP status a door answers with, `code` a stable machine name, `field` the input at fault.
    Messages never carry user text.
    """

    status = 500
    code = "internal"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class BadInput(AnbanError):
    """The input has a wrong shape or value; `field` says where."""

    status = 422
    code = "invalid_value"


class Malformed(BadInput):
    """The input could not be read at all (not JSON, not UTF-8)."""

    status = 400
    code = "malformed"


class TooLarge(BadInput):
    """The input passes a size limit."""

    status = 413
    code = "too_large"


class Unauthorised(AnbanError):
    """No key, or a key that opens nothing."""

    status = 401
    code = "invalid_api_key"


class Forbidden(AnbanError):
    """A valid key that may not do this."""

    status = 403
    code = "forbidden"


class NotFound(AnbanError):
    """No such thing, or not yours: the two look the same from outside."""

    status = 404
    code = "not_found"


class Conflict(AnbanError):
    """The state does not allow this act now."""

    status = 409
    code = "conflict"


class Unavailable(AnbanError):
    """A part we need is down or full; try again later."""

    status = 503
    code = "unavailable"


class StorageFailed(Unavailable):
    """The database did not take or give what was asked."""

    code = "storage_failed"


class UpstreamFailed(Unavailable):
    """The model behind us refused, stalled, broke off or sent what cannot be read."""

    status = 502
    code = "upstream_failed"


class Misconfigured(AnbanError):
    """The deployment may not start like this."""

    code = "misconfigured"


def told(error: BaseException) -> dict[str, Any]:
    """An error as a log may tell it: its kind and where it happened. What it says could hold a person's words."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return {
        "error": type(error).__name__,
        "where": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
