"""「我今年初二」 in an adult's account: the mode switches at once, with a reason; an appeal to a person restores it."""

from datetime import timedelta
from pathlib import Path

from anban.ledger.kinds import Kind
from tests.house import EVENING, House, open_house

SAYS = "我今年初二，作业好多"
GENTLE = "今天把阳台的花浇了。"


async def mode(house: House) -> str | None:
    await house.rt.db.settled()
    return (await house.get("/anban/v1/people/xiaolin")).json()["mode"]


async def test_the_mode_switches_with_the_very_message_and_is_told(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.state(birth_year=1990)
        await house.say(GENTLE)
        heard = await house.say(SAYS)
        assert await mode(house) == "minor"
        told = heard.text + (await house.say(GENTLE)).text
        assert "未成年人模式" in told and "弄错" in told, "with a reason, and the way back"
        (changed,) = [e for e in await house.ledger("xiaolin", Kind.PERSON_CHANGED) if "basis" in e.facts]
        assert "初二" not in repr(changed.facts)
        elsewhere = await house.say(GENTLE, conversation="another", persona="other")
        assert elsewhere.meta.limits is not None, "minors' minutes run in every conversation"


async def test_an_appeal_in_two_taps_is_answered_by_a_person_and_restores(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.say(GENTLE)
        await house.say(SAYS)
        opened = await house.post("/anban/v1/appeals", {"user": "xiaolin", "about": "age"})
        assert opened.status_code in (200, 201), opened.text
        answer = {"responder": "wang", "granted": True, "reason": "account-facts"}
        answered = await house.post(f"/anban/v1/appeals/{opened.json()['appeal']}/answer", answer)
        assert answered.status_code in (200, 201), answered.text
        assert await mode(house) != "minor"
        await house.say(SAYS)
        assert await mode(house) != "minor", "what a person has overruled never switches again"
        kinds = await house.kinds()
        assert Kind.COMPLAINT_RECEIVED in kinds and Kind.COMPLAINT_ANSWERED in kinds


async def test_talk_about_a_child_switches_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for text in ("我儿子今年初二，作业好多", "我是初二的班主任", "我初二那年搬过家"):
            await house.say(text)
            assert await mode(house) != "minor", text


async def test_at_night_too_it_is_told_why_and_how_to_appeal(tmp_path: Path) -> None:
    """The companion rests for minors at that hour; somebody who is none must hear more than that."""
    async with open_house(tmp_path, at=EVENING + timedelta(hours=4)) as house:
        heard = await house.say(SAYS)
        assert heard.meta.verdict == "stop" and heard.notices == ("mode.minor",)
        assert heard.text.index("未成年人模式") < heard.text.index("夜里这里休息")
        assert "未成年人模式" not in (await house.say(GENTLE)).text, "once is enough"
        assert Kind.NOTICE_MODE_SHOWN in await house.kinds()
