"""The data this room carries is whole: every rule compiles, every frame exists, the model is the one its card names."""

import hashlib
import json
from pathlib import Path

import pytest

from anban.base.errors import Misconfigured
from anban.detectors.expressions import expression
from anban.detectors.stated.rules import load_rules
from anban.detectors.tables import LEXICONS
from anban.detectors.trained.linear import FOLDER, Trained
from anban.detectors.vocabulary import OUTPUT_SIGNALS, USER_SIGNALS


@pytest.mark.parametrize(("role", "names"), [("user", USER_SIGNALS), ("assistant", OUTPUT_SIGNALS)])
def test_every_expression_runs_in_linear_time_and_names_a_signal(role: str, names: frozenset[str]) -> None:
    rules = load_rules(role)  # type: ignore[arg-type]
    for rule in rules.rules:
        assert rule.signal in names | {"mask", "tag", "calm"}, rule.name
        if rule.expression is not None:
            expression(rule.expression)
    for frame in rules.frames.values():
        expression(frame.expression)


def test_a_rule_with_an_unknown_word_is_refused(tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    for name in ("words.yaml", "frames.yaml"):
        (tmp_path / name).write_text((LEXICONS / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "user" / "bad.yaml").write_text("rules: {r: {signal: fraud, keys: [a], unles: []}}", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"bad.yaml: r"):
        load_rules("user", tmp_path)


def test_the_model_is_small_and_is_the_one_its_card_names() -> None:
    blob = (FOLDER / "weights.npz").read_bytes()
    card = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 15 * 1024 * 1024
    assert hashlib.sha256(blob).hexdigest() == card["sha256"]
    assert not set(card["sources"]) & set(card["sources_left_out"])


def test_a_changed_model_file_is_refused(tmp_path: Path) -> None:
    blob = bytearray((FOLDER / "weights.npz").read_bytes())
    blob[-10] ^= 1
    (tmp_path / "weights.npz").write_bytes(blob)
    (tmp_path / "card.json").write_bytes((FOLDER / "card.json").read_bytes())
    with pytest.raises(Misconfigured):
        Trained(tmp_path)
