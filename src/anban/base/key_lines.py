"""How master keys are written down: one version a line, `version[:state][:kms]:material`, or `version:destroyed`.

1:5a5a…              hex of 32 bytes; a file with one line needs no version
2:announced:6b6b…    opens already, wraps nothing yet: becomes the current one when every replica knows it
1:open-only:5a5a…    opens what it wrapped, wraps nothing new, until it is destroyed
3:kms:AQICAH…        the same 32 bytes wrapped by an outside key service, as base64
1:destroyed          gone for good; the number is never used again
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, cast, get_args

from anban.base.errors import Misconfigured

State = Literal["", "announced", "open-only", "destroyed"]
"""Empty: the newest of these is the current one, and wraps."""

_FIELD: Final = "ANBAN_MASTER_KEY"
SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One version. `material` is the key itself, or with `by_service` what the key service made of it."""

    version: int
    state: State
    material: bytes = field(repr=False)
    by_service: bool = False

    def written(self) -> str:
        """The line, without its end."""
        if self.state == "destroyed":
            return f"{self.version}:destroyed"
        state = f"{self.state}:" if self.state else ""
        told = f"kms:{base64.b64encode(self.material).decode()}" if self.by_service else self.material.hex()
        return f"{self.version}:{state}{told}"


def parse_lines(text: str) -> tuple[KeyLine, ...]:
    """Every version in `text`; blank lines and lines that begin with # are skipped. Raises `Misconfigured`."""
    bare = (line.strip() for line in text.splitlines())
    lines = [line for line in bare if line and not line.startswith("#")]
    found = [_parsed(line, number) for number, line in enumerate(lines, 1)]
    versions = [each.version for each in found]
    if len(set(versions)) != len(versions):
        raise Misconfigured("a version of the master key stands there twice", field=_FIELD)
    return tuple(sorted(found, key=lambda each: each.version))


def written(lines: Iterable[KeyLine]) -> str:
    """The text that `parse_lines` reads, oldest version first."""
    return "".join(f"{each.written()}\n" for each in sorted(lines, key=lambda each: each.version))


def _parsed(line: str, number: int) -> KeyLine:
    *named, material = line.split(":")
    version, state, by_service = number, "", False
    if material == "destroyed" and len(named) == 1:
        named, state = [*named, "destroyed"], "destroyed"
        material = ""
    for place, word in enumerate(named):
        if place == 0:
            version = _number(word)
        elif word == "kms" and place == len(named) - 1:
            by_service = True
        elif word in get_args(State) and word and place == 1:
            state = word
        else:
            raise Misconfigured("a master key's state is announced, open-only or destroyed", field=_FIELD)
    content = b"" if state == "destroyed" else _material(material, by_service)
    return KeyLine(version, cast(State, state), content, by_service)


def _number(word: str) -> int:
    if not word.isascii() or not word.isdecimal() or not 0 < int(word[:10]) < 2**31:
        raise Misconfigured("a version of a master key is a number", field=_FIELD)
    return int(word)


def _material(text: str, by_service: bool) -> bytes:
    try:
        content = base64.b64decode(text, validate=True) if by_service else bytes.fromhex(text)
    except (binascii.Error, ValueError) as error:
        raise Misconfigured("a master key is 64 hex digits", field=_FIELD) from error
    if not content or (not by_service and len(content) != SIZE):
        raise Misconfigured("a master key is 32 bytes, written as 64 hex digits", field=_FIELD)
    return content
