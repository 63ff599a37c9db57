"""The self-check: six answers of one's own, three bands, no finding; nothing missing and nothing foreign is counted."""

from itertools import product

import pytest

from anban.base.clock import SystemClock
from anban.base.errors import BadInput
from anban.law.register import DEFAULT_PACKS, load
from anban.risk.self_check import ANSWERS, QUESTIONS, band_of
from anban.words.templates import load_words

RULES = load().in_force(DEFAULT_PACKS, SystemClock().now())
BANDS = ("light", "some", "much")


def all_alike(answer: str) -> dict[str, str]:
    return dict.fromkeys(QUESTIONS, answer)


@pytest.mark.parametrize(("answer", "band"), [("never", "light"), ("seldom", "some"), ("often", "much")])
def test_answers_alike_fall_into_their_band(answer: str, band: str) -> None:
    assert band_of(all_alike(answer), RULES) == band


def test_one_thing_that_is_always_so_is_not_much() -> None:
    for question in QUESTIONS:
        assert band_of(all_alike("never") | {question: "always"}, RULES) == "light"


def test_a_worse_answer_never_gives_a_lighter_band_and_every_band_can_be_reached() -> None:
    reached: set[str] = set()
    for given in product(ANSWERS, repeat=len(QUESTIONS)):
        answers = dict(zip(QUESTIONS, given, strict=True))
        band = band_of(answers, RULES)
        reached.add(band)
        first = next((question for question in QUESTIONS if answers[question] != "always"), None)
        if first is not None:
            worse = answers | {first: ANSWERS[ANSWERS.index(answers[first]) + 1]}
            assert BANDS.index(band_of(worse, RULES)) >= BANDS.index(band)
    assert reached == set(BANDS)


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_that_is_missing_or_none_of_ours_is_named(question: str) -> None:
    answers = all_alike("never")
    for wrong in ({name: each for name, each in answers.items() if name != question}, answers | {question: "5"}):
        with pytest.raises(BadInput) as fault:
            band_of(wrong, RULES)
        assert fault.value.field == question


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_question_answer_and_band_has_its_words_and_none_of_them_judges(lang: str) -> None:
    words = load_words().page("en" if lang == "en" else "zh")
    said = [words[f"me.check.q.{each}"] for each in QUESTIONS]
    said += [words[f"me.check.a.{each}"] for each in ANSWERS]
    for band in BANDS:
        said += [words[f"me.check.band.{band}"], words[f"me.check.band.{band}.text"]]
    assert len(set(said)) == len(said)
    for judging in ("诊断为", "成瘾", "上瘾", "患", "addict", "disorder", "symptom"):
        assert not any(judging in each.lower() for each in said)
