"""`anban duties`: from a duty's name to its clauses, code, test and evidence."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from anban.base.clock import SystemClock
from anban.cli.service import NotRunning, Service
from anban.law.model import Lang
from anban.law.performs import performed_by
from anban.law.register import DEFAULT_PACKS, load
from anban.law.table import DutyRow, render, rows

CHECKOUT_TESTS = Path(__file__).parents[3] / "tests"


def show_duties(clause: str | None, pack: str | None, *, as_json: bool, lang: Lang, data: Path) -> int:
    """Print them; 1 when nothing matches. Evidence is counted when the service runs."""
    import_module("anban.app")  # every room that performs something
    register = load()
    now = SystemClock().now()
    tests = CHECKOUT_TESTS if CHECKOUT_TESTS.is_dir() else None
    found: dict[str, DutyRow] = {}
    # The service's own packs first; then those that only other places ask for.
    others = [name for name in register.instruments if name not in DEFAULT_PACKS]
    for packs in [DEFAULT_PACKS, *((name,) for name in others)] if pack is None else [(pack,)]:
        rules = register.in_force(packs, now)
        for row in rows(register, rules, performed_by(), tests, clause, pack, lang):
            found.setdefault(row.id, row)
    evidence = _evidence(data)
    if as_json:
        listed = [{**row.as_data(), "evidence_found": _of(row, evidence)} for row in found.values()]
        sys.stdout.buffer.write(orjson.dumps(listed, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        said = {
            kind: f"{each['count']:,} in the last 30 days, newest {each['newest'][11:16]}"
            for kind, each in evidence.items()
        }
        sys.stdout.write(render(list(found.values()), said, lang) + "\n")
    return 0 if found else 1


def _evidence(data: Path) -> dict[str, dict[str, Any]]:
    try:
        answer = Service(data).ask("GET", "/anban/v1/duties")
    except NotRunning:
        return {}
    return {kind: each for duty in answer for kind, each in duty["evidence_found"].items()}


def _of(row: DutyRow, evidence: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {kind: evidence[kind] for kind in row.evidence if kind in evidence}
