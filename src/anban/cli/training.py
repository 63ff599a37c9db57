"""`anban train`: rebuild the detectors' model from its recipe, and measure it."""

from importlib.util import find_spec
from pathlib import Path

import orjson
from rich.console import Console

from anban.base.errors import Misconfigured


def train_model(data: Path, out: Path | None) -> int:
    """Train from the data folder and write weights and card; says which sources were left out, and why."""
    if find_spec("sklearn") is None:
        raise Misconfigured("training needs scikit-learn: install anban[train]", field="train")
    if not (data / "written").is_dir():
        raise Misconfigured(
            "--data must hold `written/` and `train/`; docs/detectors.md names the sources", field="data"
        )
    from anban.detectors.linear import FOLDER
    from anban.detectors.training.fit import train

    console = Console(highlight=False, stderr=True)
    with console.status("training") as status:
        card = train(data, out or FOLDER, say=lambda line: (console.print(line), status.update(line))[1])
    console.print(f"sha256 {card['sha256']}  {card['bytes']:,} bytes")
    return 0


def measure_model(data: Path) -> int:
    """Recall and false alarms on the held-out part of the data, as JSON."""
    from anban.detectors.panel import build_panel
    from anban.detectors.training.evaluate import evaluate

    Console(highlight=False, soft_wrap=True).print(
        orjson.dumps(evaluate(data, build_panel()), option=orjson.OPT_INDENT_2).decode(), markup=False
    )
    return 0
