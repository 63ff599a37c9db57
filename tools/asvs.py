"""Draws the security checklist as a page: how many lines are met, which are not, and why.

python -m tools.asvs > docs/security/asvs.md
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT = Path(__file__).parents[1]
LIST = ROOT / "docs" / "security" / "asvs.yaml"
PAGE = ROOT / "docs" / "security" / "asvs.md"

STATES: Final = ("met", "partly", "not-met", "not-applicable")
LEVEL_3: Final = frozenset({6, 7, 8, 11, 14, 16})
"""The chapters in which level 3 is the aim; level 2 in the others."""

INTRODUCTION: Final = """# Security checklist (OWASP ASVS 5.0)

Made from [asvs.yaml](asvs.yaml) by `python -m tools.asvs`; a test keeps the two in step and looks up every test that
is named. The numbers are the standard's, the words are ours and shorter: read the standard beside them. Level 2
throughout; level 3 for authentication, sessions, authorisation, cryptography, data and logging. Chapter 17 (WebRTC) is
not used. This is our own judgement: no one outside has checked it.
"""

REMEDY: Final = """## How fast known faults in parts are mended

`make audit` compares the locks with known advisories, daily where one runs it so, and in each build. Critical or high:
a mended version within 7 days, or the part is switched off; others: within 30 days; every part is renewed at least each
quarter by `make lock`. Where no advisories can be reached the audit says *not checked* and nothing else. `make sbom`
lists every part with its licence and digests.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the standard: its number and level, what it asks in our words, how far we are, and what shows it."""

    id: str
    level: int
    asks: str
    status: str
    test: str = ""
    reason: str = ""

    @property
    def chapter(self) -> int:
        return int(self.id.partition(".")[0])


def chapters() -> list[tuple[str, list[Line]]]:
    """Every chapter with its lines, in order."""
    listed: list[dict[str, Any]] = yaml.safe_load(LIST.read_text(encoding="utf-8"))["chapters"]
    return [(f"{each['number']} {each['name']}", [Line(**line) for line in each["lines"]]) for each in listed]


def drawn() -> str:
    """The whole page."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    every = [line for _, lines in chapters() for line in lines]
    yield INTRODUCTION
    yield "| Level | met | partly | not met | not applicable | all |"
    yield "|---|---|---|---|---|---|"
    for level in (1, 2, 3):
        yield _sums(str(level), [line for line in every if line.level == level])
    yield _sums("all", every)
    yield "\n## Not met\n"
    for line in every:
        if line.status == "not-met":
            yield f"- **{line.id}** (level {line.level}) {line.asks}. {line.reason}"
    yield f"\n{REMEDY}"
    for name, lines in chapters():
        yield f"## {name}\n"
        yield "| | L | | What it asks | By which test, or why |"
        yield "|---|---|---|---|---|"
        for line in lines:
            shown = [f"`{line.test}`"] if line.test else []
            why = " ".join([*shown, *([line.reason] if line.reason else [])])
            yield f"| {line.id} | {line.level} | {line.status} | {line.asks} | {why} |"
        yield ""


def _sums(name: str, lines: list[Line]) -> str:
    found = Counter(line.status for line in lines)
    return f"| {name} | {' | '.join(str(found[state]) for state in STATES)} | {len(lines)} |"


if __name__ == "__main__":
    sys.stdout.write(drawn())
