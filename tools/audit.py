"""Looks up what is publicly known against the locked parts, and says plainly of which it could not find out.

    python -m tools.audit                           # asks the package index's own advisories, by pip-audit
    python -m tools.audit --advisories FOLDER       # reads OSV records that lie in a folder
    python -m tools.audit --unchecked-is-ok         # exit code 0 also where something could not be checked

Exit code 0: all was checked and nothing is known. 1: something is known. 3: nothing is known and not all was checked.
Nobody can be told that all is well by a source that answers nothing: before a source is believed, it must know an
advisory that we know.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from packaging.version import InvalidVersion, Version

from tools.locks import Pinned, canonical, locked

KNOWN_BAD = Pinned("jinja2", "3.1.2", "", ("0" * 64,))
"""A version against which an advisory has stood since January 2024."""

ASK_WITHIN = 300
FOUND, UNCHECKED = 1, 3


@dataclass(frozen=True, slots=True)
class Result:
    """What a source said of one part. `known` are advisories by id; `why` says why there is no answer."""

    part: Pinned
    known: tuple[str, ...] = ()
    why: str = ""


def by_index(parts: Sequence[Pinned]) -> list[Result]:
    """What the index's advisories say, asked by pip-audit."""
    canary = _ask([KNOWN_BAD])[0]
    if not canary.known:
        reason = canary.why or "the source did not name an advisory that it must know"
        return [Result(each, why=reason) for each in parts]
    return _ask(parts)


def _ask(parts: Sequence[Pinned]) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder, "parts.txt")
        lines.write_text("".join(f"{each.name}=={each.version}\n" for each in parts), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "-r", str(lines), "--disable-pip", "--no-deps", "-f", "json"]
        try:
            asked = subprocess.run(
                [*command, "--progress-spinner", "off", "--timeout", "10"],
                capture_output=True, timeout=ASK_WITHIN, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return [Result(each, why="the source did not answer in time") for each in parts]
    try:
        answers = {canonical(each["name"]): each for each in orjson.loads(asked.stdout)["dependencies"]}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return [Result(each, why="the source could not be asked") for each in parts]
    return [_read(each, answers.get(each.name)) for each in parts]


def _read(part: Pinned, answer: Mapping[str, Any] | None) -> Result:
    if answer is None or answer.get("version") != part.version or "vulns" not in answer:
        return Result(part, why="the source has no answer for this part")
    return Result(part, tuple(str(each["id"]) for each in answer["vulns"]))


def by_folder(parts: Sequence[Pinned], folder: Path) -> list[Result]:
    """What the OSV records in a folder say. A folder without a record answers nothing."""
    records = [orjson.loads(path.read_bytes()) for path in sorted(folder.rglob("*.json"))]
    about = [each for each in records if isinstance(each, dict) and not each.get("withdrawn")]
    if not about:
        return [Result(each, why="the folder holds no advisories") for each in parts]
    return [Result(part, tuple(str(each["id"]) for each in about if _hit(each, part))) for part in parts]


def _hit(record: Mapping[str, Any], part: Pinned) -> bool:
    for affected in record.get("affected", ()):
        package = affected.get("package", {})
        if package.get("ecosystem") != "PyPI" or canonical(str(package.get("name", ""))) != part.name:
            continue
        if part.version in affected.get("versions", ()):
            return True
        if any(_within(each.get("events", ()), part.version) for each in affected.get("ranges", ())):
            return True
    return False


def _within(events: Iterable[Mapping[str, str]], version: str) -> bool:
    """Whether a version lies in one of the spans that a record's events open and close."""
    at, inside = Version(version), False
    for event in events:
        try:
            if "introduced" in event:
                inside = inside or at >= Version(event["introduced"])
            fixed, last = event.get("fixed"), event.get("last_affected")
            if (fixed and at >= Version(fixed)) or (last and at > Version(last)):
                inside = False
        except InvalidVersion:
            return True  # a record that cannot be read is looked at by a person
    return inside


def told(results: Sequence[Result]) -> list[str]:
    """The report: what is known first, then what was not checked, then the sums. `clean` stands nowhere by default."""
    bad = [each for each in results if each.known]
    blind = [each for each in results if each.why]
    lines = [f"KNOWN VULNERABLE  {each.part.name} {each.part.version}  {', '.join(each.known)}" for each in bad]
    for why in sorted({each.why for each in blind}):
        names = [each.part.name for each in blind if each.why == why]
        lines.append(f"NOT CHECKED  {len(names)} parts ({why}): {', '.join(names[:6])}{' …' if len(names) > 6 else ''}")
    checked = len(results) - len(blind)
    lines.append(f"{len(results)} parts: {checked} checked, {len(bad)} known vulnerable, {len(blind)} not checked")
    return lines


def code_of(results: Sequence[Result], *, unchecked_is_ok: bool) -> int:
    """The exit code for these results."""
    if any(each.known for each in results):
        return FOUND
    if not results or any(each.why for each in results):
        return 0 if unchecked_is_ok else UNCHECKED
    return 0


def main(arguments: Sequence[str]) -> int:
    """Audit what the locks hold."""
    given = list(arguments)
    lenient = "--unchecked-is-ok" in given
    parts = [part for part, _ in locked()]
    if "--advisories" in given:
        results = by_folder(parts, Path(given[given.index("--advisories") + 1]))
    else:
        results = by_index(parts)
    print("\n".join(told(results)))
    return code_of(results, unchecked_is_ok=lenient)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
