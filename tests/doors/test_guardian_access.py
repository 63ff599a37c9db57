"""Who opens which door of the guardians: role by route by owner; and that no door ever shows a word of any talk."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from anban.app import mount
from anban.web.visitors import COOKIE, signed
from tests.doors.at_the_desk import sign_in
from tests.doors.at_the_guardians import FATHER, MOTHER, PAGE, act, bound, browser, come_in, newest_link, proof
from tests.house import House, open_house

CANARIES = {
    "ordinary": "我最爱的那只橘猫叫作银杏子",
    "danger": "我不想活了，药已经买好了，藏在琥珀罐里",
    "answer": "那只银杏子一定很暖和，像琉璃瓦上的太阳",
}
"""What the child and the model say; no piece of it may reach any page of a guardian."""

PIECES = ("银杏子", "橘猫", "琥珀罐", "药已经买好", "不想活", "琉璃瓦")
THEIRS = re.compile(r"^/(?:guardian|me/seen|seen|invited)")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


def doors(app: Litestar) -> list[tuple[str, str]]:
    """(method, path) of every door for guardians and contacts, from the table that serves them."""
    return [
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute) and THEIRS.match(route.path_format)
        for method in sorted(route.methods - {"OPTIONS", "HEAD"})
    ]


async def talked(house: House) -> None:
    """The child has talked, is in danger, and the guardian was told."""
    await house.http.post(
        "/anban/v1/people/xiaolin/consents",
        json={"purpose": "use", "version": "1", "by": "guardian", "guardian": await claim_of(house)},
    )
    house.model.says(CANARIES["answer"])
    await house.say(CANARIES["ordinary"], persona="companion")
    await house.say(CANARIES["danger"], persona="companion")
    await house.work(seconds=61)


async def claim_of(house: House, user: str = "xiaolin") -> str:
    listed = (await house.get(f"/anban/v1/people/{user}/guardians")).json()
    return next(each["claim"] for each in listed if each["state"] == "bound")


async def test_no_door_of_a_guardian_shows_a_word_that_the_child_or_the_companion_said(house: House) -> None:
    await bound(house)
    await talked(house)
    seen: list[str] = []
    async with browser(house) as client:
        html = await come_in(client, house)
        assert "现在需要您" in html, "the guardian was told; this test must not pass on an empty page"
        visitor = await as_child(house)
        # Logging out comes last: until then every door is tried from inside.
        for method, path in sorted(doors(mount(house.built)), key=lambda door: door[1].endswith("logout")):
            for who in (client, visitor):
                for lang in ("zh", "en"):
                    where = re.sub(r"\{[^}]+\}", "limits", path) + f"?lang={lang}"
                    answer = await who.request(method, where, data={"csrf": proof(html)} if method == "POST" else None)
                    seen.append(f"{method} {path}: {answer.status_code}")
                    assert not [each for each in PIECES if each in answer.text], (method, path)
                    assert not [each for each in PIECES if each in str(answer.headers)], (method, path)
    opened = ("GET /guardian: 200", "GET /guardian/use.csv: 200", "POST /guardian/acts/{act}: 303", "GET /me/seen: 200")
    assert set(opened) <= set(seen), "these were open, and looked through"
    letters = [each["text"] + each["subject"] for each in await house.sent()]
    assert letters and not [each for each in PIECES if any(each in letter for letter in letters)]


async def as_child(house: House, user: str = "xiaolin") -> httpx.AsyncClient:
    """The child's own browser."""
    client = browser(house)
    secret = house.rt.keys.derived("visitor cookies").secret
    client.cookies.set(COOKIE, signed(user, secret))
    return client


ROLES = ("nobody", "guardian of A", "guardian of B", "revoked", "child", "desk")


async def test_nobody_gets_in_who_should_not(house: House) -> None:
    """Role by route by owner: a page shows a child only to who is their guardian now; an act changes only one's own.

    A is 小林 (xiaolin), B is 小周 (xiaozhou). Every answer to everybody else is a log-in, 401, 403, 404 or 410.
    """
    await bound(house, "xiaolin", MOTHER)
    other = {"name": "周妈", "address": "13900000000", "second": "zhou@example.org", "calls": "小周"}
    await bound(house, "xiaozhou", other)
    gone = {"name": "前爸", "address": "13600000000", "second": "qian@example.org", "calls": "小林"}
    revoked_claim = await bound(house, "xiaolin", gone)
    await talked(house)
    async with browser(house) as of_a, browser(house) as of_b, browser(house) as revoked, browser(house) as nobody:
        page_a = await come_in(of_a, house)
        page_b = await come_in(of_b, house, other["second"])
        page_r = await come_in(revoked, house, gone["second"])
        ended = await house.post(f"/anban/v1/people/xiaolin/guardians/{revoked_claim}/revoke", {"by": "desk"})
        assert ended.status_code == 200, ended.text
        desk = browser(house)
        await sign_in(desk, house, "lin")
        child = await as_child(house)
        roles = {
            "nobody": (nobody, ""), "guardian of A": (of_a, proof(page_a)), "guardian of B": (of_b, proof(page_b)),
            "revoked": (revoked, proof(page_r)), "child": (child, ""), "desk": (desk, ""),
        }  # fmt: skip
        assert set(roles) == set(ROLES)
        before = await facts(house)
        alert = re.search(r'name="alert" value="([^"]+)"', page_a)
        assert alert
        unexpected: list[str] = []
        for name, (client, csrf) in roles.items():
            for path in ("/guardian", "/guardian/use.csv"):
                answer = await client.get(path)
                shows_a, shows_b = "小林" in answer.text, "小周" in answer.text
                allowed = answer.status_code == 200
                if allowed != name.startswith("guardian of"):
                    unexpected.append(f"{name} GET {path}: {answer.status_code}")
                if shows_a and name != "guardian of A" or shows_b and name != "guardian of B":
                    unexpected.append(f"{name} GET {path}: sees another's child")
            if name == "guardian of A":
                continue
            # Everything below is aimed at A's things, by somebody who is not A's guardian.
            for done, fields in aimed(alert[1], await claim_of(house)).items():
                answer = await client.post(f"/guardian/acts/{done}", data={"csrf": csrf, **fields})
                if name == "guardian of B" and done in ("limits", "block", "unblock", "consent", "withdraw", "erase"):
                    continue  # theirs to do, for their own child: that A is untouched is checked below
                if answer.status_code < 300 or "?done=" in answer.headers.get("location", ""):
                    unexpected.append(f"{name} POST {done}: {answer.status_code}")
        assert unexpected == []
        assert await facts(house) == before, "nothing of A changed"


def aimed(alert: str, claim: str) -> dict[str, dict[str, str]]:
    """Every act, with fields that name things of A."""
    return {
        "seen": {"alert": alert}, "limits": {"minutes": "1", "paused": "on"}, "block": {"persona": "companion"},
        "unblock": {"persona": "companion"}, "consent": {"purpose": "training"}, "withdraw": {"purpose": "use"},
        "order": {"contact": "con_x"}, "object": {"claim": claim}, "erase": {"sure": "on"}, "nothing": {},
    }  # fmt: skip


async def facts(house: House, user: str = "xiaolin") -> dict[str, object]:
    """Everything that an act could have changed for this child."""
    found = {
        what: (await house.get(f"/anban/v1/people/{user}/{what}")).json()
        for what in ("limits", "consents", "guardians", "family")
    }
    (case,) = (await house.get(f"/anban/v1/cases?user={user}")).json()
    return {**found, "state": case["state"], "confirmed": "confirmed" in str(case)}


async def test_a_form_without_its_proof_or_from_elsewhere_changes_nothing(house: House) -> None:
    await bound(house)
    async with browser(house) as client:
        html = await come_in(client, house)
        bare = await client.post("/guardian/acts/limits", data={"minutes": "10"})
        wrong = await client.post("/guardian/acts/limits", data={"minutes": "10", "csrf": "0" * 64})
        abroad = await client.post(
            "/guardian/acts/limits",
            data={"minutes": "10", "csrf": proof(html)},
            headers={"sec-fetch-site": "cross-site"},
        )
        assert {bare.status_code, wrong.status_code, abroad.status_code} == {403}
        assert (await house.get("/anban/v1/people/xiaolin/limits")).json()["guardian"] == {}


async def test_asking_for_a_link_tells_nothing_about_who_is_known(house: House) -> None:
    await bound(house)
    async with browser(house) as client:
        answers = [
            await client.post("/guardian/login", data={"address": address})
            for address in (MOTHER["second"], "nobody@example.org", "13800000000", "xx", "'; drop table guardians")
        ]
    assert {each.status_code for each in answers} == {200}
    assert len({each.text for each in answers}) == 1
    assert len({tuple(sorted(each.headers.items())) for each in answers}) == 1


async def test_a_link_works_once_and_opening_it_uses_nothing_up(house: House) -> None:
    await bound(house)
    async with browser(house) as client, browser(house) as thief:
        await client.post("/guardian/login", data={"address": MOTHER["second"]})
        await house.work()
        link = newest_link(await house.sent(), MOTHER["second"])
        assert [(await thief.get(link)).status_code for _ in range(3)] == [200, 200, 200]
        assert (await client.post(link)).status_code == 303
        late = await thief.post(link)
        unknown = await thief.post("/guardian/enter/never-was-one")
        assert (late.status_code, unknown.status_code) == (410, 410)
        assert late.text == unknown.text, "used and unknown links look the same"
        assert (await thief.get("/guardian")).status_code == 303


async def test_a_link_that_is_too_old_opens_nothing(house: House) -> None:
    await bound(house)
    async with browser(house) as client:
        await client.post("/guardian/login", data={"address": MOTHER["second"]})
        await house.work()
        link = newest_link(await house.sent(), MOTHER["second"])
        house.clock.advance(minutes=16)
        assert (await client.post(link)).status_code == 410


async def test_whoever_is_revoked_is_out_at_once(house: House) -> None:
    claim = await bound(house)
    async with browser(house) as client:
        await come_in(client, house)
        assert (await client.get("/guardian")).status_code == 200
        await house.post(f"/anban/v1/people/xiaolin/guardians/{claim}/revoke", {"by": "desk"})
        assert (await client.get("/guardian")).status_code == 303
        assert (await client.get("/guardian", headers={"accept": "*/*"})).status_code == 401


async def test_whoever_tries_number_after_number_has_to_wait(house: House) -> None:
    async with browser(house) as client:
        answers = [await client.post("/guardian/login", data={"address": f"138{n:08}"}) for n in range(30)]
    assert answers[0].status_code == 200 and answers[-1].status_code == 429


async def test_once_the_child_is_of_age_their_guardian_sees_nothing(house: House) -> None:
    await bound(house)
    async with browser(house) as client:
        await come_in(client, house)
        await house.http.put("/anban/v1/people/xiaolin", json={"age_band": "adult", "mode": "ordinary"})
        answer = await client.get("/guardian")
        assert "成年" in answer.text and "分钟" not in answer.text
        assert (await client.get("/guardian/use.csv")).status_code == 404
        assert "监护人什么也看不到" in (await (await as_child(house)).get("/me/seen")).text


async def test_what_the_child_is_held_back_for_leaves_no_trace(house: House) -> None:
    """Unsafe at home: the page of a guardian who is not told is, letter for letter, the page of a quiet evening."""
    await bound(house)
    await bound(house, "xiaozhou", {**FATHER, "calls": "小林", "name": "妈妈"})
    for user in ("xiaolin", "xiaozhou"):
        claim = await claim_of(house, user)
        given = {"purpose": "use", "version": "1", "by": "guardian", "guardian": claim}
        assert (await house.post(f"/anban/v1/people/{user}/consents", given)).status_code == 200
    marked = await house.post("/anban/v1/people/xiaolin/home", {"state": "marked", "by": "user"})
    assert marked.status_code == 200, marked.text
    await house.say("我不想活了，药已经买好了", user="xiaolin")
    await house.say("今天作业好多", user="xiaozhou")
    await house.work(minutes=11)
    assert (await house.get("/anban/v1/cases?user=xiaolin")).json(), "there is a case, and it is held"
    async with browser(house) as held, browser(house) as calm:
        one = await come_in(held, house)
        other = await come_in(calm, house, FATHER["second"])
    assert bare(one) == bare(other)
    assert "现在平静" in one


def bare(html: str) -> str:
    """A page without what differs between any two people: proofs, receipts, ids."""
    return re.sub(r"[0-9a-f]{64}|(?:cst|con|gua|case)_[0-9a-z]+", "·", html)


async def test_a_claim_that_came_after_the_mark_is_not_shown_to_who_may_be_the_danger(house: House) -> None:
    await bound(house)
    claim = {
        "user": "xiaolin", "name": "小姨", "evidence": "court", "calls": "小林",
        "claims_from": {"route": "sms", "address": "13500000000"},
        "code_to": {"route": "email", "address": "xiaoyi@example.org"},
    }  # fmt: skip
    async with browser(house) as client:
        await come_in(client, house)
        await house.post("/anban/v1/people/xiaolin/home", {"state": "marked", "by": "desk"})
        house.clock.advance(minutes=1)
        made = (await house.post("/anban/v1/guardians/claims", claim)).json()["claim"]
        assert "有人在申请做监护人" not in (await client.get("/guardian")).text
        assert (await act(client, "object", claim=made)).status_code == 404
        await house.post("/anban/v1/people/xiaolin/home", {"state": "cleared", "by": "desk"})
        assert "有人在申请做监护人" in (await client.get("/guardian")).text
        assert (await act(client, "object", claim=made)).status_code == 303


async def test_every_page_says_that_browsers_keep_no_copy(house: House) -> None:
    await bound(house)
    async with browser(house) as client:
        await come_in(client, house)
        for path in ("/guardian", "/guardian/use.csv", "/guardian/login?lang=en"):
            answer = await client.get(path, headers=PAGE)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
