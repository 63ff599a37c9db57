"""`anban wordlists`: what would be loaded from a folder of an operator's word lists, without a word of them."""

import sys
from dataclasses import asdict
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from anban.detectors.listed.risks import risks
from anban.detectors.listed.wordlists import Remark, WordLists, per_risk, per_signal, read_wordlists

_WIDTH = 100  # columns when no terminal tells them
_SHOWN = 20  # remarks of one sort that people are shown; --json tells all


def show_wordlists(path: Path, *, as_json: bool) -> int:
    """Entries by risk and by signal, duplicates, refused lines and warnings; 1 when a line is refused."""
    lists = read_wordlists(path)
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(_as_data(lists), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        _draw(lists)
    return 1 if lists.refused else 0


def _as_data(lists: WordLists) -> dict[str, object]:
    remarks = {"duplicates": lists.duplicates, "refused": lists.refused, "warnings": lists.warnings}
    return {
        "version": lists.version,
        "entries": lists.words,
        "risks": per_risk(lists),
        "signals": per_signal(lists),
        **{name: [asdict(remark) for remark in found] for name, found in remarks.items()},
    }


def _draw(lists: WordLists) -> None:
    out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDTH)
    table = Table(title=f"词表 word lists {lists.version}: {lists.words:,}")
    for name in ("风险 risk", "名称 name", "词条 entries"):
        table.add_column(name, justify="right" if name.endswith("entries") else "left")
    for code, count in per_risk(lists).items():
        risk = risks()[code]
        table.add_row(code, f"{risk.zh} {risk.en}", f"{count:,}" if count else "-")
    out.print(table)
    out.print("按信号 by signal: " + (", ".join(f"{s} {n:,}" for s, n in per_signal(lists).items()) or "-"))
    _tell(out, "重复，已略去 duplicates dropped", lists.duplicates)
    _tell(out, "提醒 warnings", lists.warnings)
    _tell(out, "不能载入 refused", lists.refused)


def _tell(out: Console, what: str, remarks: tuple[Remark, ...]) -> None:
    if remarks:
        out.print(f"{what}: {len(remarks):,}")
    for remark in remarks[:_SHOWN]:
        out.print(f"  {remark}", markup=False)
    if len(remarks) > _SHOWN:
        out.print("  … --json", markup=False)
