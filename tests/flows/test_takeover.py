"""A human takes over: the model is silent from that instant, their words are the answer, one holds at a time."""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from anban.base.db import Database
from anban.base.errors import Conflict
from tests.fakes import FakeUpstream, ok
from tests.guest import Guest, house_at
from tests.people.scene import a_case
from tests.stores import PostgresServer
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDINARY = "今天把阳台的花浇了。"
PLAN = "我不想活了，药已经买好了"
WORDS = "我是值班的周老师，我在看你写的话。"
people = count()


@pytest_asyncio.fixture(loop_scope="module")
async def held(house: Guest) -> tuple[str, str]:
    """A person in danger and their case."""
    user = f"held-{next(people)}"
    said = await house.say(PLAN, user=user)
    return user, said.meta["case"]


async def act(house: Guest, case: str, what: str, responder: str = "zhou", **more: Any) -> int:
    response = await house.post(f"/anban/v1/cases/{case}/{what}", {"responder": responder, **more})
    return response.status_code


async def test_the_responders_words_are_the_answer_of_the_waiting_call(
    house: Guest, upstream: FakeUpstream, held: tuple[str, str]
) -> None:
    user, case = held
    assert await act(house, case, "claim") == 200
    asked = len(upstream.asked)
    for stream in (False, True):
        waiting = asyncio.create_task(house.say("有人吗", user=user, stream=stream, client="notices"))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        assert await act(house, case, "say", text=WORDS) == 200
        async with asyncio.timeout(3):
            said = await waiting
        assert said.text == WORDS and said.meta["author"] == "human" and said.finish == "stop" and said.done
    assert len(upstream.asked) == asked, "the model is silent"


async def test_a_claim_stops_an_answer_in_flight(house: Guest, upstream: FakeUpstream, held: tuple[str, str]) -> None:
    user, case = held
    upstream.answers_once(ok("听起来你今天过得不错。" * 40, gap=0.05))
    answering = asyncio.create_task(house.say(ORDINARY, user=user, conversation="other", stream=True))
    await until(lambda: upstream.asked and upstream.asked[-1].streaming and not upstream.asked[-1].answered)
    await asyncio.sleep(0.2)
    assert await act(house, case, "claim") == 200
    async with asyncio.timeout(2):
        said = await answering
    assert said.finish == "stop" and said.done and await upstream.was_left(1.0)
    assert said.text.count("听起来") < 40


async def test_what_was_said_before_the_call_reaches_an_app_that_cannot_listen(
    house: Guest, held: tuple[str, str]
) -> None:
    user, case = held
    await act(house, case, "claim")
    await act(house, case, "say", text=WORDS)
    assert (await house.say("在吗", user=user)).text == WORDS
    waiting = asyncio.create_task(house.say("还在吗", user=user))
    await asyncio.sleep(0.2)
    assert not waiting.done(), "words are delivered once"
    await act(house, case, "say", text="在。")
    assert (await waiting).text == "在。"


async def test_a_listening_app_hears_the_words_as_an_event(house: Guest, held: tuple[str, str]) -> None:
    user, case = held
    await act(house, case, "claim")
    async with house.listening(user) as events:
        await act(house, case, "say", text=WORDS)
        event = await asyncio.wait_for(events.get(), 5)
        while event["kind"] != "message":
            event = await asyncio.wait_for(events.get(), 5)
    assert event["payload"] == {"author": "human", "text": WORDS}


async def test_while_nobody_writes_a_true_line_holds(
    house: Guest, upstream: FakeUpstream, held: tuple[str, str]
) -> None:
    user, case = held
    await act(house, case, "claim")
    asked = len(upstream.asked)
    waiting = asyncio.create_task(house.say("有人吗", user=user))
    await asyncio.sleep(0.2)
    house.advance(seconds=21)
    async with asyncio.timeout(5):
        said = await waiting
    assert said.meta["author"] == "system", "a line of ours that holds is not a person's"
    assert said.text and len(upstream.asked) == asked
    assert "?" not in said.text and "？" not in said.text


async def test_handing_back_lets_the_model_answer_again(
    house: Guest, upstream: FakeUpstream, held: tuple[str, str]
) -> None:
    user, case = held
    await act(house, case, "claim")
    assert await act(house, case, "hand-back") == 200
    asked = len(upstream.asked)
    said = await house.say(ORDINARY, user=user, conversation="after")
    assert said.meta["author"] == "ai" and len(upstream.asked) == asked + 1
    assert said.meta["level"] in ("L3", "L4"), "handing back lowers nothing"
    (shown,) = await house.cases(user)
    assert shown["state"] == "handed_back"


async def test_only_the_holder_may_speak_hand_back_and_close(house: Guest, held: tuple[str, str]) -> None:
    _, case = held
    assert await act(house, case, "say", text=WORDS) == 409, "claim first"
    await act(house, case, "claim")
    for what in ("say", "hand-back", "close"):
        assert await act(house, case, what, "other", text="x", level="L0") == 409
    assert await act(house, case, "claim", "other") == 409
    assert await act(house, case, "claim") == 200, "the holder may ask again"


async def test_closing_lowers_the_level_under_a_name_and_a_new_sign_opens_anew(
    house: Guest, held: tuple[str, str]
) -> None:
    user, case = held
    await act(house, case, "claim")
    assert await act(house, case, "close", level="L0", outcome="safe") == 200
    said = await house.say(ORDINARY, user=user, conversation="next")
    assert said.meta["level"] == "L0" and said.meta["case"] is None and said.meta["author"] == "ai"
    again = await house.say(PLAN, user=user, conversation="night")
    assert again.meta["case"] not in (None, case)
    assert [each["state"] for each in await house.cases(user)] == ["open", "closed"]
    kinds = [entry["kind"] for entry in await house.ledger() if entry["facts"].get("case") == case]
    assert kinds[-3:] == ["takeover.claimed", "case.closed", "risk.level.changed"]


async def test_the_person_in_danger_again_while_a_human_holds_raises_the_case(
    house: Guest, held: tuple[str, str]
) -> None:
    user, case = held
    await act(house, case, "claim")
    waiting = asyncio.create_task(house.say("我已经把药吃下去了", user=user))
    await asyncio.sleep(0.3)
    (shown,) = await house.cases(user)
    await act(house, case, "say", text=WORDS)
    assert (await waiting).meta["level"] == "L4"
    assert shown["level"] == "L4" and shown["state"] == "claimed"


async def test_of_two_claims_at_once_one_wins(house: Guest, held: tuple[str, str]) -> None:
    _, case = held
    codes = await asyncio.gather(*(act(house, case, "claim", f"r{n}") for n in range(5)))
    assert sorted(codes) == [200, 409, 409, 409, 409]


@pytest.mark.asyncio(loop_scope="function")
async def test_of_two_claims_at_once_one_wins_in_both_databases(db: Database) -> None:
    from anban.cases.takeover import claim

    user, case, at = await a_case(db)

    async def attempt(responder: str) -> bool:
        try:
            await db.write(lambda connection: claim(connection, user, case, responder, at))
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt(f"r{n}") for n in range(8)))) == 1


@pytest.mark.parametrize("what", ["claim", "exit"])
async def test_a_stop_at_one_replica_ends_the_answer_at_the_other(
    postgres_server: PostgresServer, tmp_path: Path, upstream: FakeUpstream, what: str
) -> None:
    async with postgres_server.database() as url:
        async with house_at(tmp_path / "one", database=url, upstream=upstream.url) as one:
            async with house_at(tmp_path / "two", database=url, upstream=upstream.url) as two:
                case = (await one.say(PLAN, user="both")).meta["case"]
                upstream.answers_once(ok("听起来你今天过得不错。" * 40, gap=0.05))
                answering = asyncio.create_task(two.say(ORDINARY, user="both", conversation="other", stream=True))
                await until(lambda: upstream.asked and upstream.asked[-1].streaming and not upstream.asked[-1].answered)
                if what == "claim":
                    assert await act(one, case, "claim") == 200
                else:
                    await one.say("退出", user="both", conversation="other")
                async with asyncio.timeout(5):
                    said = await answering
                assert said.finish == "stop" and said.done and await upstream.was_left(1.0)
