"""A link to one's own page for an app with the API alone: used once, kept as a digest. And appeals from there."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from anban.conversations.mailbox import read_after
from anban.ledger.kinds import Kind
from tests.doors.at_the_desk import PAGE, browser
from tests.doors.my_page import arrives, press, see
from tests.house import House, open_house

SAYS = "我今年初二，作业好多"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def link(house: House, page: str = "", user: str = "xiaolin") -> str:
    made = await house.post(f"/anban/v1/people/{user}/link", {"page": page})
    assert made.status_code == 200, made.text
    return made.json()["path"]


async def entered(client: httpx.AsyncClient, path: str) -> httpx.Response:
    return await client.post(path, headers=PAGE)


async def test_the_link_opens_that_persons_page_once_and_then_a_session_does(house: House) -> None:
    await house.state(mode="elder")
    path = await link(house, "setup")
    async with browser(house) as phone, browser(house) as other:
        looked = await phone.get(path, headers=PAGE)
        assert looked.status_code == 200 and "只能用一次" in looked.text
        assert "set-cookie" not in looked.headers, "looking uses nothing up"
        assert looked.headers["referrer-policy"] == "no-referrer"
        came = await entered(phone, path)
        assert came.status_code == 303 and came.headers["location"] == "/me/setup"
        assert (
            "httponly" in came.headers["set-cookie"].lower() and "samesite=strict" in came.headers["set-cookie"].lower()
        )
        assert "有急事时，找谁" in (await phone.get("/me/setup", headers=PAGE)).text
        again = await entered(other, path)
        assert again.status_code == 410 and "不能用了" in again.text and "set-cookie" not in again.headers


async def test_it_ends_within_a_quarter_of_an_hour_and_looks_like_one_that_never_was(house: House) -> None:
    path = await link(house)
    house.clock.advance(minutes=15)
    async with browser(house) as phone:
        late, never = await entered(phone, path), await entered(phone, "/me/enter/never")
        assert late.status_code == never.status_code == 410 and late.text == never.text


async def test_only_a_digest_is_kept_and_the_name_is_sealed(house: House) -> None:
    token = (await link(house)).rpartition("/")[2]
    rows = await house.rt.db.read(lambda c: c.execute(text("select * from page_links")).all())
    (row,) = rows
    assert token not in repr(row) and b"xiaolin" not in row.sealed


async def test_the_page_it_leads_to_is_one_of_ours_and_the_key_is_asked_for(house: House) -> None:
    wrong = await house.post("/anban/v1/people/xiaolin/link", {"page": "../desk"})
    assert wrong.status_code in (400, 422)
    async with browser(house) as stranger:
        assert (await stranger.post("/anban/v1/people/xiaolin/link", json={})).status_code == 401


async def test_it_is_not_pressed_by_another_site(house: House) -> None:
    path = await link(house)
    async with browser(house) as phone:
        foreign = await phone.post(path, headers={**PAGE, "sec-fetch-site": "cross-site"})
        assert foreign.status_code == 403
        assert (await entered(phone, path)).status_code == 303, "and nothing was used up"


# --- appeals from one's own page ------------------------------------------------------------------------------------


async def test_taken_for_a_minor_one_press_appeals_and_the_page_says_until_when(house: House) -> None:
    await house.say(SAYS)
    arrives(house, "xiaolin")
    assert 'href="/me/appeal"' in await see(house, "/me")
    page = await see(house, "/me/appeal")
    assert "提到了年龄或年级" in page and "初二" not in page
    assert 'value="age" checked' in page, "what is most likely meant is chosen already"
    sent = await press(house, "/me/appeal", about="age", text="我三十岁")
    assert sent.status_code == 303
    waiting = await see(house, "/me/appeal")
    assert "已经收到" in waiting and "我三十岁" not in waiting
    await press(house, "/me/appeal", about="age", text="可以查身份资料")
    assert len(await house.ledger("xiaolin", Kind.COMPLAINT_RECEIVED)) == 1
    (case,) = [each for each in (await house.get("/anban/v1/cases?user=xiaolin")).json() if each["kind"] == "appeal"]
    answer = {"responder": "wang", "granted": True, "reason": "account-facts"}
    await house.post(f"/anban/v1/appeals/{case['id']}/answer", answer)
    assert "改过来了" in await see(house, "/me/appeal")
    person = await house.person()
    letters = await house.rt.db.read(lambda c: read_after(c, person.id, person.key, 0))
    assert any("已经关掉" in str(each.payload.get("text")) for each in letters)


async def test_what_is_not_ours_to_appeal_is_refused_by_name(house: House) -> None:
    arrives(house, "xiaolin")
    wrong = await press(house, "/me/appeal", about="everything")
    assert wrong.status_code == 422 or wrong.status_code == 400
    assert "about" in wrong.text
