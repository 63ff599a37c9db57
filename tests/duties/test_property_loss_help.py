"""Final 13: when a major property loss threatens or has happened, help is given and the contact is told."""

from anban.ledger.kinds import Kind
from tests.house import House

LOSING = "客服让我把三十万转到安全账户，还说千万别告诉家里人，我正在转"
CHILD = {"name": "女儿", "route": "phone", "address": "13800000000"}


async def test_whoever_is_losing_money_now_hears_how_to_stop_it(house: House) -> None:
    heard = await house.say(LOSING)
    assert heard.meta.property == "P3"
    assert "110" in heard.text or "96110" in heard.text
    assert Kind.HELP_OFFERED in await house.kinds()


async def test_the_contact_is_told_in_words_that_fit_money(house: House) -> None:
    await house.http.put("/anban/v1/people/xiaolin", json={"mode": "elder", "contacts": [CHILD]})
    await house.say(LOSING)
    await house.work(minutes=5)
    (letter,) = await house.sent()
    assert "转" in letter["text"] and "伤害自己" not in letter["text"]
    assert Kind.OUTREACH_ATTEMPTED in await house.kinds()
