"""An erasure that breaks off, meets danger, or finds what it did not expect, still ends well for its person."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from anban.base.keys import Unreadable
from anban.conversations.mailbox import put_care, read_after
from anban.conversations.models import turns
from anban.conversations.transcript import TURN_INSERT, Turn, seal_turn
from anban.people.contacts import every_contact, replace_contacts
from anban.people.models import Contact, user_keys
from anban.privacy.erasure import end_hold, put_hold
from tests.house import House, open_house
from tests.privacy.test_erasure import again, ask, close_crisis, rows, said
from tests.stores import PostgresServer


@pytest.fixture(params=["sqlite", "postgres"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(postgres_server.database()) if request.param == "postgres" else None
        yield await stack.enter_async_context(open_house(tmp_path, database_url=url))


def breaks_once(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """The power goes the first time that an erasure comes to this place."""
    left = [place]

    def breaks(reached: str) -> None:
        if reached in left:
            left.remove(reached)
            raise OSError("the power went")

    monkeypatch.setattr("anban.cases.erasing.crashpoint", breaks)


async def tell_of_mother(house: House) -> None:
    person = await house.person()
    await house.rt.db.write(
        lambda c: replace_contacts(c, person, "emergency", [Contact("", "emergency", "妈妈", "sms", "13800138000")])
    )


async def test_an_erasure_that_broke_off_takes_nobody_from_whoever_has_come_into_danger_since(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    await house.say("你好")
    await tell_of_mother(house)
    breaks_once(monkeypatch, "erasure.begun")
    erasure = await ask(house, "all")
    await house.work()
    assert (await again(house, erasure)).state == "erasing"
    await house.say("我不想活了，今晚就吃药结束")
    await house.work(minutes=1)
    person = await house.person()
    assert [each.name for each in await house.rt.db.read(lambda c: every_contact(c, person))] == ["妈妈"]
    told = (await house.get(f"/anban/v1/erasures/{erasure.id}")).json()
    assert [each["code"] for each in told["holds"]] == ["crisis"]
    await close_crisis(house)
    await house.work(minutes=60 * 24 + 20)
    person = await house.person()
    assert (await again(house, erasure)).state in ("erased", "done")
    assert await house.rt.db.read(lambda c: every_contact(c, person)) == ()


async def test_danger_in_the_middle_of_an_erasure_stops_it_there(house: House, monkeypatch: pytest.MonkeyPatch):
    from anban.cases import erasing
    from anban.privacy.erasure import Hold

    await house.say("你好")
    await tell_of_mother(house)
    looks: list[int] = []

    def in_danger_after_the_first_look(*_: object) -> tuple[Hold, ...]:
        looks.append(1)
        return () if len(looks) == 1 else (Hold("crisis", "cn-2026-final art 13"),)

    monkeypatch.setattr(erasing, "holds_on", in_danger_after_the_first_look)
    erasure = await ask(house, "all")
    await house.work()
    assert (await again(house, erasure)).state == "erasing"
    person = await house.person()
    assert len(await house.rt.db.read(lambda c: every_contact(c, person))) == 1


async def test_what_was_said_since_a_request_that_waits_is_in_the_next_one(house: House):
    await house.say("第一次请求之前")
    person = await house.person()
    at, rules = house.clock.now(), house.rt.rules(house.service, frozenset(), house.clock.now())
    hold = await house.rt.db.write(lambda c: put_hold(c, person, "order", "officer", at.replace(year=2027), at, rules))
    first = await ask(house, "all")
    await house.work()
    house.clock.advance(minutes=1)
    await house.say("两次请求之间")
    await house.rt.db.settled()
    house.clock.advance(minutes=1)
    second = await ask(house, "all")
    assert second.id != first.id
    await house.rt.db.write(lambda c: end_hold(c, person, hold, "officer", house.clock.now(), rules))
    await house.work(minutes=20)
    assert await said(house) == []


async def test_a_copy_made_while_an_erasure_stood_still_goes_with_it(house: House, monkeypatch: pytest.MonkeyPatch):
    await house.say("只有我知道的话", conversation="first")
    breaks_once(monkeypatch, "erasure.begun")
    await ask(house, "conversation", "first")
    await house.work()
    copy = (await house.post("/anban/v1/people/xiaolin/copies", {})).json()["id"]
    await house.work()
    assert (await house.get(f"/anban/v1/people/xiaolin/copies/{copy}")).json()["state"] == "ready"
    await house.work(minutes=1)
    assert await said(house) == []
    assert (await house.get("/anban/v1/people/xiaolin/copies")).json() == []
    await house.work(minutes=1)
    assert list((house.built.settings.data / "copies").iterdir()) == []


async def test_no_detector_remembers_words_of_earlier_turns(house: House):
    from anban.detectors import scene

    await house.say("我养了一只叫豆包的猫")
    await house.say("它今天不吃东西")
    assert scene._folded.cache_info().currsize > 0  # pyright: ignore[reportPrivateUsage]
    await ask(house, "all")
    await house.work()
    assert scene._folded.cache_info().currsize == 0  # pyright: ignore[reportPrivateUsage]


async def test_one_row_that_came_too_late_for_its_key_hides_neither_what_was_said_nor_what_arrives(house: House):
    """A replica that could not write for long leaves words under a key that is destroyed by then."""
    await house.say("早先")
    old = (await house.person()).key
    await ask(house, "all")
    await house.work()
    await house.work(minutes=11)
    person, at = await house.person(), house.clock.now()
    late = Turn("trn_00", person.id, "first", "companion", "", at, "晚到的话", "嗯", "ai")

    def leave(connection: Any) -> None:
        connection.execute(TURN_INSERT, seal_turn(late, old))
        put_care(connection, person.id, old, text="晚到的信", about="x", at=at, once="late")
        put_care(connection, person.id, person.key, text="新的信", about="x", at=at, once="new")

    await house.rt.db.write(leave)
    house.rt.presence.forget(house.service.id, "xiaolin")
    await house.say("现在")
    assert [turn.said for turn in await said(house)] == ["现在"]
    letters = await house.rt.db.read(lambda c: read_after(c, person.id, person.key, 0))
    assert [each.payload["text"] for each in letters] == ["新的信"]
    with pytest.raises(Unreadable):  # whoever has only the older key is to read the person anew
        await house.rt.db.read(lambda c: read_after(c, person.id, old, 0))


async def test_one_row_that_was_altered_on_the_disk_keeps_no_erasure_from_its_end(house: House):
    await house.say("要留的", conversation="second")
    await house.say("要删的", conversation="first")
    person = await house.person()
    spoilt = update(turns).where(turns.c.conversation == "second").values(sealed=b"x" * 60)
    await house.rt.db.write(lambda c: c.execute(spoilt) and None)
    erasure = await ask(house, "conversation", "first")
    await house.work()
    await house.work(minutes=11)
    assert (await again(house, erasure)).state == "done"
    assert len(await rows(house)) == 1
    versions = select(user_keys.c.version).where(user_keys.c.user == person.id)
    assert list(await house.rt.db.read(lambda c: c.execute(versions).scalars().all())) == [2]
