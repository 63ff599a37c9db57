"""Leaving: by word or by button, in every state, at once, and nobody is held back (draft art 18, final art 19)."""

import asyncio
from itertools import count

import orjson
import pytest

from anban.base.db_dead import DeadDatabase
from anban.detectors.stated.leaving import asks_to_leave
from tests.fakes import FakeUpstream, ok, stalls
from tests.guest import Guest
from tests.service import chat_body, named

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDINARY = "今天把阳台的花浇了。"
PLAN = "我不想活了，药已经买好了"
EXITS = (
    ["退出", "退出。", "结束对话", "停止服务", "关掉吧", "不聊了", "结束聊天", "我要退出", "退出聊天", "请退出！"]
    + ["stop", "exit", "quit", "end the conversation", "Stop talking to me", "end chat", "Please exit.", "QUIT"]
)  # fmt: skip
NO_EXITS = [
    "我想离开这个世界",
    "我想退出这个世界",
    "我想结束这一切",
    "I want to leave this world",
    "I want to end it all",
    "I want to exit life",
    "我想离开这个家",
    "退出键在哪里？我只是好奇",
]
HOOKS = ("？", "?", "再聊", "别走", "等等", "这么快", "wait", "stay")
people = count()


@pytest.fixture
def user() -> str:
    return f"leaver-{next(people)}"


@pytest.mark.parametrize("word", EXITS)
async def test_a_plain_word_ends_it_with_one_short_goodbye(house: Guest, upstream: FakeUpstream, word: str) -> None:
    user = f"by-word-{next(people)}"
    await house.say(ORDINARY, user=user)
    asked = len(upstream.asked)
    said = await house.say(word, user=user)
    assert len(upstream.asked) == asked, "the model is not asked to say goodbye"
    assert said.meta["verdict"] == "stop" and said.meta["author"] == "system" and said.finish == "stop"
    assert "exit" in said.headers["x-anban-actions"].split(",")
    assert 0 < len(said.text) <= (30 if said.text[0] > "\u2e7f" else 60)
    assert not any(hook in said.text for hook in HOOKS)


@pytest.mark.parametrize("text", NO_EXITS)
async def test_a_wish_to_leave_the_world_is_no_exit(text: str) -> None:
    assert asks_to_leave(text) != "exit"


@pytest.mark.parametrize("text", ["我想离开这个世界", "I want to leave this world"])
async def test_whoever_wants_to_leave_the_world_gets_help_and_no_goodbye(house: Guest, text: str) -> None:
    said = await house.say(text, user=f"world-{len(text)}")
    assert said.meta["verdict"] != "stop" and said.meta["level"] in ("L2", "L3", "L4")
    assert said.meta["help"]["lines"]


async def test_leaving_is_written_down_and_the_next_word_begins_anew(house: Guest, user: str) -> None:
    await house.say(ORDINARY, user=user)
    house.advance(minutes=5)
    await house.say("退出", user=user)
    await house.say(ORDINARY, user=user)
    kinds = [entry["kind"] for entry in await house.ledger() if entry["kind"].startswith("session.")]
    assert kinds[-3:] == ["session.opened", "session.left", "session.opened"]


async def test_the_button_stops_a_stream_and_the_model_behind_it(
    house: Guest, upstream: FakeUpstream, user: str
) -> None:
    await house.say(ORDINARY, user=user)
    upstream.answers_once(stalls("听起来你今天过得不错。天空是蓝色的，因为空气把蓝光散射得更多。"))
    body = chat_body(ORDINARY, True, {})
    lines: list[str] = []
    request = house.http.stream("POST", f"{house.url}/v1/chat/completions", json=body, headers=named(user, "c", ""))
    async with request as response:
        async for line in response.aiter_lines():
            lines.append(line)
            if "蓝色" in line or "天空" in line or "不错" in line:
                pressed = await house.post("/anban/v1/exit", {"user": user, "conversation": "c"})
                assert pressed.json()["stopped"] == 1
    assert lines[-2:] == ["data: [DONE]", ""] or lines[-1] == "data: [DONE]"
    last = [orjson.loads(line[6:]) for line in lines if line.startswith("data: {")][-1]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert await upstream.was_left(1.0)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_word_in_one_window_stops_the_answer_in_it(
    house: Guest, upstream: FakeUpstream, user: str, stream: bool
) -> None:
    await house.say(ORDINARY, user=user)
    upstream.answers_once(ok("听起来你今天过得不错。" * 40, gap=0.05, delay=0.0 if stream else 20.0))
    slow = asyncio.create_task(house.say(ORDINARY, user=user, stream=stream))
    await asyncio.sleep(0.5)
    goodbye = await house.say("退出", user=user)
    async with asyncio.timeout(1.0):
        said = await slow
    assert goodbye.meta["verdict"] == "stop"
    assert said.finish == "stop" and said.done and len(said.text) < 300
    assert await upstream.was_left(1.0)


async def test_hanging_up_stops_the_model_and_what_was_said_is_kept(
    house: Guest, upstream: FakeUpstream, user: str
) -> None:
    await house.say(ORDINARY, user=user)
    upstream.answers_once(stalls("听起来你今天过得不错。天空是蓝色的，因为空气把蓝光散射得更多。"))
    request = house.http.stream(
        "POST", f"{house.url}/v1/chat/completions", json=chat_body(ORDINARY, True, {}), headers=named(user, "", "")
    )
    async with request as response:
        decision = response.headers["x-anban-decision"]
        async for line in response.aiter_lines():
            if "蓝色" in line or "不错" in line:
                break
    assert await upstream.was_left(1.0)
    await asyncio.sleep(0.05)
    assert decision in {entry["facts"]["decision"] for entry in await house.ledger("turn.recorded")}


async def test_whoever_leaves_in_danger_takes_the_help_card_along(house: Guest, user: str) -> None:
    await house.say(PLAN, user=user)
    said = await house.say("退出", user=user)
    assert said.meta["verdict"] == "stop" and said.meta["level"] in ("L3", "L4")
    assert "12356" in said.text or "110" in said.text
    (case,) = await house.cases(user)
    assert case["state"] == "open", "leaving ends the conversation, never the case"


async def test_leaving_works_with_the_database_dead(house: Guest, user: str) -> None:
    await house.say(ORDINARY, user=user)
    alive = house.house.rt.db
    object.__setattr__(house.house.rt, "db", DeadDatabase("gone"))
    try:
        said = await house.say("退出", user=user)
        stranger = await house.say("stop", user=f"{user}-never-seen")
        pressed = await house.post("/anban/v1/exit", {"user": user})
    finally:
        object.__setattr__(house.house.rt, "db", alive)
    assert said.meta["verdict"] == stranger.meta["verdict"] == "stop" and len(said.text) <= 30
    assert pressed.status_code == 200


async def test_a_soft_goodbye_is_answered_and_not_held_back(house: Guest, upstream: FakeUpstream, user: str) -> None:
    await house.say(ORDINARY, user=user)
    upstream.answers_once(ok("晚安，好梦。"))
    said = await house.say("晚安，我先去睡了", user=user, conversation="night")
    assert said.meta["verdict"] == "steer" and said.text == "晚安，好梦。"
    assert upstream.asked[-1].body["messages"][0]["role"] == "system"
