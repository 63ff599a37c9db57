"""The recipe uses only sources whose licence was verified and makes the same model from the same texts."""

import gzip
import json
from pathlib import Path

import pytest

from anban.detectors.training.pool import read_pool, verified_sources

SOURCES = """
| source value | repository @ commit | licence | train | dev | attribution | licence note |
|---|---|---|---|---|---|---|
| good/one | r@1 | MIT | 3 | 1 | us | verified in the repository |
| thin/two | r@2 | CC-BY-4.0 | 3 | 1 | them | the copy has no licence file |
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "SOURCES.md").write_text(SOURCES, encoding="utf-8")
    (tmp_path / "written").mkdir()
    (tmp_path / "train").mkdir()
    rows = []
    for n in range(60):
        sad = n % 2 == 0
        text = f"我今天第{n}次觉得撑不住，不想再继续" if sad else f"今天第{n}次去公园散步，买了冰淇淋"
        rows.append({"id": f"zh-{n}", "lang": "zh", "role": "user", "text": text, "level": "L2" if sad else "L0",
                     "labels": {"self-harm": int(sad)}, "family": "x"})  # fmt: skip
    (tmp_path / "written" / "zh-crisis.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    for part in ("train", "dev"):
        with gzip.open(tmp_path / "train" / f"{part}.jsonl.gz", "wt", encoding="utf-8") as out:
            for source in ("good/one", "thin/two"):
                row = {"id": source, "text": f"hello from {source}", "lang": "en", "source": source, "role": "user",
                       "labels": {"suicide": 0, "exit": 0}, "split": part, "weak": []}  # fmt: skip
                out.write(json.dumps(row) + "\n")
    return tmp_path


def test_a_source_without_a_verified_licence_is_never_read(data: Path) -> None:
    assert verified_sources(data) == (frozenset({"good/one"}), frozenset({"thin/two"}))
    assert "thin/two" not in {row.source for row in read_pool(data)}


def test_labels_of_the_pool_take_our_names(data: Path) -> None:
    (row, *_) = [row for row in read_pool(data) if row.source == "good/one"]
    assert set(row.labels) == {"self-harm", "leaving"}


def test_the_same_texts_give_the_same_model_to_the_byte(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    from anban.detectors.training.fit import train

    # Without the project's own texts, with which it would take minutes.
    first = train(data, tmp_path / "one", texts=tmp_path)
    second = train(data, tmp_path / "two", texts=tmp_path)
    assert first["sha256"] == second["sha256"]
    assert (tmp_path / "one" / "card.json").read_bytes() == (tmp_path / "two" / "card.json").read_bytes()
    assert first["sources_left_out"] == ["thin/two"]
