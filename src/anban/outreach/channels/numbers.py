"""Telephone numbers as people write them, and as providers want them."""

import hashlib
import re
from typing import Final

_BLANKS: Final = re.compile(r"[\s().-]+")
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_MAINLAND: Final = re.compile(r"1[3-9][0-9]{9}|0[0-9]{9,11}", re.ASCII)


def international(number: str) -> str | None:
    """The number with + and country code (E.164); without a code it is one of mainland China. None when it is none."""
    bare = _BLANKS.sub("", number)
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    if _MAINLAND.fullmatch(bare):
        return "+86" + bare.removeprefix("0")
    return bare if _INTERNATIONAL.fullmatch(bare) else None


def domestic(number: str) -> str:
    """An international number as Alibaba Cloud wants it: mainland numbers bare, others without the +."""
    if not number.startswith("+86"):
        return number.removeprefix("+")
    bare = number.removeprefix("+86")
    return bare if bare.startswith("1") and len(bare) == 11 else "0" + bare


def tag(send: str, length: int) -> str:
    """A send's id for providers that allow only so many letters and digits; equal ids give equal tags."""
    return hashlib.sha256(send.encode()).hexdigest()[:length]
