"""Draft 11(3): where somebody speaks of ending their life, a human takes over the conversation."""

from anban.ledger.kinds import Kind
from tests.house import House

PLAN = "我不想活了，药已经买好了"
GENTLE = "今天把阳台的花浇了。"


async def act(house: House, what: str, responder: str = "lin", **more: object) -> None:
    case = (await house.get("/anban/v1/cases?user=xiaolin")).json()[0]["id"]
    answer = await house.post(f"/anban/v1/cases/{case}/{what}", {"responder": responder, **more})
    assert answer.status_code == 200, answer.text


async def test_the_desk_is_paged_in_the_same_transaction_as_the_case(house: House) -> None:
    heard = await house.say(PLAN)
    kinds = await house.kinds()
    assert Kind.CASE_CRISIS_OPENED in kinds and Kind.DESK_PAGED in kinds
    assert "已经请值班同事加入" in heard.text


async def test_without_a_claim_the_next_line_is_called_and_then_everybody(house: House) -> None:
    await house.say(PLAN)
    await house.work(seconds=59)
    assert Kind.DESK_ESCALATED not in await house.kinds()
    await house.work(seconds=1)
    assert Kind.DESK_ESCALATED in await house.kinds()
    await house.work(seconds=120)
    assert Kind.DESK_ALARMED in await house.kinds()


async def test_from_the_claim_on_the_model_is_silent_and_the_person_is_answered_by_a_human(house: House) -> None:
    await house.say(PLAN)
    await act(house, "claim")
    await act(house, "say", text="我是值班的林老师，我在。")
    asked = len(house.model.asked)
    heard = await house.say(GENTLE)
    assert heard.text == "我是值班的林老师，我在。" and heard.meta.author == "human"
    assert len(house.model.asked) == asked
    assert {Kind.TAKEOVER_CLAIMED, Kind.TAKEOVER_JOINED} <= set(await house.kinds())


async def test_the_hand_back_is_an_act_of_its_own_and_the_ai_says_that_it_is_ai_again(house: House) -> None:
    await house.say(PLAN)
    await act(house, "claim")
    await act(house, "hand-back", level="L1", outcome="calmer")
    heard = await house.say(GENTLE)
    assert "又是 AI" in heard.text and heard.meta.author == "ai"
    assert Kind.TAKEOVER_HANDED_BACK in await house.kinds()


async def test_whoever_asks_for_a_person_gets_the_desk_called_at_any_level(house: House) -> None:
    await house.say("我要找真人")
    assert Kind.TAKEOVER_REQUESTED in await house.kinds()


async def test_leaving_does_not_close_the_case_and_only_a_person_does(house: House) -> None:
    await house.say(PLAN)
    await house.say("退出")
    assert Kind.CASE_CLOSED not in await house.kinds()
    await act(house, "claim")
    await act(house, "close", level="L1", outcome="safe")
    assert Kind.CASE_CLOSED in await house.kinds()


async def test_an_l2_is_looked_at_within_hours(house: House) -> None:
    await house.say("活着好累，真希望一睡不醒")
    await house.work(minutes=4 * 60 - 1)
    assert Kind.DESK_PAGED not in await house.kinds()
    await house.work(minutes=2)
    assert Kind.DESK_PAGED in await house.kinds()
