"""Whether every duty that we say is done can be followed from its clause to code, test, signal, number and evidence."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from anban.law.model import Duty
from anban.law.register import Register
from anban.law.table import test_file

_DONE = ("automated", "assisted")
_KINDS = "ledger/kinds.py"
_KIND = re.compile(r"\bKind\.([A-Z0-9_]+)\b")
_QUOTED = re.compile(r"""["']([a-z0-9-]+)["']""")


def missing_links(
    register: Register,
    performed: Mapping[str, Sequence[str]],
    tests: Path,
    kinds: AbstractSet[str],
    signals: AbstractSet[str],
    sources: Mapping[str, str],
    planned: AbstractSet[str] = frozenset(),
) -> list[str]:
    """One plain line for each broken link; an empty list is the only good answer.

    `performed` is what `performed_by` tells with every room imported, `tests` the checkout's tests folder, `kinds` the
    ledger's closed list, `signals` the detectors' vocabulary, `sources` the text of every module by name, `planned` the
    kinds that no code writes yet.
    """
    done = [duty for duty in register.duties.values() if duty.mode in _DONE]
    return [
        *unperformed(done, performed),
        *unproven(done, tests),
        *unseen(register, signals),
        *unwritten(register, kinds),
        *unread(register, sources),
        *unmet(register),
        *silent(kinds, planned, sources),
        *unused(register, signals, sources),
    ]


def unperformed(done: Sequence[Duty], performed: Mapping[str, Sequence[str]]) -> list[str]:
    """Duties called done that no code is marked as performing."""
    return [f"{duty.id}: {duty.mode}, but no code performs it" for duty in done if not performed.get(duty.id)]


def unproven(done: Sequence[Duty], tests: Path) -> list[str]:
    """Duties called done whose test is missing or never looks at the evidence that they name."""
    lines: list[str] = []
    for duty in done:
        path = tests / "duties" / test_file(duty.id)
        if not path.is_file():
            lines.append(f"{duty.id}: {duty.mode}, but tests/duties/{path.name} is missing")
            continue
        source = path.read_text(encoding="utf-8")
        for kind in duty.evidence:
            if kind not in source and not re.search(rf"\b{kind.replace('.', '_').upper()}\b", source):
                lines.append(f"{duty.id}: tests/duties/{path.name} never looks for the evidence {kind}")
    return lines


def unseen(register: Register, signals: AbstractSet[str]) -> list[str]:
    """Signals that a duty names and no detector has in its vocabulary."""
    return [
        f"{duty.id}: no detector yields the signal {signal}"
        for duty in register.duties.values()
        for signal in duty.signals
        if signal not in signals
    ]


def unwritten(register: Register, kinds: AbstractSet[str]) -> list[str]:
    """Evidence that a duty names and the ledger does not know."""
    return [
        f"{duty.id}: the ledger has no kind {kind}"
        for duty in register.duties.values()
        for kind in duty.evidence
        if kind not in kinds
    ]


def unread(register: Register, sources: Mapping[str, str]) -> list[str]:
    """Numbers whose file does not say truly whether code asks for them by name."""
    lines: list[str] = []
    for name, modules in read_by(register, sources).items():
        used = register.parameters[name].used_by == "code"
        if used and not modules:
            lines.append(f"{name}: no code reads this parameter; use it, or say `used_by: pending`")
        if modules and not used:
            lines.append(f"{name}: {modules[0]} reads this parameter; take `used_by: pending` away")
    return lines


def read_by(register: Register, sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Parameter -> the modules whose text names it as a string."""
    named = {module: set(_QUOTED.findall(text)) for module, text in sources.items()}
    return {name: [module for module, words in named.items() if name in words] for name in register.parameters}


def unmet(register: Register) -> list[str]:
    """Rows of the requirement matrix that no duty meets."""
    met = {row for duty in register.duties.values() for row in duty.meets}
    return [f"{row}: no duty meets this requirement" for row in register.requirements if row not in met]


def silent(kinds: AbstractSet[str], planned: AbstractSet[str], sources: Mapping[str, str]) -> list[str]:
    """Kinds of entry that nobody writes though they are not called planned, and the other way round."""
    lines: list[str] = []
    written = {module: set(_KIND.findall(text)) for module, text in sources.items() if module != _KINDS}
    for kind in sorted(kinds):
        name = kind.replace(".", "_").upper()
        writers = [module for module, names in written.items() if name in names]
        if not writers and kind not in planned:
            lines.append(f"{kind}: no code writes this kind of entry; write it, or list it as planned")
        if writers and kind in planned:
            lines.append(f"{kind}: {writers[0]} writes this kind of entry; it is no longer planned")
    return lines


def unused(register: Register, signals: AbstractSet[str], sources: Mapping[str, str]) -> list[str]:
    """Signals that no duty names and on which no rail or ladder acts. A threshold alone makes nothing happen, except
    for the companion's own words: the output rail withholds whatever its thresholds name.
    """
    named = {signal for duty in register.duties.values() for signal in duty.signals}
    judged = register.parameters.get("output-thresholds")
    for each in judged.values if judged else ():
        named |= set(each.value) if isinstance(each.value, Mapping) else set()
    deciding = [text for module, text in sources.items() if module.startswith(("rails/", "risk/"))]
    acted = {signal for signal in signals if any(f'"{signal}"' in text for text in deciding)}
    return [f"{signal}: no duty names this signal and no rail acts on it" for signal in sorted(signals - named - acted)]


def sources_of(package: Path) -> dict[str, str]:
    """The text of every module under `package`, without this room: a number is used where something is decided."""
    return {
        str(path.relative_to(package)): path.read_text(encoding="utf-8")
        for path in sorted(package.rglob("*.py"))
        if path.relative_to(package).parts[0] != "law"
    }
