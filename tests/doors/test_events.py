"""What an app listens to and confirms: nothing twice, nothing missed, nobody else's, and nobody learns what exists."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson
import pytest

from anban.app import House
from anban.base.db import Connection
from anban.conversations.mailbox import put
from anban.people.users import find, meet
from anban.privacy.erasure import forget_person
from anban.privacy.rekey import next_version
from anban.provider.services import add_key, open_service
from anban.web.gateway import events
from tests.doors.visiting import built, knocking
from tests.guest import Guest, house_at
from tests.service import KEY

CHANNEL = "/anban/v1/events"


@dataclass
class Letters:
    """Mail that the house left for two users and for a user of another service."""

    own: list[int]
    others: int
    foreign: int


async def leave(house: House, user: str, *, service: str = "", number: int = 1) -> list[int]:
    """Leave mail for a user of a service of this house."""
    now = house.rt.clock.now()

    def work(connection: Connection) -> list[int | None]:
        person = meet(connection, house.rt.keys, service or house.service.id, user, now)
        return [
            put(connection, person.id, person.key, conversation="c", kind="notice", at=now, payload={}, once=f"{n}")
            for n in range(number)
        ]

    return await house.rt.db.write(work)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with built(tmp_path) as found:
        yield found


@pytest.fixture
async def letters(house: House) -> Letters:
    def work(connection: Connection) -> str:
        other = open_service(connection, name="other", packs=("cn-2026-final",), place="cn")
        add_key(connection, other.id, house.rt.clock.now(), "the-other-services-key")
        return other.id

    other = await house.rt.db.write(work)
    own = await leave(house, "lin", number=3)
    return Letters(own, (await leave(house, "wang"))[0], (await leave(house, "lin", service=other))[0])


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with knocking(house) as client:
        yield client


async def ack(http: httpx.AsyncClient, event: object, state: str = "shown", **headers: str) -> httpx.Response:
    return await http.post(f"{CHANNEL}/{event}/ack", json={"state": state}, headers=headers)


async def test_a_confirmation_moves_on_and_never_back(http: httpx.AsyncClient, letters: Letters) -> None:
    (first, *_) = letters.own
    changed = [(await ack(http, first, state)).json()["changed"] for state in ("accepted", "shown", "closed", "closed")]
    assert changed == [True, False, True, changed[3]]
    assert (await ack(http, letters.own[2])).json() == {"id": letters.own[2], "state": "shown", "changed": True}
    assert (await ack(http, letters.own[1])).json()["changed"]


async def test_unknown_and_foreign_events_look_the_same(http: httpx.AsyncClient, letters: Letters) -> None:
    unknown = await ack(http, 999_999)
    assert unknown.status_code == 404
    for event in (letters.foreign, 0, -1, 2**53, 2**63, 10**30):
        refused = await ack(http, event)
        assert (refused.status_code, refused.content) == (404, unknown.content)
    with_other_key = await ack(http, letters.own[0], authorization="Bearer the-other-services-key")
    assert (with_other_key.status_code, with_other_key.content) == (404, unknown.content)


async def test_a_browser_cannot_tell_another_visitors_event_from_none(
    http: httpx.AsyncClient, letters: Letters
) -> None:
    del http.headers["authorization"]
    await http.get("/")
    found = [await ack(http, event) for event in (letters.own[0], letters.foreign, 999_999)]
    assert [each.status_code for each in found] == [404, 404, 404]
    assert len({each.content for each in found}) == 1
    http.cookies.clear()
    found = [await ack(http, event) for event in (letters.own[0], letters.foreign, 999_999)]
    assert [each.status_code for each in found] == [401, 401, 401]
    assert len({each.content for each in found}) == 1


@pytest.mark.parametrize("user", ["lin", "nobody-we-know", "of-another-service"])
async def test_another_users_channel_is_closed_whether_they_exist_or_not(
    http: httpx.AsyncClient, letters: Letters, user: str
) -> None:
    del http.headers["authorization"]
    assert (await http.get(CHANNEL, params={"user": user})).status_code == 401
    await http.get("/")
    refused = await http.get(CHANNEL, params={"user": user})
    assert refused.status_code == 403
    assert user not in refused.text


@pytest.mark.parametrize("body", [b"", b"{", b'{"state":"dead"}', b'{"state":["shown"]}', b'{"state":"shown","x":1}'])
async def test_a_confirmation_that_cannot_be_read_is_refused(
    http: httpx.AsyncClient, letters: Letters, body: bytes
) -> None:
    response = await http.post(f"{CHANNEL}/{letters.own[0]}/ack", content=body)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["field"]


# --- the channel itself, over a socket -------------------------------------------------------------------------------


@pytest.fixture
async def guest(tmp_path: Path) -> AsyncIterator[Guest]:
    async with house_at(tmp_path) as found:
        yield found


async def heard(guest: Guest, query: str, number: int, **headers: str | bytes) -> list[int]:
    """The numbers of the first events on the channel."""
    found: list[int] = []
    async with guest.http.stream("GET", f"{guest.url}{CHANNEL}?{query}", headers={**KEY, **headers}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                event = orjson.loads(line.removeprefix("data: "))
                assert event["user"] == "lin"
                found.append(event["id"])
            if len(found) == number:
                break
    return found


async def test_whoever_comes_back_hears_what_came_after_their_cursor(guest: Guest) -> None:
    left = await leave(guest.house, "lin", number=5)
    await leave(guest.house, "wang", number=2)
    assert await heard(guest, "user=lin", 5) == left
    assert await heard(guest, f"user=lin&after={left[1]}", 3) == left[2:]
    last = {"Last-Event-ID": str(left[2])}
    assert await heard(guest, "user=lin", 2, **last) == left[3:]
    assert await heard(guest, f"user=lin&after={left[3]}", 1, **last) == left[4:]


@pytest.mark.parametrize("last", ["", "x", "-1", "1e3", "\u00b3", "9" * 400])
async def test_a_last_event_that_is_none_starts_from_the_beginning(guest: Guest, last: str) -> None:
    left = await leave(guest.house, "lin", number=1)
    assert await heard(guest, "user=lin", 1, **{"Last-Event-ID": last.encode()}) == left


async def test_a_quiet_channel_says_that_it_is_alive(guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK_AGAIN", 0.05)
    monkeypatch.setattr(events, "HEARTBEAT", 0.1)
    beats = 0
    async with guest.http.stream("GET", f"{guest.url}{CHANNEL}?user=nobody-yet", headers=KEY) as response:
        async for line in response.aiter_lines():
            beats += line == ": still here"
            if beats == 2:
                return


async def test_a_user_who_is_met_while_the_channel_is_open_is_heard(guest: Guest) -> None:
    async with guest.listening("lin") as found:
        (left,) = await leave(guest.house, "lin")
        assert (await found.get())["id"] == left


async def test_a_channel_that_is_open_goes_on_after_an_erasure_has_changed_the_key(guest: Guest) -> None:
    async with guest.listening("lin") as found:
        await leave(guest.house, "lin")
        await found.get()
        rt, service = guest.house.rt, guest.house.service.id

        def another_key(connection: Connection) -> None:
            person = find(connection, rt.keys, service, "lin")
            assert person is not None
            next_version(connection, rt.keys, person.id)

        await rt.db.write(another_key)
        (_, left) = await leave(guest.house, "lin", number=2)
        async with asyncio.timeout(10):
            assert (await found.get())["id"] == left


async def test_a_channel_that_is_open_hears_whoever_begins_anew_after_an_account_has_ended(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOK_AGAIN", 0.05)
    monkeypatch.setattr(events, "HEARTBEAT", 0.1)
    async with guest.listening("lin") as found:
        await leave(guest.house, "lin")
        await found.get()
        rt, service = guest.house.rt, guest.house.service.id

        def ended(connection: Connection) -> None:
            person = find(connection, rt.keys, service, "lin")
            assert person is not None
            forget_person(connection, person, protected=False, account=True)

        await rt.db.write(ended)
        (left,) = await leave(guest.house, "lin")
        async with asyncio.timeout(10):
            assert (await found.get())["id"] == left
