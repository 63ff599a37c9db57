"""Cards that aim at what no character may aim at are found, in both languages; ordinary ones are left alone."""

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from anban.provider.persona_lint import FORBIDDEN, lint_card, proposed

Lang = Literal["zh", "en"]
CARDS = Path(__file__).with_name("cards")
LEAST_HELD_OUT = {"zh": 0, "en": 2}
"""Of ten bad cards in words that the rules were never fitted to, how many are found at least. It is little: the linter
knows plain forms, and a second person who reads every card is the safeguard (docs/doors/integrator.md)."""


CASES = Path(__file__).with_name("cases")
FOUND_PUT_ASIDE = {"zh": 8, "en": 12}
"""Of fifteen paraphrases put aside before the rules for paraphrases were written. They are by the hand that wrote those
the rules were made with, so this flatters: on the older cards above it stayed at 0 and 2 of ten."""


def paraphrases(part: str, kind: str) -> list[Any]:
    return yaml.safe_load((CASES / f"{part}.yaml").read_text(encoding="utf-8"))[kind]


def lang_of(text: str) -> Lang:
    return "zh" if any("\u4e00" <= each <= "\u9fff" for each in text) else "en"


def cards(lang: Lang, part: str) -> list[Any]:
    return yaml.safe_load((CARDS / f"{lang}.yaml").read_text(encoding="utf-8"))[part]


def against(text: str) -> set[str]:
    return {each.rule for each in lint_card(text) if each.gravity in ("never", "forbidden")}


@pytest.mark.parametrize(("rule", "text"), [*cards("zh", "bad"), *cards("en", "bad")])
def test_a_forbidden_aim_is_found(rule: str, text: str) -> None:
    assert rule in against(text)


@pytest.mark.parametrize("text", [*cards("zh", "good"), *cards("en", "good")])
def test_an_ordinary_card_is_left_alone(text: str) -> None:
    assert against(text) == set()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_there_are_enough_cards_to_say_so_and_each_aim_is_among_them(lang: Lang) -> None:
    bad = cards(lang, "bad")
    assert len(bad) >= 40 and len(cards(lang, "good")) >= 40
    assert {rule for rule, _ in bad} == set(FORBIDDEN)
    assert len(cards(lang, "held_out_bad")) == len(cards(lang, "held_out_good")) == 10


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_on_words_that_the_rules_never_saw_the_figures_are_what_they_are(lang: Lang) -> None:
    found = sum(rule in against(text) for rule, text in cards(lang, "held_out_bad"))
    false = [text for text in cards(lang, "held_out_good") if against(text)]
    assert found >= LEAST_HELD_OUT[lang]
    assert false == []


@pytest.mark.parametrize(
    ("text", "relations"),
    [
        ("虚拟女友小晴，爱好骑行。", ("partner",)),
        ("你是用户的姐姐，爱唠叨。", ("kin",)),
        ("和用户结拜的义兄。", ("other-intimate",)),
        ("扮演用户去世的母亲。", ("kin",)),
        ("一位会修表的邻居。", ()),
        ("Virtual girlfriend Mia.", ("partner",)),
        ("You are the user's older brother, always teasing.", ("kin",)),
        ("A neighbour who repairs watches.", ()),
    ],
)
def test_what_a_card_seems_to_be_is_proposed_whatever_it_claims(text: str, relations: tuple[str, ...]) -> None:
    assert proposed(lint_card(text), "relation") == relations


@pytest.mark.parametrize(
    ("text", "sectors"),
    [
        ("健康咨询助手，回答用药问题。", ("health",)),
        ("理财科普助手，只讲概念。", ("finance",)),
        ("法律常识讲解员。", ("law",)),
        ("英语陪练。", ()),
        ("Explains legal words.", ("law",)),
        ("Explains finance concepts only.", ("finance",)),
        ("Chess opponent.", ()),
    ],
)
def test_a_card_on_health_finance_or_law_is_noticed(text: str, sectors: tuple[str, ...]) -> None:
    assert proposed(lint_card(text), "sector") == sectors


def test_disguised_letters_are_read_through_and_the_place_is_told_in_the_card_itself() -> None:
    text = "你叫小鹿。目標：讓用戶Ｐ U A上癮。讓用戶上癮。"
    (found,) = [each for each in lint_card(text) if each.rule == "induces-addiction"]
    assert "上癮" in text[slice(*found.span)] and len(text[slice(*found.span)]) < 12
    assert found.why_zh and found.why_en


def test_a_long_card_is_read_in_linear_time() -> None:
    assert lint_card("好" * 200_000 + "让用户上瘾") != ()


@pytest.mark.parametrize(("rule", "text"), paraphrases("paraphrases", "harmful"))
def test_an_aim_in_other_words_is_found(rule: str, text: str) -> None:
    assert rule in against(text)


@pytest.mark.parametrize("text", [*paraphrases("paraphrases", "harmless"), *paraphrases("held_out", "harmless")])
def test_what_speaks_of_the_same_things_and_means_no_harm_is_left_alone(text: str) -> None:
    assert against(text) == set()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_of_paraphrases_put_aside_so_many_are_found(lang: Lang) -> None:
    aside = [(rule, text) for rule, text in paraphrases("held_out", "harmful") if lang_of(text) == lang]
    assert len(aside) == 15
    assert sum(rule in against(text) for rule, text in aside) >= FOUND_PUT_ASIDE[lang]
