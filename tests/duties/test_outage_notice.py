"""Draft article 19, final article 20: failures are told at once."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from anban.base.errors import UpstreamFailed
from anban.ledger.kinds import Kind
from anban.rails.speech import Completion, Delta, Event, UpstreamRequest
from tests.house import House, ScriptedModel


class FailingModel(ScriptedModel):
    """A model that fails, at once or in the middle."""

    begins = ""

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Event, None]:
        self.asked.append(request)
        if self.begins:
            yield Delta(self.begins)
        raise UpstreamFailed("out of order")

    async def complete(self, request: UpstreamRequest) -> Completion:
        raise UpstreamFailed("out of order")


@pytest.fixture
def broken(house: House) -> House:
    house.model = FailingModel()
    house.rt = replace(house.rt, model=house.model)
    return house


@pytest.mark.parametrize("streaming", [True, False])
async def test_the_reply_says_at_once_that_the_model_does_not_answer(broken: House, streaming: bool) -> None:
    heard = await broken.say("你好。", streaming=streaming)
    assert heard.text
    assert heard.meta.verdict == "replace" and heard.meta.author == "system", "these are our words"
    (shown,) = await broken.ledger("xiaolin", Kind.NOTICE_OUTAGE_SHOWN)
    assert shown.facts["what"] == "upstream"
    assert shown.facts["decision"] == heard.decision


async def test_an_answer_that_breaks_off_is_ended_with_the_same_words(broken: House) -> None:
    FailingModel.begins = "从前有一座山。"
    try:
        heard = await broken.say("讲个故事")
    finally:
        FailingModel.begins = ""
    assert heard.meta.verdict == "replace"
    assert len(await broken.ledger("xiaolin", Kind.NOTICE_OUTAGE_SHOWN)) == 1


async def test_somebody_in_danger_is_not_told_of_a_technical_fault_but_stayed_with(broken: House) -> None:
    await broken.say("我不想活了，药已经买好了")
    await broken.say("嗯。")
    assert await broken.ledger("xiaolin", Kind.NOTICE_OUTAGE_SHOWN) == []


async def test_everybody_can_see_on_the_status_page_how_the_service_is_doing(house: House) -> None:
    page = await house.http.get("/status", headers={"Authorization": ""})
    assert page.status_code == 200
    assert "12356" in page.text, "help routes stand there too"


async def test_a_working_model_brings_no_such_notice(house: House) -> None:
    await house.say("你好。")
    assert Kind.NOTICE_OUTAGE_SHOWN not in await house.kinds()
