"""The thesaurus: words that mean nearly the same are one concept, in both languages, and only as whole words."""

from pathlib import Path

import pytest

from anban.base.errors import Misconfigured
from anban.detectors.readings.normalise import fold
from anban.detectors.tables import THESAURUS
from anban.detectors.trained.concepts import Concepts

SMALL = """
# a comment
elder.pension = pension, my pension | 退休金, 养老金
family.grandchild = grandson, granddaughter | 孙子, 孙女
work.late = late shift | 夜班
"""


@pytest.fixture
def small(tmp_path: Path) -> Concepts:
    (tmp_path / "few.txt").write_text(SMALL, encoding="utf-8")
    return Concepts(tmp_path)


def names(thesaurus: Concepts, text: str) -> list[str]:
    return [thesaurus.names[concept] for concept, _, _ in thesaurus.found(text)]


def test_both_languages_come_to_the_same_concepts(small: Concepts) -> None:
    assert names(small, "my pension went to my grandson") == ["elder.pension", "family.grandchild"]
    assert names(small, "退休金都给孙子了") == ["elder.pension", "family.grandchild"]


def test_the_longest_entry_counts_and_only_as_whole_words(small: Concepts) -> None:
    assert small.found("my pension") == [(0, 0, 10)]
    assert names(small, "suspension bridge, pensioner") == []


def test_texts_of_the_same_concepts_share_their_buckets(small: Concepts) -> None:
    english, chinese = small.buckets("my pension, my grandson"), small.buckets("养老金给孙女")
    assert len(english) == 5 and set(english) == set(chinese)
    assert len(small.buckets("nothing of it")) == 0


def test_concepts_far_apart_do_not_stand_together(small: Concepts) -> None:
    near, far = small.buckets("退休金 孙子"), small.buckets("退休金" + "。" * 60 + "孙子")
    assert set(far) < set(near)


@pytest.mark.parametrize("line", ["no sides", "= a | b", "name = only english"])
def test_a_malformed_line_is_named_with_its_file_and_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "bad.txt").write_text(f"fine = a word | 词语\n{line}\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"bad\.txt:2"):
        Concepts(tmp_path)


def test_the_shipped_thesaurus_is_folded_and_says_nothing_twice_in_one_file() -> None:
    for path in sorted(THESAURUS.glob("*.txt")):
        entries: list[str] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            sides = line.partition("=")[2]
            entries += [entry.strip() for side in sides.split("|") for entry in side.split(",") if entry.strip()]
        assert len(entries) == len(set(entries)), path.name
        assert [entry for entry in entries if fold(entry) != entry] == [], path.name
