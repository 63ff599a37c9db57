"""The guardian's page and the child's mirror: what can be done, what it changes, and that both show the same."""

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from anban.conversations.mailbox import read_after
from anban.conversations.transcript import recent_turns
from anban.ledger.kinds import Kind
from tests.doors.at_the_guardians import FATHER, MOTHER, act, bound, browser, come_in
from tests.doors.test_guardian_access import as_child, claim_of
from tests.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def consented(client: httpx.AsyncClient) -> None:
    for purpose in ("use", "under-14-data"):
        assert (await act(client, "consent", purpose=purpose)).status_code == 303


async def talks(house: House, minutes: int, persona: str = "companion", user: str = "xiaolin") -> None:
    """The child talks for so many minutes, a message each minute."""
    for _ in range(minutes + 1):
        await house.say("今天作业好多", persona=persona, user=user)
        await house.rt.db.settled()  # a minute goes by: long after the group commit
        house.clock.advance(minutes=1)


def plain(html: str) -> str:
    """What a person reads on a page between its begin and its end, without forms and the words around it."""
    body = re.sub(r"<(form|script)\b.*?</\1>", " ", html, flags=re.S)
    inside = re.search(r'<section class="now.*</section>', body, re.S)
    assert inside
    text = re.sub(r"<[^>]+>", " ", re.sub(r"<details class=\"more\">.*?</details>", " ", inside[0], flags=re.S))
    return re.sub(r"\s+", " ", text)


async def test_the_mirror_is_the_console_without_its_buttons(house: House) -> None:
    await bound(house)
    async with browser(house) as mother:
        await come_in(mother, house)
        await consented(mother)
        await act(mother, "limits", minutes="45", quiet_from="21:30", spending="on", spend_day="9.90")
        await talks(house, 5)
        await act(mother, "block", persona="companion")
        await house.say("我不想活了，药已经买好了")
        await house.work(seconds=61)
        child = await as_child(house)
        for lang in ("zh", "en"):
            console = (await mother.get(f"/guardian?lang={lang}")).text
            mirror = (await child.get(f"/me/seen?lang={lang}")).text
            assert plain(console) == plain(mirror)
            assert "<form" not in mirror
            assert console.count("<svg") >= 3
        assert ("现在需要您" if lang == "zh" else "You are needed now") in mirror
        tables = [(await mother.get("/guardian/use.csv")).text, (await child.get("/me/seen/use.csv")).text]
        assert tables[0] == tables[1]


async def test_with_two_guardians_the_child_sees_what_each_of_them_sees(house: House) -> None:
    first = await bound(house)
    second = await bound(house, who=FATHER)
    async with browser(house) as mother, browser(house) as father:
        await come_in(mother, house)
        await come_in(father, house, FATHER["second"])
        child = await as_child(house)
        for client, claim in ((mother, first), (father, second)):
            console = (await client.get("/guardian")).text
            mirror = (await child.get(f"/me/seen?of={claim}")).text
            assert plain(console) == plain(mirror)


async def test_without_a_guardian_the_mirror_says_that_nobody_sees_anything(house: House) -> None:
    await house.say("你好")
    child = await as_child(house)
    assert "没有人看得到" in (await child.get("/me/seen")).text


async def test_a_closed_character_rests_from_the_next_sentence_on_in_a_talk_under_way(house: House) -> None:
    await bound(house)
    async with browser(house) as mother:
        await come_in(mother, house)
        await consented(mother)
        assert "嗯，我在听" in (await house.say("今天作业好多", persona="xiaoyu")).text
        assert (await act(mother, "block", persona="xiaoyu")).status_code == 303
        assert "被监护人关掉了" in (await house.say("还在吗", persona="xiaoyu")).text
        assert "嗯，我在听" in (await house.say("那你呢", persona="companion")).text
        await act(mother, "unblock", persona="xiaoyu")
        assert "嗯，我在听" in (await house.say("回来啦", persona="xiaoyu")).text


async def test_limits_hold_from_the_next_message_on_and_only_tighten(house: House) -> None:
    await bound(house)
    async with browser(house) as mother:
        await come_in(mother, house)
        await consented(mother)
        assert (await act(mother, "limits", minutes="3")).status_code == 303
        await talks(house, 4)
        assert "时间用完了" in (await house.say("再聊一会儿")).text
        laxer = await act(mother, "limits", minutes="600")
        assert laxer.status_code == 422 and "只能比规定更紧" in laxer.text
        assert (await house.get("/anban/v1/people/xiaolin/limits")).json()["guardian"]["minutes"] == 3
        for odd in ({"minutes": "soon"}, {"reality_minutes": "5"}, {"reality_minutes": "90"}, {"quiet_from": "25:00"}):
            assert (await act(mother, "limits", **odd)).status_code == 422, odd
        assert "金额没有填对" in (await act(mother, "limits", spend_day="9.999")).text


async def test_a_pause_rests_everything_but_help(house: House) -> None:
    await bound(house)
    async with browser(house) as mother:
        await come_in(mother, house)
        await consented(mother)
        await act(mother, "limits", paused="on")
        assert "先歇一歇" in (await house.say("你好")).text
        assert (await house.say("我不想活了，药已经买好了")).meta.level == "L3"
        await act(mother, "limits")
        assert "先歇一歇" not in (await house.say("好一点了")).text


async def test_money_is_off_until_a_guardian_allows_it_and_then_capped(house: House) -> None:
    await bound(house)
    pay = "/anban/v1/people/xiaolin/spending"

    async def asks(amount: int, request: str) -> bool:
        return (await house.post(pay, {"amount": amount, "currency": "CNY", "request": request})).json()["allow"]

    assert not await asks(100, "one")
    async with browser(house) as mother:
        await come_in(mother, house)
        await act(mother, "limits", spending="on", spend_each="6", spend_day="9.90")
        assert await asks(600, "two")
        assert not await asks(601, "three")
        assert not await asks(400, "four"), "over the day"
        await act(mother, "limits")
        assert not await asks(100, "five")


async def test_each_consent_is_given_and_taken_back_by_itself(house: House) -> None:
    await bound(house)
    async with browser(house) as mother:
        html = await come_in(mother, house)
        assert html.count("没有同意") == 4, "every one begins as no"
        await consented(mother)
        states = (await mother.get("/guardian")).text
        assert states.count("没有同意") == 2 and states.count("已同意") == 2
        assert "嗯，我在听" in (await house.say("今天作业好多")).text
        await act(mother, "withdraw", purpose="use")
        assert "监护人的同意" in (await house.say("今天作业好多")).text
        assert "收回了" in (await mother.get("/guardian")).text
        assert (await act(mother, "consent", purpose="everything")).status_code == 422
        assert (await act(mother, "consent", purpose="agreement")).status_code == 422


async def test_the_order_of_calls_can_be_changed_and_is_followed(house: House) -> None:
    await bound(house)
    await bound(house, who=FATHER)
    async with browser(house) as father:
        html = await come_in(father, house, FATHER["second"])
        contact = re.findall(r'name="contact" value="([^"]+)"', html)
        assert len(contact) == 1, "the first cannot go further up"
        await act(father, "order", contact=contact[0])
        before = len(await house.sent())
        await house.say("我已经把药吃下去了")
        await house.work(seconds=1)
        told = [each["address"] for each in (await house.sent())[before:]]
        assert told[0] in (FATHER["address"], FATHER["second"])
        assert Kind.GUARDIAN_CHANGED in await house.kinds()


async def test_what_a_guardian_asks_to_erase_goes_and_the_child_is_told(house: House) -> None:
    await bound(house)
    await house.say("今天和同桌吵架了")
    async with browser(house) as mother:
        await come_in(mother, house)
        unsure = await act(mother, "erase")
        assert unsure.status_code == 422 and "请先勾上" in unsure.text
        assert Kind.RECORD_ERASURE_ASKED not in await house.kinds()
        assert (await act(mother, "erase", sure="on")).status_code == 303
        html = (await mother.get("/guardian")).text
        assert "还在处理" in html and "已经按您的请求删除了" not in html
        await house.work()
        assert "已经按您的请求删除了" in (await mother.get("/guardian")).text
        kinds = await house.kinds()
        assert kinds.count(Kind.RECORD_ERASURE_ASKED) == kinds.count(Kind.RECORD_ERASED) == 1
        child = await house.person()
        assert await house.rt.db.read(lambda c: recent_turns(c, child.id, child.key, 9)) == ()
        mailed = await house.rt.db.read(lambda c: read_after(c, child.id, child.key, 0))
        assert mailed[-1].payload["about"] == "erasure.by-guardian"


async def test_a_guardian_already_bound_can_end_a_claim(house: House) -> None:
    await bound(house)
    claim = {
        "user": "xiaolin", "name": "某人", "evidence": "stated", "calls": "小林",
        "claims_from": {"route": "sms", "address": "13500000000"},
        "code_to": {"route": "email", "address": "somebody@example.org"},
    }  # fmt: skip
    made = (await house.post("/anban/v1/guardians/claims", claim)).json()["claim"]
    async with browser(house) as mother:
        assert "有人在申请做监护人" in await come_in(mother, house)
        await act(mother, "object", claim=made)
        assert "有人在申请做监护人" not in (await mother.get("/guardian")).text
    listed = (await house.get("/anban/v1/people/xiaolin/guardians")).json()
    assert next(each["state"] for each in listed if each["claim"] == made) == "refused"


async def test_the_table_twin_and_the_file_tell_the_minutes_of_the_picture(house: House) -> None:
    await bound(house)
    async with browser(house) as mother:
        await come_in(mother, house)
        await consented(mother)
        await talks(house, 7, "companion")
        await talks(house, 4, "=cmd|' /C calc'!A0")
        html = (await mother.get("/guardian")).text
        rows = list(csv.reader(io.StringIO((await mother.get("/guardian/use.csv")).text)))
        head, last = rows[0], rows[-1]
        minutes = dict(zip(head, last, strict=True))
        assert int(minutes["minutes"]) == 12
        assert int(minutes["companion"]) == 8, "the minute of turning to the other belongs to the first"
        assert not [name for name in head if name.startswith("=")], "no spreadsheet takes a name for a formula"
        assert '<text class="n" x="617.1" y="' in html and ">12</text>" in html
        assert re.search(r"<td>12</td>", html)


async def test_no_name_of_a_character_breaks_the_page(house: House) -> None:
    await bound(house)
    async with browser(house) as mother:
        await come_in(mother, house)
        await consented(mother)
        await act(mother, "block", persona='<img src=x onerror="1">')
        html = (await mother.get("/guardian")).text
        assert "<img" not in html and "&lt;img" in html
        assert (await act(mother, "block", persona="a" * 129)).status_code == 422
        assert (await act(mother, "block", persona="")).status_code == 422


async def test_an_act_that_does_not_exist_is_not_found(house: House) -> None:
    await bound(house)
    async with browser(house) as mother:
        await come_in(mother, house)
        assert (await act(mother, "everything")).status_code == 404
        assert await claim_of(house)
        assert MOTHER["calls"] in (await mother.get("/guardian")).text


async def test_it_is_the_same_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    async with open_house(tmp_path, database_url=postgres_url) as house:
        await bound(house)
        async with browser(house) as mother:
            await come_in(mother, house)
            await consented(mother)
            await act(mother, "limits", minutes="5")
            await talks(house, 3)
            await act(mother, "block", persona="companion")
            assert "被监护人关掉了" in (await house.say("还在吗")).text
            await house.say("我不想活了，药已经买好了")
            await house.work(seconds=61)
            await house.rt.db.settled()
            html = (await mother.get("/guardian")).text
            assert "现在需要您" in html
            assert re.findall(r"<dd>(\d+) 分钟", html)[0] == "4", "the minute until the last message counts"
            alert = re.search(r'name="alert" value="([^"]+)"', html)
            assert alert
            assert (await act(mother, "seen", alert=alert[1])).status_code == 303
            assert (await act(mother, "erase", sure="on")).status_code == 303
            assert plain((await mother.get("/guardian")).text) == plain(
                (await (await as_child(house)).get("/me/seen")).text
            )
