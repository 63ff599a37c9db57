"""What came back from outside, and what that says about a letter."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import orjson

from anban.outreach.channel import Outcome

MOST_ANSWER_BYTES: Final = 64 * 1024
"""What lies beyond this in an answer is ignored (reliability A9)."""

_CODE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_CODE: Final = 64


@dataclass(frozen=True, slots=True)
class Reply:
    """`answered` with a status; `blocked` before anything was sent; `silent`: nothing came that can be relied on.

    `code` says why a request was blocked or stayed silent.
    """

    state: Literal["answered", "blocked", "silent"]
    status: int = 0
    body: bytes = field(default=b"", repr=False)
    code: str = ""


Read = Callable[[dict[str, Any]], Outcome]
"""How one provider's JSON answer is read; a `KeyError`, `TypeError` or `ValueError` means that it cannot be."""


def outcome(channel: str, reply: Reply, read: Read | None = None) -> Outcome:
    """What a reply says about the letter.

    A refusal with a status below 500 is a refusal; everything from 500 on may have come after the letter was taken.
    Without `read` the status alone decides.
    """
    if reply.state == "blocked":
        return Outcome("refused", channel, code=reply.code)
    if reply.state == "silent":
        return Outcome("unknown", channel, code=reply.code)
    if reply.status >= 500 or reply.status == 408:
        return Outcome("unknown", channel, code=f"http-{reply.status}")
    if reply.status >= 300:
        return _own_word(reply, read) or Outcome("refused", channel, code=f"http-{reply.status}")
    if read is None:
        return Outcome("accepted", channel)
    try:
        return read(_object(reply.body))
    except (KeyError, IndexError, TypeError, ValueError):
        return Outcome("unknown", channel, code="unreadable")


def short(code: object) -> str:
    """A provider's own code as a machine name: never a sentence, never long, so that nothing personal comes along."""
    return _CODE.sub("-", str(code))[:_MOST_CODE]


def _own_word(reply: Reply, read: Read | None) -> Outcome | None:
    """What the provider itself says in an answer that is no success: that it refuses, or that it broke down."""
    if read is None:
        return None
    try:
        told = read(_object(reply.body))
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return None if told.state == "accepted" else told


def _object(body: bytes) -> dict[str, Any]:
    value = orjson.loads(body)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value
