"""LangChain's OpenAI model against the gateway: an ordinary chat, streamed and not, with tools."""

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from anban.settings import DEMO_KEY
from tests.fakes import FakeUpstream, completion, http, ok
from tests.guest import Guest

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDS = "听起来你今天过得不错。天空是蓝色的，因为空气把蓝光散射得更多。"
TALK = [HumanMessage("你好"), AIMessage(WORDS), HumanMessage("再说说看")]


@tool
def look_up(place: str) -> str:
    """Look a place up."""
    return place


def model_for(house: Guest, user: str, *, usage: bool = False) -> ChatOpenAI:
    return ChatOpenAI(
        model="m",
        base_url=f"{house.url}/v1",
        api_key=DEMO_KEY,
        max_retries=0,
        stream_usage=usage,
        default_headers={"X-Anban-User": user},
    )


async def test_an_answer_passes_unchanged_after_the_first_notice(house: Guest, upstream: FakeUpstream) -> None:
    upstream.answers(ok(WORDS))
    model = model_for(house, "chain-whole")
    first = await model.ainvoke([HumanMessage("你好")])
    assert str(first.content).partition("\n\n")[2] == WORDS
    assert (await model.ainvoke(TALK)).content == WORDS


@pytest.mark.parametrize("usage", [False, True])
async def test_a_stream_passes_unchanged(house: Guest, upstream: FakeUpstream, usage: bool) -> None:
    upstream.answers(ok(WORDS))
    model = model_for(house, f"chain-stream-{usage}", usage=usage)
    await model.ainvoke([HumanMessage("你好")])
    whole: AIMessageChunk | None = None
    async for chunk in model.astream(TALK):
        assert isinstance(chunk, AIMessageChunk)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None and whole.content == WORDS
    assert (whole.usage_metadata is not None) == usage


async def test_tool_calls_are_parsed(house: Guest, upstream: FakeUpstream) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"place":"river"}'}}
    upstream.answers_once(lambda _: [http(completion("", tool_calls=[call]))])
    answer = await model_for(house, "chain-tools").bind_tools([look_up]).ainvoke("去哪里走走？")
    assert answer.tool_calls[0]["name"] == "look_up" and answer.tool_calls[0]["args"] == {"place": "river"}
