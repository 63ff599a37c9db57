"""`anban train`: rebuild the detectors' model from its recipe; `anban train eval`: measure it."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from anban.base.errors import Misconfigured

_WIDTH = 140  # columns when no terminal tells them
_SHOWN = ("signal", "where", "positives", "negatives")


def train_model(data: Path, texts: Path | None, out: Path | None) -> int:
    """Train from the data folder and write weights and card; says which sources were left out, and why."""
    if find_spec("sklearn") is None:
        raise Misconfigured("training needs scikit-learn: install anban[train]", field="train")
    _require(data)
    from anban.detectors.trained.linear import FOLDER
    from anban.detectors.training.fit import train
    from anban.detectors.training.pool import TEXTS

    console = Console(highlight=False, stderr=True)
    with console.status("training") as status:
        card = train(data, out or FOLDER, lambda line: (console.print(line), status.update(line))[1], texts or TEXTS)
    console.print(f"sha256 {card['sha256']}  {card['bytes']:,} bytes")
    return 0


def measure_model(
    data: Path | None, texts: Path | None, against: Path | None, card: Path | None, *, as_json: bool
) -> int:
    """Figures on what is held out of training, as tables or JSON; 1 when one is worse than in `against`."""
    if data is not None:
        _require(data)
    from anban.cli.checking import levels_today
    from anban.detectors.panel import build_panel
    from anban.detectors.training.card import model_card
    from anban.detectors.training.evaluate import evaluate
    from anban.detectors.training.pool import TEXTS
    from anban.detectors.training.recorded import worse

    panel = build_panel(least=0.0)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    with Console(stderr=True).status("measuring"):
        figures = evaluate(data, panel, levels_today(), texts or TEXTS)
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        _print(console, figures)
    if card is not None:
        card.write_text(model_card(figures, panel.versions), encoding="utf-8")
    if against is None:
        return 0
    lines = worse(figures, _recorded(against, "held_out" if data is None else "with_data"))
    for line in lines:
        Console(stderr=True, highlight=False).print(f"worse: {line}")
    return 1 if lines else 0


def _print(console: Console, figures: dict[str, Any]) -> None:
    table = Table(title=f"{figures['texts']:,} texts held out, {figures['texts_per_second']:,} a second; worst first")
    for name in (*_SHOWN, "AUROC", "AUPRC", "R@1%", "R@5%", "calibration"):
        table.add_column(name, justify="left" if name in ("signal", "where") else "right")
    for s in figures["slices"]:
        table.add_row(
            *(str(s[name]) for name in _SHOWN),
            f"{s['auroc']:.3f} [{s['auroc_low']:.2f}, {s['auroc_high']:.2f}]", f"{s['auprc']:.3f}",
            f"{s['recall_1']:.2f}",
            f"{s['recall_5']:.2f} [{s['recall_5_low']:.2f}, {s['recall_5_high']:.2f}]", f"{s['calibration']:.3f}",
        )  # fmt: skip
    console.print(table)
    pace = ", ".join(f"{name} {value}" for name, value in figures["pace"].items())
    console.print(f"a text of 150 to 250 characters on one core: {pace}")
    for title in ("evasion", "ordinary talk, per 1,000"):
        rows = figures[title]
        table = Table(title=title)
        for name in ("set", *next(iter(rows.values()), {})):
            table.add_column(name, justify="left" if name == "set" else "right")
        for name, cells in rows.items():
            table.add_row(name, *("-" if value is None else str(value) for value in cells.values()))
        console.print(table)


def _recorded(path: Path, part: str) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))[part]
    except (OSError, ValueError, KeyError) as error:
        raise Misconfigured(
            f"{path} holds no recorded figures (`{part}`): {type(error).__name__}", field="against"
        ) from error


def _require(data: Path) -> None:
    if not (data / "written").is_dir():
        raise Misconfigured(
            "--data must hold `written/` and `train/`; docs/detectors.md names the sources", field="data"
        )
