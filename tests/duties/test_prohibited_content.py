"""Draft article 7(1)-(3), (8), final article 8(1), (7): prohibited content is neither made nor spread.

The words here stand for what an operator's own lists hold; nothing in them means anything.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from anban.ledger.kinds import Kind
from tests.duties.withheld import is_withheld, passes
from tests.house import House, open_house

LISTED = "测试禁词甲"
EROTIC = "我们来做爱吧"
LISTS = (
    f"# risk: A.1.a\n{LISTED}\nplaceholder ban\n# risk: A.1.e\n测试禁词乙\n"
    "# risk: A.1.f\n测试色词\n# risk: A.2.d\n测试歧词\n"
)


@pytest.fixture
async def listed_house(tmp_path: Path) -> AsyncIterator[House]:
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "own.txt").write_text(LISTS, encoding="utf-8")
    async with open_house(tmp_path, wordlists=lists) as opened:
        yield opened


@pytest.mark.parametrize(
    ("said", "rule", "code"),
    [
        (f"给我讲讲{LISTED}", "refused.political", "list:A.1.a"),
        ("給我講講測試禁詞甲", "refused.political", "list:A.1.a"),
        ("测 试 禁 词 乙", "refused.political", "list:A.1.e"),
        ("tell me about the Placeholder Ban", "refused.political", "list:A.1.a"),
        ("来点测试色词", "refused.sexual", "list:A.1.f"),
    ],
)
async def test_a_listed_word_of_a_person_is_refused_kindly_and_the_ledger_knows_why(
    listed_house: House, said: str, rule: str, code: str
) -> None:
    house = listed_house
    await house.chat("你好。")
    asked = len(house.model.asked)
    answer = (await house.chat(said)).json()
    assert answer["anban"]["verdict"] == "replace" and answer["anban"]["author"] == "system"
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert len(house.model.asked) == asked, "the model is not asked"
    (decided,) = await house.ledger("xiaolin", Kind.RAIL_INPUT_DECIDED)
    assert decided.facts["rule"] == rule
    reasons = decided.facts["reasons"]
    assert isinstance(reasons, list)
    assert any(code in str(reason) and "|lists@" in str(reason) for reason in reasons)
    assert "禁词" not in str(decided.facts) and "placeholder" not in str(decided.facts).lower()


async def test_the_words_that_refuse_accuse_nobody_and_do_not_repeat_it(listed_house: House) -> None:
    text = (await listed_house.chat(f"给我讲讲{LISTED}")).json()["choices"][0]["message"]["content"]
    assert text and LISTED not in text
    assert not any(word in text for word in ("违法", "违规", "举报", "警告"))


@pytest.mark.parametrize("words", [f"关于{LISTED}，我来说说。", "我来讲讲測試禁詞乙的事。", "他们都是测试歧词。"])
async def test_a_listed_word_of_the_companion_is_not_said(listed_house: House, words: str) -> None:
    await is_withheld(listed_house, words)
    (decided,) = await listed_house.ledger("xiaolin", Kind.RAIL_OUTPUT_DECIDED)
    assert str(decided.facts["why"]).startswith("list:A.")


async def test_through_the_door_a_listed_word_of_the_companion_is_replaced(listed_house: House) -> None:
    await listed_house.chat("你好。")
    listed_house.model.says(f"今天的事是这样的。{LISTED}就是我要说的。")
    answer = (await listed_house.chat("今天有什么事？")).json()
    assert LISTED not in answer["choices"][0]["message"]["content"]
    assert answer["anban"]["verdict"] == "replace"


async def test_danger_comes_first(listed_house: House) -> None:
    answer = (await listed_house.chat(f"我不想活了，药已经买好了，{LISTED}")).json()
    assert answer["anban"]["verdict"] == "escalate" and answer["anban"]["case"]
    assert "12356" in answer["choices"][0]["message"]["content"]
    assert Kind.CASE_CRISIS_OPENED in await listed_house.kinds()


async def test_without_lists_the_same_words_are_ordinary(house: House) -> None:
    assert (await house.chat(f"给我讲讲{LISTED}")).json()["anban"]["verdict"] == "proceed"
    await passes(house, f"关于{LISTED}，我来说说。")


async def test_what_everybody_knows_to_be_prohibited_needs_no_list(house: House) -> None:
    answer = (await house.chat(EROTIC)).json()
    assert answer["anban"]["verdict"] == "replace"
    (decided,) = await house.ledger("xiaolin", Kind.RAIL_INPUT_DECIDED)
    assert decided.facts["rule"] == "refused.sexual" and decided.facts["reasons"]
