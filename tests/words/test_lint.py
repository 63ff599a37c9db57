"""The linter catches what hurts and lets kind words through."""

from pathlib import Path

import pytest
import yaml

from anban.words.lint import lint

CASES = Path(__file__).parent / "cases"
HARMFUL = yaml.safe_load((CASES / "harmful.yaml").read_text("utf-8"))
GOOD = yaml.safe_load((CASES / "good.yaml").read_text("utf-8"))
STAFF_HARMFUL = yaml.safe_load((CASES / "staff_harmful.yaml").read_text("utf-8"))
STAFF_GOOD = yaml.safe_load((CASES / "staff_good.yaml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("lang", "rule", "text"),
    [(lang, rule, text) for lang, rules in HARMFUL.items() for rule, texts in rules.items() for text in texts],
)
def test_a_harmful_sentence_is_caught_by_its_rule(lang, rule, text):
    found = lint(text, lang)
    assert rule in {finding.rule for finding in found}
    for finding in found:
        start, end = finding.span
        assert text[start:end].strip()
        assert finding.why_zh and finding.why_en


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang, texts in GOOD.items() for text in texts])
def test_a_kind_sentence_passes(lang, text):
    assert lint(text, lang) == []


@pytest.mark.parametrize(
    ("lang", "text"), [(lang, str(text)) for lang in STAFF_HARMFUL for text in STAFF_HARMFUL[lang]]
)
def test_what_a_tired_colleague_might_write_is_caught(lang, text):
    assert lint(text, lang) != []


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang in STAFF_GOOD for text in STAFF_GOOD[lang]])
def test_what_a_good_colleague_writes_passes(lang, text):
    assert lint(text, lang) == []


def test_hurtful_words_may_be_named_when_they_are_taken_back_or_were_another_s():
    for text in ("你没有给我添麻烦。", "他骂你没用，那一定很疼。", "不是要你坚强。"):
        assert lint(text, "zh") == []
    for text in ("给我添麻烦了你。", "你真没用。", "你要坚强。", "你是不是太自私了？"):
        assert lint(text, "zh")
    assert lint("You are not being selfish.", "en") == []
    assert lint("You are being selfish.", "en") and lint("Don't be selfish.", "en")


def test_a_text_made_to_be_slow_is_read_in_its_length():
    for text in ("不是" * 15_000, "想开点" * 10_000, "you are not selfish " * 3_000):
        lint(text, "zh"), lint(text, "en")


def test_there_are_enough_cases_in_each_language_to_mean_something():
    assert sum(map(len, HARMFUL["zh"].values())) >= 50 and sum(map(len, HARMFUL["en"].values())) >= 40
    assert len(GOOD["zh"]) >= 50 and len(GOOD["en"]) >= 50
    assert all(len(STAFF_HARMFUL[lang]) >= 50 and len(STAFF_GOOD[lang]) >= 50 for lang in ("zh", "en"))


def test_an_elder_is_addressed_with_respect():
    assert [finding.rule for finding in lint("你还好吗？", "zh", "elder")] == ["elder-address"]
    assert lint("您还好吗？", "zh", "elder") == []
    assert lint("你还好吗？", "zh", "minor") == []


def test_the_span_points_at_the_words_to_change():
    text = "谢谢你告诉我。想开点吧。"
    [finding] = lint(text, "zh")
    assert text[slice(*finding.span)] == "想开点"


def test_a_number_may_follow_a_human_sentence():
    assert lint("我很担心你的安全。请打 120。", "zh") == []
    assert [finding.rule for finding in lint("请打 120。我很担心你的安全。", "zh")] == ["bare-number"]


def test_a_long_text_takes_no_longer_than_its_length():
    assert lint("我在听你说。" * 20_000, "zh") == []


def test_findings_come_in_the_order_of_the_text():
    found = lint("加油！没事的。你在哪？你和谁在？", "zh")
    assert [finding.rule for finding in found] == ["platitude", "exclamation", "outcome", "many-questions"]
