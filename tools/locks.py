"""What do the locks hold? Each line's name, version, condition and hashes, and what is installed beside them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS: Mapping[str, Path] = {
    "required": ROOT / "requirements" / "run.txt",
    "excluded": ROOT / "requirements" / "test.txt",
}
"""By the word that a bill of materials has for it: what runs, and what only builds and tests."""

_PIN = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[\w,-]+\])?==(?P<version>[^\s;\\]+)\s*(?:;\s*(?P<when>[^\\]+))?"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Pinned:
    """One line of a lock. `when` is the condition under which it is installed at all; empty is always."""

    name: str
    version: str
    when: str
    hashes: tuple[str, ...]


def pinned(lock: Path) -> tuple[Pinned, ...]:
    """Every line of a lock. Raises `ValueError` for one that is not pinned to a version."""
    found: list[Pinned] = []
    for line in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pin = _PIN.match(line)
        if pin is None:
            raise ValueError(f"{lock.name}: not pinned: {line[:80]}")
        when = (pin["when"] or "").partition("--hash")[0].strip()
        found.append(Pinned(pin["name"], pin["version"], when, tuple(_HASH.findall(line))))
    return tuple(found)


def locked() -> tuple[tuple[Pinned, str], ...]:
    """Everything in both locks with the scope it belongs to: what runs is never called a test's.

    A name stands twice where its version depends on where it is installed.
    """
    found: dict[tuple[str, str], tuple[Pinned, str]] = {}
    for scope, lock in sorted(LOCKS.items()):  # what runs comes last, and wins
        found |= {(each.name, each.version): (each, scope) for each in pinned(lock)}
    return tuple(found[key] for key in sorted(found))


def installed() -> dict[str, Distribution]:
    """What lies in this environment, by the name that locks use."""
    return {canonical(each.metadata["Name"]): each for each in distributions() if each.metadata["Name"]}


def canonical(name: str) -> str:
    """A package's name as locks and package addresses write it."""
    return re.sub(r"[-_.]+", "-", name).lower()
