"""Draft article 12(1), final article 14: a minors' mode, easy to enter, with limits on time; danger comes first."""

import pytest

from anban.conversations.mailbox import read_after
from anban.ledger.kinds import Kind
from anban.rails.message import Client
from anban.rails.pulse import remind_listeners
from tests.duties.families import bind, consent
from tests.house import Heard, House

ORDINARY = "今天数学课讲了函数。"
DANGER = "我不想活了，药已经买好了"


async def talk(house: House, minutes: int, every: int = 5, **how: str) -> list[Heard]:
    heard: list[Heard] = []
    for step in range(minutes // every):
        if step:
            house.clock.advance(minutes=every)
        heard.append(await house.say(ORDINARY, **how))
    return heard


async def test_one_action_enters_it_and_the_ledger_says_so(house: House) -> None:
    await house.say(ORDINARY)
    answer = await house.http.put("/anban/v1/people/xiaolin", json={"mode": "minor"})
    assert answer.status_code == 200
    assert (await house.say(ORDINARY)).meta.limits is not None
    assert Kind.PERSON_CHANGED in await house.kinds()


@pytest.mark.parametrize(("band", "minutes"), [("under_8", 40), ("8-11", 60), ("12-15", 60), ("16-17", 120)])
async def test_a_day_has_so_many_minutes_by_age(house: House, band: str, minutes: int) -> None:
    await house.state(age_band=band)
    if band in ("under_8", "8-11"):  # no companion for them before a guardian consents
        guardian = await bind(house)
        for purpose in ("use", "under-14-data"):
            await consent(house, purpose, by="guardian", guardian=guardian)
    house.clock.advance(hours=-6)
    heard = await talk(house, minutes + 15)
    answered = [each for each in heard if each.meta.verdict != "stop"]
    assert len(answered) == minutes // 5, "the message at the last minute is the first that is not answered"
    assert "今天的聊天时间用完了" in heard[-1].text and "12355" in heard[-1].text
    (first, *_) = await house.ledger("xiaolin", Kind.LIMIT_REACHED)
    assert first.facts["limit"] == "time"


async def test_who_is_in_the_mode_and_of_unknown_age_has_the_fewest(house: House) -> None:
    await house.state(mode="minor")
    heard = await talk(house, 45)
    assert [each.meta.verdict for each in heard].count("stop") == 1


async def test_devices_characters_and_conversations_share_one_day(house: House) -> None:
    await house.state(age_band="12-15")
    heard: list[Heard] = []
    for step in range(13):
        client = Client(login=f"device-{step % 2}")
        heard.append(await house.say(ORDINARY, conversation=f"c{step}", persona=f"p{step % 3}", client=client))
        house.clock.advance(minutes=5)
    assert [each.meta.verdict for each in heard].index("stop") == 12


async def test_the_next_day_begins_anew_once_the_night_is_over(house: House) -> None:
    await house.state(age_band="12-15")
    await talk(house, 65)
    house.clock.advance(hours=8, minutes=59)
    assert (await house.say(ORDINARY)).meta.verdict == "stop", "a minute to six"
    house.clock.advance(minutes=1)
    heard = await house.say(ORDINARY)
    assert heard.meta.verdict != "stop" and heard.meta.limits is not None and heard.meta.limits["minutes_left"] == 60


async def test_at_night_the_companion_rests_and_says_until_when(house: House) -> None:
    await house.state(age_band="16-17")
    house.clock.advance(hours=2)  # ten
    heard = await house.say(ORDINARY)
    assert heard.meta.verdict == "stop" and "06:00" in heard.text
    house.clock.advance(hours=8)
    assert (await house.say(ORDINARY)).meta.verdict != "stop"


async def test_an_adult_has_neither(house: House) -> None:
    await house.state(birth_year=1990)
    heard = await talk(house, 200, 10)
    assert all(each.meta.verdict != "stop" and each.meta.limits is None for each in heard)


async def test_a_child_in_danger_is_in_danger_first(house: House) -> None:
    await house.state(age_band="12-15")
    await talk(house, 65)
    heard = await house.say(DANGER)
    assert heard.meta.verdict == "escalate" and heard.meta.case is not None
    after = await house.say("嗯")
    assert after.meta.verdict == "steer", "time that is up ends no crisis"
    house.clock.advance(hours=2)
    assert (await house.say("还在吗")).meta.verdict == "steer", "nor does the night"


async def test_who_feels_bad_after_the_limit_is_heard_and_shown_people(house: House) -> None:
    await house.state(age_band="12-15")
    await talk(house, 65)
    heard = await house.say("我好难过，好孤独，没人理我")
    assert heard.meta.verdict == "stop" and "不好受" in heard.text and "12355" in heard.text


async def test_help_a_person_and_the_exit_stay_open(house: House) -> None:
    await house.state(age_band="12-15")
    await talk(house, 65)
    asked = await house.say("我要找真人，转人工")
    assert asked.meta.verdict == "replace" and asked.meta.case is not None
    left = await house.say("退出")
    assert left.meta.actions == ("exit",)


async def test_five_minutes_before_the_end_it_is_said_once_and_the_app_can_count_down(house: House) -> None:
    await house.state(age_band="12-15")
    heard = await talk(house, 60, 1)
    told = [each for each in heard if "soon" in each.notices]
    assert len(told) == 1 and "还剩 5 分钟" in told[0].text
    assert [each.meta.limits["minutes_left"] for each in heard if each.meta.limits] == list(range(60, 0, -1))
    assert len(await house.ledger("xiaolin", Kind.NOTICE_LIMIT_SHOWN)) == 1


async def test_who_only_reads_is_told_through_the_open_channel(house: House) -> None:
    await house.state(age_band="12-15")
    await talk(house, 55, 5)
    house.clock.advance(minutes=6)
    person = await house.person()
    with house.rt.post.bell(person.id):
        await remind_listeners(house.rt, house.service)
        await remind_listeners(house.rt, house.service)
    letters = await house.rt.db.read(lambda c: read_after(c, person.id, person.key, 0))
    assert [each.payload["kind"] for each in letters] in (["soon"], ["soon", "reality"])


async def test_an_exemption_is_recorded_with_its_reason_and_honoured(house: House) -> None:
    await house.state(age_band="12-15")
    await talk(house, 65)
    given = {"limit": "time", "hours": 1, "by": "guardian", "reason": "生日"}
    made = await house.http.post("/anban/v1/people/xiaolin/exemptions", json=given)
    assert made.status_code == 201, made.text
    assert (await house.say(ORDINARY)).meta.verdict != "stop"
    (shown,) = (await house.get("/anban/v1/people/xiaolin/exemptions")).json()
    assert shown["reason"] == "生日"
    ended = await house.http.delete(f"/anban/v1/people/xiaolin/exemptions/{shown['id']}")
    assert ended.status_code == 200
    assert (await house.say(ORDINARY)).meta.verdict == "stop"
    assert len(await house.ledger("xiaolin", Kind.LIMIT_EXEMPTED)) == 2


async def test_the_history_is_kept_when_time_is_up(house: House) -> None:
    await house.state(age_band="12-15")
    await talk(house, 65)
    await house.person()  # whatever was said is written
    figures = (await house.get("/anban/v1/usage?user=xiaolin")).json()
    assert figures["today"]["minutes"] == 60 and figures["today"]["limits"]["minutes_left"] == 0
    assert (await house.get("/anban/v1/usage?user=nobody")).status_code == 404
