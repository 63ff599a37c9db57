"""Two hours with the companion: one clock over phone and web, one notice at a time, and the first words about AI."""

import asyncio
from itertools import count
from pathlib import Path

import pytest

from tests.fakes import FakeUpstream
from tests.guest import Guest, house_at
from tests.service import Said
from tests.stores import PostgresServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDINARY = "今天把阳台的花浇了。"
PLAN = "我不想活了，药已经买好了"
SHOWS = "notices; device=phone"
people = count()


def kinds(said: Said) -> list[str]:
    return [notice["kind"] for notice in said.meta["notices"]]


async def stay(house: Guest, user: str, minutes: int, *, step: int = 10, **more: str) -> list[int]:
    """Say something every `step` minutes; the minutes at which the break was spoken of."""
    told: list[int] = []
    for minute in range(0, minutes + 1, step):
        said = await house.say(ORDINARY, user=user, **more)
        if "break" in kinds(said):
            told.append(minute)
        house.advance(minutes=step)
    return told


@pytest.fixture
def user() -> str:
    return f"person-{next(people)}"


async def test_a_break_is_spoken_of_at_two_hours_and_at_each_further_two(house: Guest, user: str) -> None:
    told: list[int] = []
    for step in range(26):
        device = ("phone", "web")[step % 2]
        said = await house.say(
            ORDINARY,
            user=user,
            conversation=f"on-{device}",
            client=f"device={device}",
            headers={"X-Anban-Persona": f"persona-{step // 9}"},
        )
        if "break" in kinds(said):
            told.append(step * 10)
            assert said.text.split("\n\n")[0] == said.meta["notices"][0]["text"], "it is said in the reply, and first"
        house.advance(minutes=10)
    assert told == [120, 240]
    shown = [e for e in await house.ledger("notice.break.shown") if e["facts"]["window"].endswith(("|1", "|2"))]
    assert len(shown) >= 2


async def test_a_quarter_of_an_hour_away_begins_anew(house: Guest, user: str) -> None:
    assert await stay(house, user, 110) == []
    house.advance(minutes=6)  # sixteen since the last word
    assert await stay(house, user, 110) == []
    said = await house.say(ORDINARY, user=user)
    assert kinds(said) == ["break"]


async def test_fourteen_minutes_between_words_are_one_stretch(house: Guest, user: str) -> None:
    assert await stay(house, user, 140, step=14) == [126]


async def test_an_app_that_shows_notices_gets_an_event_and_the_reply_stays_clean(house: Guest, user: str) -> None:
    first = await house.say(ORDINARY, user=user, client=SHOWS)
    assert kinds(first) == ["ai.first"] and first.meta["notices"][0]["text"] not in first.text
    async with house.listening(user) as events:
        event = await asyncio.wait_for(events.get(), 5)
    assert event["kind"] == "notice" and event["payload"]["kind"] == "ai.first"
    acked = await house.post(f"/anban/v1/events/{event['id']}/ack", {"state": "shown"})
    assert acked.json()["changed"] is True
    house.advance(seconds=40)
    later = await house.say(ORDINARY, user=user, client=SHOWS)
    assert kinds(later) == [] and first.meta["notices"][0]["text"] not in later.text


async def test_what_the_app_has_not_confirmed_in_thirty_seconds_is_in_the_reply(house: Guest, user: str) -> None:
    first = await house.say(ORDINARY, user=user, client=SHOWS)
    text = first.meta["notices"][0]["text"]
    house.advance(seconds=20)
    assert kinds(await house.say(ORDINARY, user=user, client=SHOWS)) == []
    house.advance(seconds=11)
    late = await house.say(ORDINARY, user=user, client=SHOWS)
    assert kinds(late) == ["ai.first"] and late.text.startswith(text)
    house.advance(seconds=60)
    assert kinds(await house.say(ORDINARY, user=user, client=SHOWS)) == []


async def test_a_break_as_an_event_is_confirmed_once_and_proven(house: Guest, user: str) -> None:
    await stay(house, user, 110, client=SHOWS)
    said = await house.say(ORDINARY, user=user, client=SHOWS)
    (notice,) = said.meta["notices"]
    assert notice["kind"] == "break" and notice["text"] not in said.text
    for state in ("shown", "accepted", "accepted", "shown"):
        await house.post(f"/anban/v1/events/{notice['id']}/ack", {"state": state})
    house.advance(seconds=60)
    assert kinds(await house.say(ORDINARY, user=user, client=SHOWS)) == []
    ours = [e["kind"] for e in await house.ledger() if e["facts"].get("way") == "event"]
    assert ours[-2:] == ["notice.break.shown", "notice.break.confirmed"]


async def test_someone_who_only_reads_gets_the_break_through_the_open_channel(house: Guest, user: str) -> None:
    await stay(house, user, 110, client=SHOWS)
    async with house.listening(user) as events:
        house.advance(minutes=3)  # thirteen since the last word: two hours and three minutes
        seen = [await asyncio.wait_for(events.get(), 8) for _ in range(2)]
    assert [event["payload"]["kind"] for event in seen] == ["ai.first", "break"]


async def test_none_in_a_crisis_turn_and_it_is_not_forgotten(house: Guest, user: str) -> None:
    await stay(house, user, 110)
    crisis = await house.say(PLAN, user=user)
    assert kinds(crisis) == [] and "小时" not in crisis.text
    house.advance(minutes=1)
    assert kinds(await house.say(ORDINARY, user=user, conversation="after")) == ["break"]


async def test_one_notice_a_turn(house: Guest, user: str) -> None:
    await stay(house, user, 110, client="login=a")
    both = await house.say(ORDINARY, user=user, client="login=b")
    after = await house.say(ORDINARY, user=user, client="login=b")
    assert (kinds(both), kinds(after)) == (["break"], ["ai.first"])


@pytest.mark.parametrize("stream", [False, True])
async def test_the_first_words_ever_say_that_this_is_ai(house: Guest, user: str, stream: bool) -> None:
    said = await house.say(ORDINARY, user=user, stream=stream)
    assert kinds(said) == ["ai.first"] and said.text.startswith(said.meta["notices"][0]["text"])
    assert "AI" in said.text.split("\n\n")[0]
    assert kinds(await house.say(ORDINARY, user=user, stream=stream)) == []


async def test_again_at_a_new_login_and_after_a_day_away(house: Guest, user: str) -> None:
    assert kinds(await house.say(ORDINARY, user=user, client="login=one")) == ["ai.first"]
    assert kinds(await house.say(ORDINARY, user=user, client="login=one")) == []
    assert kinds(await house.say(ORDINARY, user=user, client="login=two")) == ["ai.first"]
    house.advance(hours=25)
    assert kinds(await house.say(ORDINARY, user=user)) == ["ai.first"]
    assert kinds(await house.say(ORDINARY, user=user)) == []


async def test_also_when_the_day_began_with_an_exit_or_the_return_with_a_crisis(house: Guest, user: str) -> None:
    await house.say(ORDINARY, user=user)
    await house.say("退出", user=user)
    house.advance(hours=25)
    assert kinds(await house.say(PLAN, user=user)) == []
    assert kinds(await house.say(ORDINARY, user=user, conversation="after")) == ["ai.first"]


async def test_two_turns_at_once_carry_the_notice_once(house: Guest, user: str) -> None:
    said = await asyncio.gather(*(house.say(ORDINARY, user=user, conversation=f"c{n}") for n in range(6)))
    assert sum(kinds(each) == ["ai.first"] for each in said) == 1
    other = f"{user}-by-event"
    said = await asyncio.gather(
        *(house.say(ORDINARY, user=other, conversation=f"c{n}", client=SHOWS) for n in range(6))
    )
    assert sum(kinds(each) == ["ai.first"] for each in said) == 1
    assert sum("AI" in each.text for each in said) == 0


async def test_two_replicas_never_give_the_same_notice_twice(
    postgres_server: PostgresServer, tmp_path: Path, upstream: FakeUpstream
) -> None:
    async with postgres_server.database() as url:
        async with house_at(tmp_path / "one", database=url, upstream=upstream.url) as one:
            async with house_at(tmp_path / "two", database=url, upstream=upstream.url) as two:
                for client in ("", SHOWS):
                    await both_due(one, two, f"both-{len(client)}", client)


async def both_due(one: Guest, two: Guest, user: str, client: str) -> None:
    """The first notice and the break, each due in both replicas at the same moment."""

    async def both() -> list[list[str]]:
        said = await asyncio.gather(*(each.say(ORDINARY, user=user, client=client) for each in (one, two)))
        return sorted(kinds(each) for each in said)

    def later(**by: float) -> None:
        for each in (one, two):
            each.advance(**by)

    assert await both() == [[], ["ai.first"]]
    for each in (one, two):
        await each.house.rt.db.settled()
    for step in range(11):
        later(minutes=10)
        await (one, two)[step % 2].say(ORDINARY, user=user, client=client)
        # Ten minutes pass in an instant here: long enough for a commit, had they been real.
        await (one, two)[step % 2].house.rt.db.settled()
    later(minutes=10)
    assert await both() == [[], ["break"]]
    later(seconds=40)
    assert await both() == ([[], ["break"]] if client else [[], []])
