"""One's own page over HTTP: who may open it, what it says, what is kept of it, and what is not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import Connection, insert, select

from anban.conversations.usage_models import usage_days
from anban.ledger.kinds import Kind
from anban.people.family_models import safety_cards
from anban.people.models import users
from anban.people.safety_card import card_of
from anban.risk.self_check import QUESTIONS
from tests.doors.at_the_desk import browser, proof, sign_in
from tests.doors.my_page import arrives, press, see
from tests.house import House, open_house

LIN = "demo-lin"
PLAN = "我不想活了，药已经买好了"
PATHS = ("", "/time", "/card", "/check", "/contacts", "/setup", "/readers", "/data", "/guidance", "/slow", "/help")
FORMS = ("/me/card", "/me/limit", "/me/check", "/me/check/keep", "/me/contacts/remove", "/me/help", "/me/setup")
CARD = {"signs": "半夜醒着", "helps": "给猫梳毛", "people": "<b>姐姐</b>", "lines": "12356"}
TOKEN_KEY = "k" * 32


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        arrives(opened, LIN)
        yield opened


async def lived(house: House, minutes: dict[int, int], hour: int = 21) -> None:
    """LIN has been here for two months; `minutes` of use so many days ago."""
    await house.say("你好", user=LIN)
    user, now = await house.person(LIN), house.clock.now()

    def work(connection: Connection) -> None:
        connection.execute(users.update().where(users.c.id == user.id).values(first_seen=now - timedelta(days=60)))
        for ago, each in minutes.items():
            day = (now + timedelta(hours=8)).date() - timedelta(days=ago)
            hours = [0.0] * 24
            hours[hour] = each * 60.0
            row = {"day": day.isoformat(), "seconds": each * 60.0, "hours": hours, "last_at": now - timedelta(days=ago)}
            connection.execute(insert(usage_days).values(user=user.id, persona="friend", **row))

    await house.rt.db.write(work)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_page_opens_for_somebody_who_never_spoke_and_for_somebody_who_did(house: House, lang: str) -> None:
    await lived(house, {1: 40, 2: 90})
    for visitor in (LIN, "demo-new"):
        arrives(house, visitor)
        for path in PATHS:
            page = await see(house, f"/me{path}", lang)
            assert "<h1" in page and "me." not in page.partition("<main")[2].replace("/me", ""), path


async def test_without_a_proof_it_stays_closed_and_still_names_help(house: House) -> None:
    for cookie in ("", "demo-lin.0000", "demo-lin"):
        house.http.cookies.clear()
        if cookie:
            house.http.cookies.set("anban_visitor", cookie)
        for path in PATHS:
            answer = await house.http.get(f"/me{path}")
            assert (answer.status_code, answer.headers["location"]) == (303, "/me/closed"), path
    closed = await house.http.get("/me/closed")
    assert closed.status_code == 401 and closed.text.count('href="tel:') >= 2


async def test_the_app_opens_it_with_its_signed_token_and_it_closes_by_itself(tmp_path: Path) -> None:
    async with open_house(tmp_path, token_key=TOKEN_KEY) as house:
        token = page_token(house, jti="first")
        http = browser(house)
        assert (await http.get("/me", headers={"x-anban-token": token})).status_code == 200
        assert (await http.get("/me/card")).status_code == 200, "the browser may stay"
        assert (await http.get("/me/card", headers={"x-anban-token": token})).status_code == 200, "it is still theirs"
        again = browser(house)
        assert (await again.get("/me", headers={"x-anban-token": token})).status_code == 401, "a token opens once"
        house.clock.advance(minutes=31)
        assert (await http.get("/me/card")).status_code == 303
        for wrong in (token[:-3] + "abc", "nothing", page_token(house, jti=None), page_token(house, aud="anban")):
            assert (await http.get("/me", headers={"x-anban-token": wrong})).status_code == 401
        named = await http.get("/me", headers={"x-anban-user": "lin"})
        assert named.status_code == 303, "a name alone is no proof"


async def test_on_a_shared_device_the_next_person_sees_their_own_page_and_leaving_closes_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, token_key=TOKEN_KEY) as house:
        http = browser(house)
        await http.get("/me", headers={"x-anban-token": page_token(house, jti="a")})
        first = http.cookies["anban_me"]
        await http.get("/me", headers={"x-anban-token": page_token(house, sub="mei", jti="b")})
        second = http.cookies["anban_me"]
        assert first != second
        page = (await http.get("/me/card")).text
        left = await http.post("/me/leave", data={"csrf": proof(page)})
        assert left.status_code == 303
        for cookie in (first, second):
            http.cookies.clear()
            http.cookies.set("anban_me", cookie, path="/me")
            assert (await http.get("/me/card")).status_code == 303, "neither session opens anything"


def page_token(house: House, **claims: str | None) -> str:
    """A token of the app for one's own page."""
    now = int(house.clock.now().timestamp())
    given = {"iss": "anban-app", "aud": "anban-page", "sub": "lin", "iat": now, "exp": now + 600, "jti": "x", **claims}
    told = {name: value for name, value in given.items() if value is not None}
    return jwt.encode({"alg": "HS256"}, told, OctKey.import_key(TOKEN_KEY))


async def test_a_form_of_another_site_or_another_person_changes_nothing(house: House) -> None:
    await see(house, "/me/card")
    arrives(house, "demo-other")
    strange = proof(await see(house, "/me/card"))
    arrives(house, LIN)
    for path in (
        "/me/card",
        "/me/limit",
        "/me/check",
        "/me/check/keep",
        "/me/contacts/remove",
        "/me/help",
        "/me/setup",
    ):
        assert (await house.http.post(path, data={"csrf": strange, **CARD})).status_code == 403, path
        assert (await house.http.post(path, data=CARD)).status_code == 403, path
    own = proof(await see(house, "/me/card"))
    there = await house.http.post("/me/card", data={"csrf": own, **CARD}, headers={"origin": "https://elsewhere.cn"})
    assert there.status_code == 403
    assert await house.rt.db.read(lambda c: c.execute(select(safety_cards)).first()) is None


async def test_minutes_stand_in_the_picture_in_the_table_and_in_the_file_alike(house: House) -> None:
    await lived(house, {1: 40, 2: 90})
    page = await see(house, "/me")
    days = [(house.clock.now() + timedelta(hours=8)).date() - timedelta(days=ago) for ago in (1, 2)]
    for day, minutes in zip(days, (40, 90), strict=True):
        assert f'<th scope="row">{day}</th><td>{minutes}</td>' in page
        assert f">{minutes}</text>" in page
    file = await house.http.get("/me/usage.csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert "attachment" in file.headers["content-disposition"]
    rows = {row.split(",")[0]: row.split(",") for row in file.text.split("\r\n") if row}
    assert len(rows["day"]) == 26
    assert [rows[str(day)][1] for day in days] == ["40", "90"]
    assert rows[str(days[0])][2 + 21] == "40"


async def test_an_own_limit_is_a_line_and_an_offer_and_never_a_lock(house: House) -> None:
    await lived(house, {0: 90, 1: 40})
    assert (await press(house, "/me/limit", on="/me", minutes="30")).status_code == 303
    page = await see(house, "/me")
    assert 'class="limit"' in page and "每天 30 分钟" in page
    heard = [await house.say("今天天气不错", user=LIN) for _ in range(3)]
    assert all(each.meta.author == "ai" and each.meta.verdict in ("proceed", "steer") for each in heard)
    await press(house, "/me/limit", on="/me", minutes="")
    assert 'class="limit"' not in await see(house, "/me")
    for wrong in ("0", "1441", "-5", "soon"):
        answer = await press(house, "/me/limit", on="/me", minutes=wrong)
        assert answer.status_code in (303, 422) and 'class="limit"' not in await see(house, "/me")


async def test_habits_are_told_in_sentences_beside_ones_own_past_without_score_or_rank(house: House) -> None:
    before = dict.fromkeys(range(8, 36), 20)
    await lived(house, {**before, **dict.fromkeys(range(1, 8), 300)}, hour=23)
    page = (await see(house, "/me")).partition('id="habits"')[2].partition("</section>")[0]
    assert "最近七天平均每天" in page and "平时" in page and "不是诊断" in page
    for bare in ("D1", "D2", "D3", "分数", "指数", "%"):
        assert bare not in page


async def test_too_few_days_say_nothing_about_anybody(house: House) -> None:
    await house.say("你好", user=LIN)
    assert "看不出平时是什么样" in await see(house, "/me")


async def test_the_card_is_written_once_and_stands_in_the_chats_help_card_of_its_owner_alone(house: House) -> None:
    assert (await press(house, "/me/card", **CARD)).status_code == 303
    assert "给猫梳毛" in await see(house, "/me/card")
    chat = await see(house, "/")
    assert "我写给自己的" in chat and "给猫梳毛" in chat and "<b>姐姐</b>" not in chat
    arrives(house, "demo-other")
    assert "给猫梳毛" not in await see(house, "/") + await see(house, "/me/card")
    arrives(house, LIN)
    await press(house, "/me/card", act="drop")
    assert "给猫梳毛" not in await see(house, "/") + await see(house, "/me/card")


async def test_a_card_that_is_too_long_is_given_back_as_typed(house: House) -> None:
    answer = await press(house, "/me/card", **{**CARD, "helps": "走" * 121})
    assert answer.status_code == 422 and "走" * 121 in answer.text and "半夜醒着" in answer.text
    assert "半夜醒着" not in await see(house, "/me/card")


async def test_answers_are_forgotten_and_the_band_is_kept_only_when_asked(house: House) -> None:
    answers = dict.fromkeys(QUESTIONS, "often")
    came = await press(house, "/me/check", **answers)
    assert came.status_code == 200 and "占了很多地方" in came.text and "不是诊断" in came.text
    assert await house.rt.db.read(lambda c: c.execute(select(users)).first()) is None, "nothing was written"
    assert (await press(house, "/me/check/keep", on="/me/check", band="much")).status_code == 303
    user = await house.person(LIN)
    card = await house.rt.db.read(partial(card_of, user=user))
    assert card is not None and card.band == "much"
    facts = [each.facts for each in await house.ledger(LIN, Kind.PERSON_CHANGED)]
    assert facts == [{"changed": ["self-check"], "by": "self"}]
    assert "占了很多地方" in await see(house, "/me/check")
    await press(house, "/me/check/keep", on="/me/check", band="")
    assert "占了很多地方" not in await see(house, "/me/check")


async def test_a_question_left_out_is_asked_for_and_the_rest_stays_answered(house: House) -> None:
    answers = dict.fromkeys(QUESTIONS[1:], "seldom")
    answer = await press(house, "/me/check", **answers)
    assert answer.status_code == 422 and 'class="missing"' in answer.text
    assert answer.text.count(" checked") == len(answers)


async def test_whoever_reads_along_is_shown_with_reason_and_time(house: House) -> None:
    assert "没有人看过" in await see(house, "/me/readers")
    await house.say(PLAN, user=LIN)
    case = (await house.get(f"/anban/v1/cases?user={LIN}")).json()[0]["id"]
    async with browser(house) as desk:
        lin = await sign_in(desk, house, "lin")
        assert (await house.post(f"/anban/v1/cases/{case}/claim", {"responder": lin})).status_code == 200
        assert (await desk.get(f"/desk/cases/{case}")).status_code == 200
    page = await see(house, "/me/readers")
    assert "值班人员接手了和你的对话" in page and "2026-11-23 20:00" in page
    assert lin not in page and "没有人看过" not in page


async def names_sister(house: House) -> str:
    """The id of the contact who was just named, as it stands on the page."""
    await press(house, "/me/setup", step="check", act="next", name="姐姐", number="13900001111", called="小林")
    page = await see(house, "/me/contacts")
    assert "姐姐" in page and "13900001111" not in page and "1111" in page
    return page.partition('name="contact" value="')[2].partition('"')[0]


async def test_own_contacts_leave_in_quiet_times_and_stay_in_danger(house: House) -> None:
    contact = await names_sister(house)
    gone = await press(house, "/me/contacts/remove", on="/me/contacts", contact=contact)
    assert gone.status_code == 303 and "姐姐" not in await see(house, "/me/contacts")
    contact = await names_sister(house)
    await house.say(PLAN, user=LIN)
    kept = await press(house, "/me/contacts/remove", on="/me/contacts", contact=contact)
    assert kept.status_code == 409 and "姐姐" in await see(house, "/me/contacts")


async def test_nobody_removes_a_guardian_or_somebody_elses_contact(house: House) -> None:
    mother = {"name": "妈妈", "route": "phone", "address": "13800000000"}
    await house.http.put(f"/anban/v1/people/{LIN}", json={"age_band": "12-15", "guardians": [mother]})
    await house.http.put("/anban/v1/people/other", json={"contacts": [mother]})
    listed = (await house.get("/anban/v1/people/other")).json()["contacts"]
    own = (await house.get(f"/anban/v1/people/{LIN}")).json()["guardians"]
    await press(house, "/me/setup", step="check", act="next", name="姑姑", number="13700000000")
    for contact in (listed[0]["id"], own[0]["id"], "con_none"):
        assert (await press(house, "/me/contacts/remove", on="/me/contacts", contact=contact)).status_code == 404
    assert "妈妈" in await see(house, "/me/contacts")


async def test_a_minor_finds_what_their_guardian_sees_and_others_do_not_look_for_it(house: House) -> None:
    assert "/me/seen" not in await see(house, "/me")
    await house.state(LIN, age_band="12-15")
    assert 'href="/me/seen"' in await see(house, "/me") and 'href="/me/seen"' in await see(house, "/me/readers")


async def test_elders_get_one_button_an_action_and_the_polite_form(house: House) -> None:
    await house.state(LIN, birth_year=1948)
    page = await see(house, "/me")
    assert page.count('class="big') >= 7 and "<svg class=" not in page.partition("<main")[2]
    for path in PATHS:
        assert "你" not in (await see(house, f"/me{path}")).partition("<main")[2], path


async def test_with_the_database_gone_help_still_names_people_and_claims_nothing(house: House) -> None:
    own, cookies = proof(await see(house, "/me/card")), house.http.cookies
    house.lose_the_database()
    async with browser(replace(house, built=replace(house.built, rt=house.rt))) as http:
        http.cookies.update(cookies)
        for answer in (await http.get("/me/help"), await http.post("/me/help", data={"csrf": own})):
            assert answer.status_code == 503 and answer.text.count('href="tel:') >= 2
            assert "已经叫了" not in answer.text
