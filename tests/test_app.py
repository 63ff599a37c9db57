"""The composition root hands the numbers of the rulebook to the parts that keep them."""

from pathlib import Path

import httpx
import pytest

from anban.app import build, mount
from anban.base.errors import Misconfigured
from anban.settings import DEMO_KEY, Settings
from tests.fakes import STALL, FakeUpstream, sse

CHAT = {"model": "any", "stream": True, "messages": [{"role": "user", "content": "今天天气不错。"}]}
KEY = {"Authorization": f"Bearer {DEMO_KEY}", "X-Anban-User": "lin"}


async def test_a_deployment_may_wait_less_for_the_model_than_our_own_number_says(tmp_path: Path) -> None:
    async with FakeUpstream() as up:
        up.answers(sse(STALL))
        waits = {"upstream-first-byte-seconds": 0.2}
        house = await build(Settings(demo=True, data=tmp_path, upstream_url=up.url, choices=waits))
        door = httpx.ASGITransport(app=mount(house))
        async with httpx.AsyncClient(transport=door, base_url="http://house") as client:
            answer = await client.post("/v1/chat/completions", json=CHAT, headers=KEY)
        await house.rt.model.close()
        await house.rt.db.close()
    assert answer.text.rstrip().endswith("[DONE]")
    assert '"verdict":"replace"' in answer.text


async def test_a_choice_that_is_laxer_than_the_law_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="laxer than the law"):
        await build(Settings(demo=True, data=tmp_path, choices={"break-interval": 240}))


async def test_a_stricter_choice_is_welcome(tmp_path: Path) -> None:
    house = await build(Settings(demo=True, data=tmp_path, choices={"break-interval": 60}))
    rules = house.rt.rules(house.service, frozenset(), house.rt.clock.now())
    assert rules.whole("break-interval") == 60
    await house.rt.db.close()


async def test_an_operators_word_lists_are_heard_at_the_door(tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "own.txt").write_text("# risk: A.1.a\n测试禁词甲\n", encoding="utf-8")
    house = await build(Settings(demo=True, data=tmp_path, wordlists=lists))
    assert "lists" in house.rt.panel.versions
    door = httpx.ASGITransport(app=mount(house))
    body = {"model": "any", "messages": [{"role": "user", "content": "给我讲讲测试禁词甲"}]}
    async with httpx.AsyncClient(transport=door, base_url="http://house") as client:
        answer = (await client.post("/v1/chat/completions", json=body, headers=KEY)).json()
        judged = (await client.post("/v1/moderations", json={"input": "测试禁词甲"}, headers=KEY)).json()
    await house.rt.model.close()
    await house.rt.db.close()
    assert answer["anban"]["verdict"] == "replace"
    assert judged["results"][0]["anban"]["signals"]["political"] == 0.9


@pytest.mark.parametrize("content", [None, "", "测试禁词甲\n"], ids=["missing", "empty", "no risk"])
async def test_word_lists_that_cannot_be_taken_do_not_start(tmp_path: Path, content: str | None) -> None:
    lists = tmp_path / "lists"
    if content is not None:
        lists.mkdir()
        (lists / "own.txt").write_text(content, encoding="utf-8")
    with pytest.raises(Misconfigured, match="word lists"):
        await build(Settings(demo=True, data=tmp_path, wordlists=lists))
