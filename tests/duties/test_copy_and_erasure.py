"""People may have a copy of what they said, and have it deleted (draft art 14(3), final arts 16 and 17)."""

import io
import zipfile

import orjson

from anban.ledger.kinds import Kind
from tests.doors.my_page import arrives, press, see
from tests.house import House

LIN = "demo-lin"
CAT = "我养了一只叫豆包的猫"


async def take(house: House) -> zipfile.ZipFile:
    """What LIN takes from their own page."""
    sent_on = await press(house, "/me/data/copy/take", on="/me/data")
    assert sent_on.status_code == 303
    return zipfile.ZipFile(io.BytesIO((await house.http.get(sent_on.headers["location"])).content))


async def test_a_person_asks_on_their_own_page_and_takes_everything_that_was_said(house: House) -> None:
    house.model.says("豆包几岁了？")
    await house.say(CAT, user=LIN)
    arrives(house, LIN)
    assert (await press(house, "/me/data/copy", on="/me/data")).status_code == 303
    await house.work()
    assert "做好了" in await see(house, "/me/data")
    archive = await take(house)
    said = [orjson.loads(line).get("text") for line in archive.read("messages.jsonl").splitlines()]
    assert said[1:] == [CAT, "豆包几岁了？"] and CAT in archive.read("index.html").decode()
    entries = await house.ledger(LIN, Kind.RECORD_COPIED)
    assert [each.facts["state"] for each in entries] == ["made", "fetched"]
    assert CAT not in str([each.facts for each in entries])


async def test_the_copy_keeps_the_labels_of_what_ai_made(house: House) -> None:
    await house.say(CAT, user=LIN)
    arrives(house, LIN)
    await press(house, "/me/data/copy", on="/me/data")
    await house.work()
    archive = await take(house)
    assert "AI生成" in archive.read("index.html").decode()
    assert orjson.loads(archive.read("data.json"))["AIGC"]["Label"] == "1"


async def test_a_minor_may_have_their_own_copy_and_their_guardian_may_not(house: House) -> None:
    await house.state(LIN, age_band="12-15")
    await house.say(CAT, user=LIN)
    refused = await house.post(f"/anban/v1/people/{LIN}/copies", {"by": "guardian"})
    assert refused.status_code == 403 and "overview" in refused.json()["detail"]
    arrives(house, LIN)
    assert (await press(house, "/me/data/copy", on="/me/data")).status_code == 303


async def test_what_a_person_erases_on_their_own_page_is_gone_and_its_key_is_destroyed(house: House) -> None:
    await house.say(CAT, user=LIN)
    arrives(house, LIN)
    assert (await press(house, "/me/erase", scope="all", sure="1")).status_code == 303
    await house.work()
    await house.work(minutes=11)
    assert CAT not in await see(house, "/me/erase")
    asked, erased, destroyed = await house.ledger(LIN, Kind.RECORD_ERASURE_ASKED, Kind.RECORD_ERASED, Kind.KEY_ROTATED)
    assert asked.actor == "user" and erased.facts["turns"] == 1 and destroyed.facts["destroyed"] == 1
    assert CAT not in str([each.facts for each in await house.ledger(LIN)])


async def test_a_copy_that_was_made_before_goes_with_it(house: House) -> None:
    await house.say(CAT, user=LIN)
    arrives(house, LIN)
    await press(house, "/me/data/copy", on="/me/data")
    await house.work()
    assert list((house.built.settings.data / "copies").glob("*.sealed"))
    await press(house, "/me/erase", scope="conversation", target="first")
    await house.work()
    await house.work(minutes=1)
    assert not list((house.built.settings.data / "copies").glob("*.sealed"))


async def test_a_request_that_is_late_by_the_rules_is_told_to_whoever_runs_the_service(house: House) -> None:
    """A hold of the law may make it wait for long; nothing else may (parameter erasure-working-days)."""
    await house.say(CAT, user=LIN)
    arrives(house, LIN)
    await press(house, "/me/erase", scope="all", sure="1")
    house.clock.advance(hours=24 * 14)
    assert (await house.get("/anban/v1/erasures")).json() == {"waiting": 1, "held": 0, "late": []}
    house.clock.advance(hours=24 * 10)
    assert len((await house.get("/anban/v1/erasures")).json()["late"]) == 1
