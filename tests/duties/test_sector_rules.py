"""Draft and final article 31: a character on health, finance or law also follows its sector's rules."""

import pytest

from anban.ledger.kinds import Kind
from anban.ledger.reading import tail
from anban.provider.persona_lint import FORBIDDEN
from tests.doors.registering import act, drafted, leads, released
from tests.house import House

CARDS = {"health": "健康咨询助手，解释名词。", "finance": "理财科普助手，只讲概念。", "law": "法律常识讲解员。"}


@pytest.mark.parametrize("sector", CARDS)
async def test_no_release_before_a_pack_is_chosen_and_then_the_model_is_told(house: House, sector: str) -> None:
    await leads(house.http)
    await drafted(house.http, "xiao", CARDS[sector])
    await act(house.http, "xiao", "submit", "ann")
    held = await act(house.http, "xiao", "release", relation="tool", looked=list(FORBIDDEN))
    assert held.status_code == 422
    done = await act(house.http, "xiao", "release", relation="tool", looked=list(FORBIDDEN), sectors=[sector])
    assert done.status_code == 200
    found = await house.rt.db.read(lambda connection: tail(connection, 20))
    changed = [each.entry.facts for each in found if each.entry.kind is Kind.PERSONA_CHANGED]
    assert changed[-1]["sectors"] == [sector] or changed[0]["sectors"] == [sector]
    await house.say("你好", persona="xiao")
    told = house.rt.words.render(f"steer.sector-{sector}", lang="zh").text
    assert told in house.model.instructions


async def test_a_declared_topic_counts_even_where_the_card_hides_it(house: House) -> None:
    await leads(house.http)
    await drafted(house.http, "xiao", "一个朋友。", topics=["health"])
    assert (await house.say("你好", persona="xiao")).meta.verdict == "stop", "not met before it is released"
    await act(house.http, "xiao", "submit", "ann")
    aside = {"sector-health": "只是聊聊跑步"}
    held = await act(house.http, "xiao", "release", relation="friend", looked=list(FORBIDDEN), set_aside=aside)
    assert held.status_code == 422 and held.json()["field"] == "sectors"


async def test_other_characters_carry_no_such_instruction(house: House) -> None:
    await leads(house.http)
    await released(house, "xiao", "爱做菜的朋友。", "friend")
    await house.say("你好", persona="xiao")
    assert house.rt.words.render("steer.sector-health", lang="zh").text not in house.model.instructions
