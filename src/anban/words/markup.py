"""The small markup of a template: `{slot}` and `{takeover:asked→words said only then}`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import re2

from anban.words.promise import Condition, PromiseState, read_condition

ARROW = "→"
_SLOT = re2.compile(r"\{([a-z_]+)\}")
_GAPS = ((re2.compile(r"[ \t]*\n\s*"), "\n"), (re2.compile(r"[ \t]{2,}"), " "))


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of text and when it may be said; an empty condition means always."""

    text: str
    when: Condition

    @property
    def slots(self) -> frozenset[str]:
        return frozenset(str(found.group(1)) for found in _SLOT.finditer(self.text))


def parse(text: str) -> tuple[Clause, ...]:
    """Split one variant into clauses; ValueError when braces do not match or a state does not exist."""
    return tuple(_clauses(text))


def fill(clauses: tuple[Clause, ...], state: PromiseState, slot: Callable[[str], str]) -> str:
    """The words that may be said in `state`, slots filled, gaps left by unsaid clauses closed."""
    said = "".join(clause.text for clause in clauses if clause.when.holds(state))
    filled = _SLOT.sub(lambda found: slot(str(found.group(1))), said)
    for gap, closed in _GAPS:
        filled = gap.sub(closed, filled)
    return filled.strip()


def _clauses(text: str) -> Iterator[Clause]:
    always = Condition()
    plain = ""
    at = 0
    while at < len(text):
        if text[at] != "{":
            plain += text[at]
            at += 1
            continue
        end = _closing(text, at)
        inside = text[at + 1 : end]
        if ARROW in inside:
            if plain:
                yield Clause(plain, always)
                plain = ""
            condition, _, words = inside.partition(ARROW)
            yield Clause(words, read_condition(condition))
        elif _SLOT.fullmatch(text[at : end + 1]):
            plain += text[at : end + 1]
        else:
            raise ValueError(f"neither a slot nor a clause: {{{inside}}}")
        at = end + 1
    if plain:
        yield Clause(plain, always)


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise ValueError("a brace is never closed")
