"""What is true just now, and which words that allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from anban.base.errors import AnbanError
from anban.words.helplines import Line

Takeover = Literal["none", "asked", "joined", "off_hours"]
Contact = Literal["none", "will", "sent", "received", "held"]
Desk = Literal["open", "none"]

KNOWN: Mapping[str, tuple[str, ...]] = {
    "takeover": get_args(Takeover),
    "contact": get_args(Contact),
    "desk": get_args(Desk),
}


class PromiseBroken(AnbanError):
    """The words asked for would claim something that is not so."""

    code = "promise_broken"


@dataclass(frozen=True, slots=True)
class PromiseState:
    """What has really been done for this person; the default is that nothing has.

    `takeover`: asked = the desk was paged; joined = a person holds the conversation. `contact`: will = a notice waits
    in its review window; sent = it left us; received = the contact confirmed it; held = a person keeps it back.
    `lines`: routes in the order to say them; empty means the ones that work with everything else broken.
    """

    takeover: Takeover = "none"
    contact: Contact = "none"
    lines: tuple[Line, ...] = ()
    desk: Desk = "none"

    def value(self, name: str) -> str:
        match name:
            case "takeover":
                return self.takeover
            case "contact":
                return self.contact
            case "desk":
                return self.desk
            case _:
                raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Condition:
    """`takeover:asked|joined&desk:open`: each named state has one of the given values."""

    parts: tuple[tuple[str, frozenset[str]], ...] = ()

    def holds(self, state: PromiseState) -> bool:
        return all(state.value(name) in allowed for name, allowed in self.parts)

    def implies(self, other: "Condition") -> bool:
        """True when `other` holds wherever this does, judged state by state."""
        mine = dict(self.parts)
        return all(name in mine and mine[name] <= allowed for name, allowed in other.parts)

    def also(self, other: "Condition") -> "Condition":
        """Both at once."""
        merged = dict(self.parts)
        for name, allowed in other.parts:
            merged[name] = merged[name] & allowed if name in merged else allowed
        return Condition(tuple(merged.items()))


NOTHING_DONE = PromiseState()


def read_condition(text: str) -> Condition:
    """Parse a condition; ValueError for a state or value that does not exist."""
    parts: dict[str, frozenset[str]] = {}
    for part in text.split("&"):
        name, _, values = part.strip().partition(":")
        allowed = frozenset(value.strip() for value in values.split("|"))
        if name not in KNOWN or not allowed <= set(KNOWN[name]):
            raise ValueError(f"no such promise state: {part.strip()}")
        parts[name] = allowed
    return Condition(tuple(parts.items()))
