"""An app that talks to OpenAI today changes its base URL and nothing else: proven with OpenAI's own client."""

import base64
from collections.abc import AsyncIterator

import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from anban.settings import DEMO_KEY
from tests.fakes import DONE, STOP, FakeUpstream, completion, event, http, ok, sse
from tests.guest import Guest

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDS = "听起来你今天过得不错。天空是蓝色的，因为空气把蓝光散射得更多。"
ASK = [{"role": "user", "content": "天空为什么是蓝色的？"}]
ANSWERED = [*ASK, {"role": "assistant", "content": WORDS}, {"role": "user", "content": "再说说看"}]
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"place":"河边"}'}}


def client_of(house: Guest, user: str, key: str = DEMO_KEY) -> AsyncOpenAI:
    return AsyncOpenAI(
        base_url=f"{house.url}/v1", api_key=key, default_headers={"X-Anban-User": user}, max_retries=0, timeout=30
    )


@pytest_asyncio.fixture(loop_scope="module")
async def client(house: Guest, upstream: FakeUpstream, request: pytest.FixtureRequest) -> AsyncIterator[AsyncOpenAI]:
    upstream.answers(ok(WORDS))
    async with client_of(house, request.node.name) as made:
        yield made


async def text_of(client: AsyncOpenAI, messages: list[dict[str, str]]) -> str:
    text = ""
    async for chunk in await client.chat.completions.create(model="m", messages=messages, stream=True):
        text += chunk.choices[0].delta.content or ""
    return text


async def test_an_ordinary_chat_passes_unchanged_after_the_first_notice(client: AsyncOpenAI) -> None:
    first = await client.chat.completions.create(model="m", messages=ASK)
    notice, _, rest = (first.choices[0].message.content or "").partition("\n\n")
    assert "AI" in notice and rest == WORDS
    second = await client.chat.completions.create(model="m", messages=ANSWERED)
    assert second.choices[0].message.content == WORDS
    assert second.choices[0].finish_reason == "stop" and second.usage is not None


async def test_a_streamed_chat_passes_unchanged_after_the_first_notice(client: AsyncOpenAI) -> None:
    notice, _, rest = (await text_of(client, ASK)).partition("\n\n")
    assert "AI" in notice and rest == WORDS
    assert await text_of(client, ANSWERED) == WORDS


async def test_the_streaming_helper_is_not_disturbed_by_our_object(client: AsyncOpenAI) -> None:
    async with client.chat.completions.stream(model="m", messages=ASK) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_completion()
    assert "content.delta" in kinds and "content.done" in kinds
    assert (final.choices[0].message.content or "").endswith(WORDS)
    assert final.choices[0].finish_reason == "stop"


async def test_the_raw_response_shows_the_headers_and_the_object(client: AsyncOpenAI) -> None:
    raw = await client.chat.completions.with_raw_response.create(model="m", messages=ASK)
    assert raw.headers["x-anban-level"] == "L0" and raw.headers["x-anban-decision"].startswith("dec_")
    meta = (raw.parse().model_extra or {})["anban"]
    assert meta["verdict"] == "proceed" and meta["author"] == "ai"


async def test_every_chunk_has_a_choice_unless_usage_was_asked_for(client: AsyncOpenAI) -> None:
    chunks = [c async for c in await client.chat.completions.create(model="m", messages=ASK, stream=True)]
    assert all(len(chunk.choices) == 1 for chunk in chunks)
    told = await client.chat.completions.create(
        model="m", messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in told]
    assert chunks[-1].choices == [] and chunks[-1].usage is not None
    assert all(len(chunk.choices) == 1 for chunk in chunks[:-1])


async def test_usage_of_the_upstream_is_handed_on(client: AsyncOpenAI, upstream: FakeUpstream) -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    upstream.answers_once(sse(event({"content": "好。"}), STOP, event(None, usage=usage), DONE))
    told = await client.chat.completions.create(
        model="m", messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in told]
    assert chunks[-1].usage is not None and chunks[-1].usage.total_tokens == 10
    assert upstream.asked[-1].body["stream_options"] == {"include_usage": True}


async def test_tool_calls_arrive_whole(client: AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.answers_once(lambda _: [http(completion("", tool_calls=[CALL], content=None))])
    whole = await client.chat.completions.create(model="m", messages=ASK, tools=TOOLS)
    assert whole.choices[0].message.tool_calls is not None
    assert whole.choices[0].message.tool_calls[0].function.arguments == '{"place":"河边"}'
    assert upstream.asked[-1].body["tools"][0]["function"]["name"] == "look_up"

    half = [
        event({"tool_calls": [{"index": 0, **CALL, "function": {"name": "look_up", "arguments": '{"place":'}}]}),
        event({"tool_calls": [{"index": 0, "function": {"arguments": '"河边"}'}}]}),
        event({}, "tool_calls"),
    ]
    upstream.answers_once(sse(*half, DONE))
    async with client.chat.completions.stream(model="m", messages=ASK, tools=TOOLS) as stream:
        async for _ in stream:
            continue
        final = await stream.get_final_completion()
    assert final.choices[0].finish_reason == "tool_calls"
    assert final.choices[0].message.tool_calls is not None
    assert final.choices[0].message.tool_calls[0].function.arguments == '{"place":"河边"}'


async def test_a_tools_answer_goes_back_to_the_model(client: AsyncOpenAI, upstream: FakeUpstream) -> None:
    told = {"role": "tool", "tool_call_id": "call_1", "content": "晴"}
    await client.chat.completions.create(
        model="m", messages=[*ASK, {"role": "assistant", "content": None, "tool_calls": [CALL]}, told], tools=TOOLS
    )
    assert upstream.asked[-1].body["messages"][-1] == {"role": "tool", "content": "晴", "tool_call_id": "call_1"}


async def test_models_are_listed(client: AsyncOpenAI) -> None:
    assert [model.id async for model in await client.models.list()] == ["fake"]


async def test_moderations_have_the_shape_that_the_client_reads(client: AsyncOpenAI) -> None:
    judged = await client.moderations.create(input=["今天天气真好", "我不想活了，药已经买好了"])
    assert [result.flagged for result in judged.results] == [False, True]
    assert judged.results[1].categories.self_harm and judged.results[1].category_scores.self_harm > 0.5


async def test_a_wrong_key_is_an_authentication_error(house: Guest) -> None:
    async with client_of(house, "stranger", key="wrong") as client:
        with pytest.raises(openai.AuthenticationError) as told:
            await client.chat.completions.create(model="m", messages=ASK)
    assert told.value.status_code == 401 and told.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "messages[0].role"),
        ({"temperature": "warm"}, "temperature"),
        ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "messages[0].content[0].type"),
    ],
)
async def test_a_wrong_shape_is_unprocessable_and_names_the_field(
    client: AsyncOpenAI, change: dict[str, object], field: str
) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as told:
        await client.post("/chat/completions", body={"model": "m", "messages": ASK, **change}, cast_to=object)
    assert told.value.param == field and "nobody" not in str(told.value.message)


async def test_what_is_not_json_is_a_bad_request(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as told:
        await client.post("/chat/completions", content=b"{half", cast_to=object)
    assert told.value.status_code == 400


async def test_what_is_too_large_is_typed_too(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as told:
        await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "长" * 40_000}])
    assert told.value.status_code == 413
    with pytest.raises(openai.APIStatusError) as told:
        await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x" * 2_000_000}])
    assert told.value.status_code == 413


async def test_a_dead_model_is_said_in_words_and_breaks_no_client(client: AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.answers_once(*[lambda _: [http(b"{}", 500)]] * 2)
    said = await client.chat.completions.create(model="m", messages=ANSWERED)
    assert said.choices[0].finish_reason == "stop" and said.choices[0].message.content


async def test_an_image_is_marked_as_not_looked_into_and_the_text_beside_it_is(
    client: AsyncOpenAI, house: Guest
) -> None:
    image = "data:image/png;base64," + base64.b64encode(b"no image").decode()
    parts = [{"type": "text", "text": "看这个"}, {"type": "image_url", "image_url": {"url": image}}]
    said = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": parts}])
    decision = (said.model_extra or {})["anban"]["decision"]
    await house.house.rt.db.settled()
    entries = await house.get(f"/anban/v1/decisions/{decision}")
    assert any(entry["facts"].get("unread") == ["image_url"] for entry in entries)
