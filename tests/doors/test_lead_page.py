"""The leads' page: the rota and its holes, shifts, breaks; and who may open which door of the desk."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide

from anban.app import mount
from anban.base.db import Connection
from anban.ledger.kinds import Kind
from anban.ledger.reading import tail
from anban.provider.coverage import coverage
from anban.provider.passwords import Hashed
from anban.provider.rota import add_shift, end_shift, on_duty, shifts_of
from anban.provider.services import open_service
from anban.provider.staff import Role, Staff, add_staff, staff_of
from anban.web.desk.door import Desk
from anban.web.desk.lead import lead_page
from anban.web.desk.plots import distribution, heat_strip, measured, stretches
from tests.doors.at_the_desk import PAGE, browser, proof, sign_in
from tests.house import House, open_house

LEADS_ONLY = {("GET", "/desk/lead"), ("POST", "/desk/lead/shifts"), ("POST", "/desk/lead/shifts/x/end")}
OPEN = {("GET", "/desk/login"), ("POST", "/desk/login"), ("GET", "/desk/login/oidc"), ("GET", "/desk/login/oidc/back")}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def lead(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(house) as client:
        await sign_in(client, house, "wang")
        yield client


async def people(house: House) -> dict[str, Staff]:
    found = await house.rt.db.read(lambda c: staff_of(c, house.rt.keys, house.service.id))
    return {each.login: each for each in found}


async def stranger(house: House, role: Role) -> tuple[str, str]:
    """Somebody at the desk of another service, and that service."""

    def work(connection: Connection) -> tuple[str, str]:
        other = open_service(connection, name="other", packs=("cn-2026-final",), place="cn").id
        added, _ = add_staff(
            connection, house.rt.keys, service=other, login="zhou", name="周", role=role, tier=1,
            password=Hashed("x"), at=house.clock.now(),
        )  # fmt: skip
        return other, added.id

    return await house.rt.db.write(work)


async def without_shifts(house: House) -> None:
    """Every shift of the demonstration ended a while ago."""

    def work(connection: Connection) -> None:
        for shift in shifts_of(connection, house.service.id):
            end_shift(connection, house.service.id, shift.id, date(2026, 1, 1))

    await house.rt.db.write(work)


async def page(client: httpx.AsyncClient, path: str = "/desk/lead") -> str:
    answer = await client.get(path, headers=PAGE)
    assert answer.status_code == 200
    return answer.text


async def send(client: httpx.AsyncClient, path: str, **form: object) -> httpx.Response:
    """A form of the page, with its proof."""
    return await client.post(path, data={"csrf": proof(await page(client)), **form}, headers=PAGE)


def doors(house: House) -> list[tuple[str, str]]:
    """Every door under /desk, whoever built it."""
    app: Litestar = mount(house.built)
    return sorted(
        (method, re.sub(r"\{[^}]*\}", "x", route.path))
        for route in app.routes
        if route.path == "/desk" or route.path.startswith("/desk/")
        for method in getattr(route, "methods", ())
        if method in ("GET", "POST", "PUT", "DELETE", "PATCH")
    )


# --- who may open what ----------------------------------------------------------------------------------------------


async def test_nobody_opens_a_door_of_the_desk_without_a_log_in(house: House) -> None:
    tried = set(doors(house)) - OPEN
    assert tried >= LEADS_ONLY
    async with browser(house) as client:
        for method, path in sorted(tried):
            assert (await client.request(method, path)).status_code in (401, 405), f"{method} {path}"
            wanted = await client.request(method, path, headers=PAGE)
            assert wanted.headers.get("location", "").startswith("/desk/login"), f"{method} {path}"


async def test_a_service_key_is_no_log_in(house: House) -> None:
    for method, path in sorted(set(doors(house)) - OPEN):
        assert (await house.http.request(method, path)).status_code == 401, f"{method} {path}"


@pytest.mark.parametrize("login", ["lin", "wang"])
async def test_no_door_that_changes_something_opens_without_the_pages_proof(house: House, login: str) -> None:
    async with browser(house) as client:
        await sign_in(client, house, login)
        for method, path in sorted(set(doors(house)) - OPEN):
            if method != "GET":
                for headers in ({}, {"x-anban-csrf": "0" * 64}, {"x-anban-csrf": "é".encode("latin-1")}):
                    assert (await client.request(method, path, headers=headers)).status_code == 403, f"{method} {path}"


async def test_the_proof_of_one_log_in_is_worth_nothing_in_another(house: House, lead: httpx.AsyncClient) -> None:
    theirs = proof(await page(lead))
    async with browser(house) as client:
        await sign_in(client, house, "wang")
        answer = await client.post("/desk/rest", data={"csrf": theirs, "rest": "begin"})
        assert answer.status_code == 403
        mine = proof(await page(client))
        foreign = {"origin": "https://evil.example", **PAGE}
        assert (await client.post("/desk/rest", data={"csrf": mine}, headers=foreign)).status_code == 403


async def test_what_is_for_leads_a_responder_may_not_open(house: House) -> None:
    async with browser(house) as client:
        await sign_in(client, house, "lin")
        for method, path in sorted(LEADS_ONLY):
            answer = await client.request(method, path)
            assert answer.status_code == 403 and answer.json()["code"] == "leads_only", f"{method} {path}"
        told = await client.get("/desk/lead", headers=PAGE)
        assert told.status_code == 403 and "这一页给负责人看" in told.text


async def test_a_lead_of_another_service_sees_and_moves_nothing_of_this_one(house: House) -> None:
    other, _ = await stranger(house, "lead")
    lin = (await people(house))["lin"]
    shift = (await house.rt.db.read(lambda c: shifts_of(c, house.service.id)))[0]
    async with browser(house) as client:
        await sign_in(client, house, "zhou", other)
        seen = await page(client)
        assert "林晓" not in seen and "王敏" not in seen
        ended = await send(client, f"/desk/lead/shifts/{shift.id}/end", last="2026-11-23")
        added = await send(
            client, "/desk/lead/shifts", staff=lin.id, weekdays="1", **{"from": "08:00"}, until="09:00",
            time_zone="Asia/Shanghai", from_day="2026-11-23",
        )  # fmt: skip
        rested = await send(client, "/desk/rest", staff=lin.id, rest="begin", next="/desk/lead")
    assert (ended.status_code, added.status_code, rested.status_code) == (404, 404, 404)
    assert (await people(house))["lin"].resting_until is None


# --- the page -------------------------------------------------------------------------------------------------------


async def test_it_says_who_is_there_and_that_no_hour_is_empty(house: House, lead: httpx.AsyncClient) -> None:
    seen = await page(lead)
    assert "这一周每个小时都有人在班" in seen and "现在没有人在班" not in seen
    assert seen.count('class="n3"') >= 7 * 24 and "138" not in seen


async def test_a_desk_without_shifts_says_plainly_that_nobody_will_come(house: House, lead: httpx.AsyncClient) -> None:
    await without_shifts(house)
    seen = await page(lead)
    assert "现在没有人在班" in seen and "这一周有 168 个小时没有人" in seen
    assert seen.count('class="cross"') == 7 * 24


async def test_a_lead_adds_a_shift_and_the_hole_closes(house: House, lead: httpx.AsyncClient) -> None:
    await without_shifts(house)
    lin = (await people(house))["lin"]
    answer = await send(
        lead, "/desk/lead/shifts", staff=lin.id, weekdays=["0", "1", "2", "3", "4", "5", "6"], **{"from": "20:00"},
        until="08:00", time_zone="Asia/Shanghai", from_day="2026-11-22", until_day="", week="2026-11-23",
    )  # fmt: skip
    assert answer.headers["location"] == "/desk/lead?week=2026-11-23"
    seen = await page(lead)
    assert "这一周有 84 个小时没有人" in seen and "20:00–次日 08:00" in seen and "周一 08:00 – 20:00" in seen
    here = await house.rt.db.read(lambda c: on_duty(c, house.service.id, house.clock.now()))
    assert [each.staff for each in here] == [lin.id]
    entries = [each.entry for each in await house.rt.db.read(lambda c: tail(c, 100))]
    told = [each for each in entries if each.kind is Kind.ROTA_CHANGED]
    assert [(each.subject, each.facts["what"]) for each in told] == [(lin.id, "added")]


async def test_a_lead_ends_a_shift(house: House, lead: httpx.AsyncClient) -> None:
    lin = (await people(house))["lin"]
    shift = next(
        each for each in await house.rt.db.read(lambda c: shifts_of(c, house.service.id)) if each.staff == lin.id
    )
    answer = await send(lead, f"/desk/lead/shifts/{shift.id}/end", last="2026-11-23")
    assert answer.status_code == 303
    house.clock.advance(hours=4)
    here = await house.rt.db.read(lambda c: on_duty(c, house.service.id, house.clock.now()))
    assert lin.id not in {each.staff for each in here}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"weekdays": []}, "至少选一天"),
        ({"from": "8 Uhr"}, "时间写成"),
        ({"time_zone": "Mars/Olympus"}, "没有这个时区"),
        ({"from_day": "soon"}, "日期写成"),
        ({"until_day": "2026-11-01"}, "不能早于"),
        ({"staff": "stf_nobody"}, "没有这个人"),
        ({"weekdays": ["8"]}, "至少选一天"),
    ],
)
async def test_what_is_not_right_in_the_form_is_said_on_the_page(
    house: House, lead: httpx.AsyncClient, wrong: dict[str, object], said: str
) -> None:
    lin = (await people(house))["lin"]
    before = await house.rt.db.read(lambda c: shifts_of(c, house.service.id))
    right: dict[str, object] = {
        "staff": lin.id, "weekdays": ["1"], "from": "08:00", "until": "20:00", "time_zone": "Asia/Shanghai",
        "from_day": "2026-11-23", "until_day": "",
    }  # fmt: skip
    answer = await send(lead, "/desk/lead/shifts", **{**right, **wrong})
    assert answer.status_code in (404, 422) and said in answer.text
    assert await house.rt.db.read(lambda c: shifts_of(c, house.service.id)) == before


async def test_somebody_takes_a_break_and_is_not_called_meanwhile(house: House) -> None:
    async with browser(house) as client:
        lin = await sign_in(client, house, "lin")
        csrf = proof((await client.get("/desk/lead", headers=PAGE)).text)
        answer = await client.post("/desk/rest", data={"rest": "begin"}, headers={"x-anban-csrf": csrf})
        assert answer.status_code == 200
        until = house.clock.now() + timedelta(minutes=15)
        assert answer.json() == {"resting_until": until.isoformat()}
        here = await house.rt.db.read(lambda c: on_duty(c, house.service.id, house.clock.now()))
        assert lin not in {each.staff for each in here} and len(here) == 2
        chen = (await people(house))["chen"].id
        others = {"rest": "begin", "staff": chen}
        assert (await client.post("/desk/rest", data=others, headers={"x-anban-csrf": csrf})).status_code == 403
        back = await client.post("/desk/rest", data={"rest": "end"}, headers={"x-anban-csrf": csrf})
        assert back.json() == {"resting_until": None}


async def test_the_last_one_there_is_not_sent_to_rest_and_the_page_says_why(
    house: House, lead: httpx.AsyncClient
) -> None:
    await without_shifts(house)
    lin = (await people(house))["lin"]
    await house.rt.db.write(
        lambda c: add_shift(
            c,
            service=house.service.id,
            staff_id=lin.id,
            weekdays=range(7),
            from_minute=0,
            until_minute=1440,
            time_zone="Asia/Shanghai",
            from_day=date(2026, 11, 1),
        )  # fmt: skip
    )
    answer = await send(lead, "/desk/rest", staff=lin.id, rest="begin", next="/desk/lead")
    assert answer.status_code == 409 and "现在只剩这一个人在班" in answer.text
    assert (await people(house))["lin"].resting_until is None


# --- pictures -------------------------------------------------------------------------------------------------------


def test_bars_and_table_tell_the_same_numbers() -> None:
    values = [20.0] * 6 + [90.0, 90.0, 180.0, 181.0, 5_000.0]
    found = measured(values, 180)
    assert (found.count, found.median, found.high, found.within) == (11, 20.0, 181.0, 81)
    assert sum(each.count for each in found.bins) == 11
    assert found.bins[-1].ends is None and found.bins[-1].count == 1
    drawn = distribution(values, 180)
    assert drawn.count('class="bar"') == sum(each.count > 0 and (each.ends or 999) <= 180 for each in found.bins)
    assert drawn.count('class="bar late"') == sum(each.count > 0 and (each.ends or 999) > 180 for each in found.bins)


def test_a_person_who_joined_exactly_at_the_target_kept_it() -> None:
    assert measured([180.0], 180).within == 100
    assert 'class="bar late"' not in distribution([180.0], 180)
    assert measured([180.1], 180).within == 0


def test_of_nothing_nothing_is_claimed() -> None:
    assert measured([], 180).count == 0 and "<rect" not in distribution([], 180)


def test_a_label_cannot_break_out_of_the_picture() -> None:
    assert "<b>" not in distribution([1.0], 180, '"><b>') and "<b>" not in heat_strip([], ["<b>"], '"><b>')


async def test_the_table_beside_the_strip_covers_every_hour_once(house: House) -> None:
    shifts = await house.rt.db.read(lambda c: shifts_of(c, house.service.id))
    rows = stretches(coverage(shifts, date(2026, 11, 23), 7, "Asia/Shanghai"))
    assert [(row.begins, row.ends) for row in rows] == [("00:00", "24:00")] * 7


async def test_before_anybody_joined_the_page_says_so(lead: httpx.AsyncClient) -> None:
    assert "还没有人加入过对话" in await page(lead)


async def test_times_to_join_are_drawn_and_told(house: House) -> None:
    asked: list[tuple[str, object]] = []

    def joins(_connection: Connection, service: str, since: datetime) -> list[float]:
        asked.append((service, since))
        return [20.0, 60.0, 200.0]

    built: Desk = mount(house.built).dependencies["desk"].dependency()  # type: ignore[union-attr]
    desk = replace(built, joins=joins)
    app = Litestar([lead_page], dependencies={"desk": Provide(lambda: desk, sync_to_thread=False)})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://house") as client:
        await sign_in(client, house, "wang")
        seen = await page(client)
    assert "共 3 次，一半不超过 60 秒，九成不超过 200 秒；目标是 180 秒之内，做到 66%" in seen
    assert seen.count('class="bar') == 3 + 1 and "超过目标" in seen, "three bars in one picture"
    assert asked == [(house.service.id, house.clock.now() - timedelta(days=28))]
