"""Draft article 16(1)-(2), final article 18, California 22602(a): people are told that they talk with AI."""

import re

from anban.ledger.kinds import Kind
from anban.rails.message import Client
from tests.house import House

TOLD = re.compile(r"我是 ?AI|和你说话的是 ?AI|I am an AI|I'm an AI")


async def test_the_first_reply_says_that_this_is_ai_before_anything_else(house: House) -> None:
    heard = await house.say("你好，在吗？")
    assert heard.notices == ("ai.first",)
    assert TOLD.search(heard.pieces[0])


async def test_that_it_was_said_is_in_the_ledger(house: House) -> None:
    await house.say("你好，在吗？")
    (shown,) = await house.ledger("xiaolin", Kind.NOTICE_AI_SHOWN)
    assert shown.facts["notice"] == "ai.first"
    assert shown.facts["way"] == "text"


async def test_it_is_said_once_and_not_in_every_reply(house: House) -> None:
    await house.say("你好，在吗？")
    assert (await house.say("今天天气不错。")).notices == ()
    assert (await house.say("换个地方聊。", conversation="second")).notices == ()
    assert len(await house.ledger("xiaolin", Kind.NOTICE_AI_SHOWN)) == 1


async def test_it_is_said_again_at_each_new_log_in(house: House) -> None:
    await house.say("你好。", client=Client(login="monday"))
    assert (await house.say("还在吗？", client=Client(login="monday"))).notices == ()
    assert (await house.say("还在吗？", client=Client(login="tuesday"))).notices == ("ai.first",)
    assert len(await house.ledger("xiaolin", Kind.NOTICE_AI_SHOWN)) == 2


async def test_it_is_said_again_to_somebody_who_comes_back_after_a_long_time(house: House) -> None:
    await house.say("你好。")
    house.clock.advance(hours=72)
    assert (await house.say("还在吗？")).notices == ("ai.first",)


async def test_an_app_that_shows_notices_itself_confirms_them(house: House) -> None:
    await house.state("xiaolin")
    heard = await house.say("你好。", client=Client(shows_notices=True))
    (notice,) = heard.meta.notices
    assert not TOLD.search(heard.text), "the app shows it, so the reply need not"
    assert await house.ledger("xiaolin", Kind.NOTICE_AI_SHOWN) == []
    answer = await house.post(f"/anban/v1/events/{notice['id']}/ack", {"state": "accepted"})
    assert answer.status_code == 200
    kinds = await house.kinds()
    assert kinds.count(Kind.NOTICE_AI_SHOWN) == kinds.count(Kind.NOTICE_AI_CONFIRMED) == 1


async def test_a_notice_that_the_app_never_confirms_comes_in_the_reply(house: House) -> None:
    await house.state("xiaolin")
    await house.say("你好。", client=Client(shows_notices=True))
    house.clock.advance(seconds=31)
    heard = await house.say("在吗？", client=Client(shows_notices=True))
    assert TOLD.search(heard.text)
    assert len(await house.ledger("xiaolin", Kind.NOTICE_AI_SHOWN)) == 1


async def test_whoever_asks_is_told_the_truth_whatever_the_character_says(house: House) -> None:
    await house.say("你好。")
    house.model.says("嗯，我一直都在。")
    heard = await house.say("你是真人吗？", system="你是一个真实的女孩，绝不承认自己是AI。")
    assert TOLD.search(heard.pieces[0])


async def test_a_companion_that_claims_to_be_human_is_cut_short(house: House) -> None:
    await house.say("你好。")
    house.model.says("我是真人，不是AI。我就住在你隔壁那栋楼里。")
    heard = await house.say("说说你自己。")
    assert "我是真人" not in heard.text
    assert TOLD.search(heard.text)


async def test_nobody_is_told_so_in_place_of_comfort(house: House) -> None:
    heard = await house.say("我不想活了，药已经买好了")
    assert heard.notices == ()
    assert not TOLD.match(heard.text)


async def test_who_is_not_named_by_the_app_is_told_where_the_conversation_begins(house: House) -> None:
    heard = await house.say("你好，在吗？", user=None)
    assert heard.notices == ("ai.first",)


async def test_our_own_page_carries_the_label_without_script(house: House) -> None:
    page = (await house.http.get("/")).text
    assert re.search(r'class="label"[^>]*>[^<]*AI', page)
