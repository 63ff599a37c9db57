"""Draft article 17, final article 18: after every two hours of continuous use people are asked to rest."""

from anban.conversations.mailbox import read_after
from anban.ledger.kinds import Kind
from anban.rails.message import Client
from anban.rails.pulse import remind_listeners
from tests.house import House


async def talk(house: House, minutes: int, every: int = 10, **how: str) -> list[int]:
    """Say something each `every` minutes; the minutes of this talk at which a reminder came."""
    reminded: list[int] = []
    for minute in range(0, minutes + 1, every):
        if minute:
            house.clock.advance(minutes=every)
        if "break" in (await house.say("今天天气不错。", **how)).notices:
            reminded.append(minute)
    return reminded


async def test_a_reminder_comes_after_two_hours(house: House) -> None:
    assert await talk(house, 150) == [120]


async def test_a_second_reminder_comes_after_the_next_two_hours(house: House) -> None:
    assert await talk(house, 250) == [120, 240]


async def test_every_reminder_is_in_the_ledger(house: House) -> None:
    await talk(house, 250)
    shown = await house.ledger("xiaolin", Kind.NOTICE_BREAK_SHOWN)
    assert [entry.facts["notice"] for entry in shown] == ["break", "break"]
    assert (shown[1].at - shown[0].at).total_seconds() == 2 * 3600


async def test_the_reminder_stands_in_the_reply_and_says_how_long_it_has_been(house: House) -> None:
    await talk(house, 110)
    house.clock.advance(minutes=10)
    heard = await house.say("再聊会儿。")
    assert "2 个小时" in heard.pieces[0]


async def test_nobody_is_reminded_before_two_hours(house: House) -> None:
    assert await talk(house, 110) == []
    assert await house.ledger("xiaolin", Kind.NOTICE_BREAK_SHOWN) == []


async def test_a_pause_of_a_quarter_of_an_hour_begins_anew(house: House) -> None:
    assert await talk(house, 60) == []
    house.clock.advance(minutes=16)
    assert await talk(house, 110) == []


async def test_another_conversation_another_character_and_another_device_are_the_same_use(house: House) -> None:
    reminded: list[int] = []
    for step in range(13):
        heard = await house.say(
            "今天天气不错。",
            conversation=f"on-{step % 2}",
            persona=f"persona-{step % 3}",
            client=Client(login=f"device-{step % 2}"),
        )
        if "break" in heard.notices:
            reminded.append(step * 10)
        house.clock.advance(minutes=10)
    assert reminded == [120]


async def test_two_people_have_two_clocks(house: House) -> None:
    await talk(house, 110)
    house.clock.advance(minutes=10)
    assert (await house.say("你好。", user="axiang")).notices == ("ai.first",)


async def test_the_app_may_show_it_and_confirm_it(house: House) -> None:
    await talk(house, 110)
    house.clock.advance(minutes=10)
    heard = await house.say("再聊会儿。", client=Client(shows_notices=True))
    (notice,) = heard.meta.notices
    assert "个小时" not in heard.text
    await house.post(f"/anban/v1/events/{notice['id']}/ack", {"state": "closed"})
    kinds = await house.kinds()
    assert kinds.count(Kind.NOTICE_BREAK_SHOWN) == kinds.count(Kind.NOTICE_BREAK_CONFIRMED) == 1


async def test_a_reminder_that_was_not_confirmed_comes_in_the_next_reply(house: House) -> None:
    await talk(house, 110)
    house.clock.advance(minutes=10)
    await house.say("再聊会儿。", client=Client(shows_notices=True))
    house.clock.advance(seconds=31)
    assert "2 个小时" in (await house.say("嗯。", client=Client(shows_notices=True))).text


async def test_who_reads_without_writing_is_reminded_when_the_time_has_come(house: House) -> None:
    await talk(house, 110)
    house.clock.advance(minutes=10)
    person = await house.person()
    with house.rt.post.bell(person.id):
        await remind_listeners(house.rt, house.service)
    (letter,) = await house.rt.db.read(lambda c: read_after(c, person.id, person.key, 0))
    assert (letter.kind, letter.payload["kind"]) == ("notice", "break")
    assert "2 个小时" in letter.payload["text"]
    heard = await house.say("嗯。", client=Client(shows_notices=True))
    assert heard.notices == (), "it was given already"


async def test_comfort_comes_before_a_reminder(house: House) -> None:
    await talk(house, 110)
    house.clock.advance(minutes=10)
    assert (await house.say("我不想活了，药已经买好了")).notices == ()
