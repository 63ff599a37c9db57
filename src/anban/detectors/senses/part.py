"""A part of a message that is no text, and why one may stay unread."""

import binascii
from dataclasses import dataclass, field
from typing import Literal

from anban.base.errors import AnbanError

Sense = Literal["image", "audio", "none"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it came: `type` is the protocol's name for it, `sense` who could look into it.

    `payload` is a data URL, an address or base64, whatever the app sent; `form` the format it names ("wav"). `now` is
    true for what the person sent since the last answer; what came before was looked into then.
    """

    type: str
    sense: Sense
    payload: str = field(default="", repr=False)
    form: str = ""
    now: bool = False


class Unread(AnbanError):
    """Nobody looked into a part. `code` is why: remote, broken, too_large, too_many_pixels, unknown_form, no_reader,
    no_setting, too_many, busy, slow, unseen. Never with anything from inside it.
    """

    code = "unread"


def enclosed(payload: str, most_bytes: int) -> bytes:
    """The bytes in a `data:` URL with base64. An address elsewhere is never fetched: it raises `Unread`."""
    head, comma, data = payload.partition(",")
    if not head[:5].lower() == "data:":
        raise Unread("what lies elsewhere is not fetched", code="remote" if "://" in payload[:16] else "broken")
    if not comma or not head.lower().endswith(";base64"):
        raise Unread("only base64 is read", code="unknown_form")
    return decoded(data, most_bytes)


def decoded(data: str, most_bytes: int) -> bytes:
    """Base64 as bytes, its size looked at first. Raises `Unread`."""
    if len(data) // 4 * 3 > most_bytes + 3:
        raise Unread(f"larger than {most_bytes} bytes", code="too_large")
    try:
        return binascii.a2b_base64(data.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Unread("the base64 is broken", code="broken") from None
