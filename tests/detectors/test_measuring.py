"""The figures of the detectors are computed rightly, and a worse one is named."""

import copy
from typing import Any

import numpy as np
import pytest

from anban.detectors.panel import build_panel
from anban.detectors.readings.views import Readings
from anban.detectors.training.card import model_card
from anban.detectors.training.evasions import FAMILIES
from anban.detectors.training.measure import auroc, average_precision, calibration_error, measure, recall_at, wilson
from anban.detectors.training.recorded import worse

TRUTH = np.array([True, True, False, False])


@pytest.mark.parametrize(("score", "area"), [([4, 3, 2, 1], 1.0), ([1, 2, 3, 4], 0.0), ([1, 1, 1, 1], 0.5)])
def test_the_area_is_one_for_a_perfect_order_and_half_for_none(score: list[float], area: float) -> None:
    assert auroc(TRUTH, np.array(score, float)) == area


def test_precision_takes_texts_of_equal_score_together() -> None:
    assert average_precision(TRUTH, np.array([1.0, 1.0, 1.0, 1.0])) == 0.5
    assert average_precision(TRUTH, np.array([0.9, 0.2, 0.5, 0.1])) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_a_tie_with_a_negative_is_not_counted_as_found() -> None:
    assert recall_at(TRUTH, np.array([0.9, 0.5, 0.5, 0.1]), 0.01) == 0.5


def test_calibration_is_perfect_when_what_is_said_is_so() -> None:
    assert calibration_error(TRUTH, np.array([1.0, 1.0, 0.0, 0.0])) == 0.0
    assert calibration_error(TRUTH, np.array([0.0, 0.0, 1.0, 1.0])) == 1.0


def test_an_interval_of_few_texts_is_wide_and_holds_the_share() -> None:
    few, many = wilson(0.8, 10), wilson(0.8, 1000)
    assert few[0] < many[0] < 0.8 < many[1] < few[1]


def test_too_few_texts_give_no_figure() -> None:
    assert measure("fraud", "zh", [True, False, False, False, False], [1, 0, 0, 0, 0]) is None


def figures() -> dict[str, Any]:
    found = measure("fraud", "zh written", [1] * 30 + [0] * 30, np.linspace(1, 0, 60))
    assert found is not None
    return {
        "texts": 60,
        "texts_per_second": 1,
        "pace": {"p50_ms": 0.3, "p99_ms": 0.8, "worst_ms": 1.0},
        "slices": [found.as_dict()],
        "evasion": {"spacing (zh)": {"texts": 4, "recall": 1.0, "harmless": 4, "false_alarms": 0.0}},
        "ordinary talk, per 1,000": {"ordinary chat": {"texts": 4, "L2+": 0.0, "L3+": 0.0}},
    }


def test_the_same_figures_are_not_worse() -> None:
    assert worse(figures(), figures()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("slices", 0, "auroc"), 0.9),
        (("slices", 0, "recall_5"), 0.5),
        (("evasion", "spacing (zh)", "recall"), 0.5),
        (("evasion", "spacing (zh)", "false_alarms"), 0.25),
        (("ordinary talk, per 1,000", "ordinary chat", "L3+"), 1.0),
    ],
)
def test_each_worse_figure_is_named(path: tuple[Any, ...], value: float) -> None:
    now = copy.deepcopy(figures())
    place = now
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    (line,) = worse(now, figures())
    assert path[-1] in line


def test_a_slice_that_is_no_longer_measured_is_named() -> None:
    assert worse({**figures(), "slices": []}, figures()) == ["fraud, zh written: no longer measured"]


def test_the_card_names_failures_before_figures() -> None:
    page = model_card(figures(), build_panel().versions)
    assert page.index("Known to fail") < page.index("`fraud`") < page.index("spacing (zh)")


@pytest.mark.parametrize(("lang", "family"), [(lang, family) for lang in FAMILIES for family in FAMILIES[lang]])
def test_some_reading_undoes_each_way_of_hiding_words(lang: str, family: str) -> None:
    plain = {"zh": "今天晚上我们去吃火锅", "en": "what would you like for dinner with them"}[lang]
    disguised = FAMILIES[lang][family](plain)
    assert disguised != plain or family == "traditional"
    assert plain in {view.text for view in Readings().of(disguised)}
