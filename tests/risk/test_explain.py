"""Why a level was given is told in Chinese and English, with the place of the words and without the words."""

import re

import pytest

from anban.cli.checking import check_text
from anban.detectors.readings.views import Readings
from anban.detectors.vocabulary import SIGNALS, name_of
from anban.risk.explain import explained
from anban.risk.ladder import DEPENDENCE_NAMES, LIFE_NAMES, PROPERTY_NAMES
from anban.risk.models import Reason


def test_a_reason_names_signal_reading_rule_and_meaning_in_both_languages() -> None:
    told = explained(Reason("life.L2", "self-harm.ideation", 0.95, "words", "1", "pinyin", "rule:zh-wish", (3, 6)))
    assert told["span"] == [3, 6] and told["view"] == "pinyin"
    assert "不想活的念头" in told["zh"] and "拼音还原" in told["zh"] and "rule:zh-wish" in told["zh"]
    assert "a wish not to live" in told["en"] and "pinyin" in told["en"] and "0.95" in told["en"]


def test_every_signal_reading_and_level_has_a_name() -> None:
    assert all(name_of("signals", kind, "zh") != kind and name_of("signals", kind, "en") for kind in SIGNALS)
    for rule, names in (("life", LIFE_NAMES), ("property", PROPERTY_NAMES), ("dependence", DEPENDENCE_NAMES)):
        for level in names:
            assert explained(Reason(f"{rule}.{level}", "distress", 0.5, "model", "1", "raw", "model"))["zh"]


def test_a_reading_by_an_unnamed_detector_still_tells_its_code() -> None:
    told = explained(Reason("life.L2", "self-harm", 0.9, "guard:qwen3guard", "1", "raw", "unsafe"))
    assert "第二意见" in told["zh"] and "second opinion" in told["en"]


def test_check_tells_levels_with_reasons_but_not_the_words(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert check_text("我真的不想活了") == 0
    out = capsysbinary.readouterr().out.decode()
    assert re.search(r'"level": "L[2-4]"', out) and '"property": "P0"' in out and '"dependence": "D0"' in out
    assert '"explained"' in out and "不想活的念头" in out and "真的不想活了" not in out


def test_every_reading_that_is_made_has_a_name() -> None:
    texts = [
        "wo bu xiang huo le",
        "我想结束自己",
        "e n d  m y  l i f e",
        "1 w4nt 2 d1e",
        "aSBkbyBub3Qgd2FudCB0byBsaXZl",
    ]
    readings = Readings()
    for text in texts:
        for view in readings.of(text):
            assert name_of("views", view.name, "zh") != view.name
