"""A copy holds everything about one person and nothing about another, is labelled, and lies sealed until it is gone."""

import hashlib
import io
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from anban.conversations.mailbox import put
from anban.ledger.kinds import Kind
from anban.people.home import mark_home
from anban.people.safety_card import Part, keep_card
from anban.privacy.copies import drop_copies
from anban.privacy.copying.writing import PARTS_AT_ONCE
from tests.house import House, open_house
from tests.privacy.fitting import misfits
from tests.privacy.residue import residue
from tests.stores import PostgresServer

LIN, OTHER = "xiaolin", "somebody-else"
CAT, DOG = "我养了一只叫豆包的猫", "我养了一只叫年糕的狗"
SISTER = {"name": "姐姐小梅", "route": "phone", "address": "13900001111", "calls": "小林"}
FILES = ["messages.jsonl", "record.jsonl", "data.json", "schema.json", "index.html", "manifest.json"]
ELEMENTS = [
    "Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2",
]  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(postgres_server.database()) if request.param == "postgres" else None
        yield await stack.enter_async_context(open_house(tmp_path, database_url=url))


async def asked(house: House, user: str = LIN, **how: str) -> str:
    """The number of a copy that was asked for and made."""
    answer = await house.post(f"/anban/v1/people/{user}/copies", how)
    assert answer.status_code == 202, answer.text
    await house.work()
    return answer.json()["id"]


async def link(house: House, copy: str, user: str = LIN) -> str:
    return (await house.post(f"/anban/v1/people/{user}/copies/{copy}/link", {})).json()["path"]


async def fetched(house: House, copy: str, user: str = LIN) -> zipfile.ZipFile:
    answer = await house.http.get(await link(house, copy, user))
    assert answer.status_code == 200 and int(answer.headers["content-length"]) == len(answer.content)
    return zipfile.ZipFile(io.BytesIO(answer.content))


async def copied(house: House, user: str = LIN, **how: str) -> zipfile.ZipFile:
    return await fetched(house, await asked(house, user, **how), user)


def lines(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in archive.read(name).splitlines()]


def sealed(house: House) -> list[Path]:
    return sorted((house.built.settings.data / "copies").glob("*"))


async def lived(house: House) -> None:
    """LIN has told us a good deal; somebody else too."""
    house.model.says("豆包多大了？", "年糕多大了？")
    await house.http.put(f"/anban/v1/people/{LIN}", json={"birth_year": 1990, "contacts": [SISTER]})
    await house.post(f"/anban/v1/people/{LIN}/consents", {"purpose": "agreement", "version": "2026-07", "by": "user"})
    await house.http.put(f"/anban/v1/people/{LIN}/limits", json={"by": "self", "minutes": 90})
    await house.post("/anban/v1/appeals", {"user": LIN, "about": "limit", "text": "我只聊了半小时"})
    await house.say(CAT, user=LIN, persona="小雨")
    await house.say(DOG, user=OTHER)
    house.clock.advance(minutes=5)
    await house.say("我不想活了，药已经买好了", user=LIN, conversation="night")
    user, now = await house.person(LIN), house.clock.now()
    rules = house.rt.rules(house.service, frozenset[str](), now)
    card: dict[Part, tuple[str, ...]] = {
        "signs": ("半夜醒着",),
        "helps": ("给猫梳毛",),
        "people": ("姐姐",),
        "lines": ("12356",),
    }
    await house.rt.db.write(lambda c: keep_card(c, user, card, now, rules))
    said = {"author": "human", "text": "我是值班的，我在"}
    await house.rt.db.write(
        lambda c: put(c, user.id, user.key, conversation="", kind="message", at=now, payload=said, once="said-1")
    )


async def test_the_archive_opens_and_its_manifest_and_its_counts_are_true(house: House) -> None:
    await lived(house)
    archive = await copied(house)
    assert archive.testzip() is None and archive.namelist() == FILES
    manifest = orjson.loads(archive.read("manifest.json"))
    for each in manifest["files"]:
        content = archive.read(each["name"])
        assert (len(content), hashlib.sha256(content).hexdigest()) == (each["bytes"], each["sha256"])
    assert [each["name"] for each in manifest["files"]] == FILES[:-1]
    told, messages = orjson.loads(archive.read("data.json")), lines(archive, "messages.jsonl")[1:]
    assert told["messages"] == len(messages) == 5
    page = archive.read("index.html").decode()
    assert page.count('<div class="said ') == len(messages)
    record = lines(archive, "record.jsonl")
    assert sum(told["record"].values()) == len(record) and told["record"]["turn.recorded"] == 2


async def test_it_holds_what_was_said_stated_chosen_and_written_down(house: House) -> None:
    await lived(house)
    archive = await copied(house)
    messages = lines(archive, "messages.jsonl")[1:]
    assert [(each["author"], each["text"]) for each in messages[:2]] == [("user", CAT), ("ai", "豆包多大了？")]
    assert messages[0]["character"] == "小雨" and messages[-1] == {
        **messages[-1], "author": "human", "conversation": "night", "text": "我是值班的，我在",
    }  # fmt: skip
    told = orjson.loads(archive.read("data.json"))
    assert told["person"]["birth_year"] == 1990 and told["limits"] == {"self": {"minutes": 90}}
    assert told["contacts"][0]["name"] == "姐姐小梅" and told["contacts"][0]["ways"][0]["address"] == "13900001111"
    assert told["consents"][0]["purpose"] == "agreement" and told["safety_card"]["helps"] == ["给猫梳毛"]
    assert [each["kind"] for each in told["notices"]] == ["ai.first"]
    assert told["level"]["life"] == {"zh": "听起来有打算或计划", "en": "It sounded like an intent or a plan"}
    appeal, crisis = told["cases"]
    assert appeal["own_words"] == ["我只聊了半小时"] and appeal["about"] == "limit" and crisis["kind"] == "crisis"
    page = archive.read("index.html").decode()
    for words in (
        CAT,
        "豆包多大了？",
        "我是值班的，我在",
        "姐姐小梅",
        "给猫梳毛",
        "我只聊了半小时",
        "听起来有打算或计划",
    ):
        assert words in page, words


async def test_what_is_in_it_fits_the_schema_that_is_in_it(house: House) -> None:
    await lived(house)
    for archive in (await copied(house), await copied(house, OTHER)):
        schema = orjson.loads(archive.read("schema.json"))
        assert misfits(orjson.loads(archive.read("data.json")), schema, schema) == []
        for name, part in (("messages.jsonl", "message"), ("record.jsonl", "record")):
            for line in lines(archive, name)[1 if part == "message" else 0 :]:
                assert misfits(line, schema["$defs"][part], schema) == [], line


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_ai_is_labelled_for_people_and_for_machines(house: House, lang: str) -> None:
    await lived(house)
    archive = await copied(house, lang=lang)
    page = archive.read("index.html").decode()
    head, _, body = page.partition("<main>")
    assert "人工智能生成" in head and head.count('class="label top"') == 1 and body.count('class="label top"') == 1
    answers = re.findall(r'<div class="said ai">(.*?)</div>', body, re.DOTALL)
    assert len(answers) == 1 and all('<b class="label">' in each and "AI生成" in each for each in answers)
    assert all("AI生成" not in each for each in re.findall(r'<div class="said (?:user|human)">(.*?)</div>', body))
    for raw in (
        re.search(r'name="AIGC" content="([^"]+)"', head)[1].replace("&quot;", '"'),  # type: ignore[index]
        archive.comment,
        archive.read("messages.jsonl").splitlines()[0],
        archive.read("data.json"),
        archive.read("manifest.json"),
    ):
        label = orjson.loads(raw)["AIGC"]
        assert list(label) == ELEMENTS and label["Label"] == "1" and label["ProduceID"].startswith("copy_")
    digest = hashlib.sha256(archive.read("messages.jsonl")).hexdigest()
    assert orjson.loads(archive.read("data.json"))["AIGC"]["ReservedCode1"] == digest
    assert [each.get("label") for each in lines(archive, "messages.jsonl")[1:]].count("AI生成") == 1
    assert "<script" not in page and "http://" not in page and "https://" not in page


async def test_nobody_else_is_in_it_and_nothing_that_protects_somebody(house: House) -> None:
    await lived(house)
    user, now = await house.person(LIN), house.clock.now()
    rules = house.rt.rules(house.service, frozenset[str](), now)
    mother = {"name": "妈妈", "route": "phone", "address": "13800000000"}
    await house.http.put(f"/anban/v1/people/{LIN}", json={"guardians": [mother]})
    await house.rt.db.write(lambda c: mark_home(c, user, "desk", "heard-in-chat", now, rules))
    case = (await house.get(f"/anban/v1/cases?user={LIN}")).json()[0]
    await house.post(f"/anban/v1/cases/{case['id']}/claim", {"responder": "lin"})
    noted = await house.post(f"/anban/v1/cases/{case['id']}/note", {"responder": "lin", "text": "他妈妈可能打他"})
    assert noted.status_code == 200, noted.text
    archive = await copied(house)
    whole = b"\n".join(archive.read(name) for name in archive.namelist()).decode()
    for hidden in (DOG, "年糕", OTHER, "他妈妈可能打他", "heard-in-chat", "unsafe-at-home", "outreach.held", "staff_"):
        assert hidden not in whole, hidden
    changes = await house.ledger(LIN, Kind.PERSON_CHANGED)
    marks = [each for each in changes if each.facts.get("changed") == ["home-mark"]]
    kept = [each for each in lines(archive, "record.jsonl") if each["kind"] == "person.changed"]
    assert len(marks) == 1 and len(kept) == len(changes) - 1


async def test_a_page_does_not_run_what_somebody_wrote(house: House) -> None:
    await house.say(
        '<script>alert(1)</script><img src="x" onerror=alert(1)>', user=LIN, persona='"><b>', conversation="<i>"
    )
    page = (await copied(house)).read("index.html").decode()
    assert "&lt;script&gt;" in page and "<script>" not in page and "<img" not in page and '<b>"' not in page
    assert "default-src 'none'" in page.replace("&#x27;", "'")


async def test_while_it_lies_there_nothing_of_it_can_be_read_on_the_disk(house: House) -> None:
    await lived(house)
    await asked(house)
    (file,) = sealed(house)
    assert file.stat().st_size > 3_000 and residue([file], [CAT, "豆包多大了？", "姐姐小梅", "messages.jsonl"]) == []
    assert b"PK\x03\x04" not in file.read_bytes()


async def test_a_link_opens_once_for_a_quarter_of_an_hour_and_the_file_goes_soon_after(house: House) -> None:
    await lived(house)
    copy = await asked(house)
    first = await link(house, copy)
    second = await link(house, copy)
    assert (await house.http.get(first)).status_code == 404, "a newer link has taken its place"
    house.clock.advance(minutes=16)
    assert (await house.http.get(second)).status_code == 404, "too old"
    third = await link(house, copy)
    assert (await house.http.get(third)).status_code == 200
    assert (await house.http.get(third)).status_code == 404, "used"
    again = await fetched(house, copy)
    assert again.testzip() is None, "a download that broke off is no loss"
    assert len(sealed(house)) == 1
    await house.work(minutes=16)
    assert sealed(house) == []
    state = (await house.get(f"/anban/v1/people/{LIN}/copies/{copy}")).json()["state"]
    assert state == "over"
    assert (await house.post(f"/anban/v1/people/{LIN}/copies/{copy}/link", {})).status_code == 409
    told = [each.facts["state"] for each in await house.ledger(LIN, Kind.RECORD_COPIED)]
    assert told == ["made", "fetched", "fetched"]


async def test_a_copy_that_nobody_comes_for_goes_after_a_week(house: House) -> None:
    await lived(house)
    copy = await asked(house)
    await house.work(minutes=7 * 24 * 60 - 5)
    assert len(sealed(house)) == 1
    await house.work(minutes=10)
    assert sealed(house) == []
    assert (await house.get(f"/anban/v1/people/{LIN}/copies/{copy}")).json()["state"] == "over"


async def test_asking_twice_makes_one_and_a_newer_one_takes_the_place_of_the_older(house: House) -> None:
    await lived(house)
    one = (await house.post(f"/anban/v1/people/{LIN}/copies", {})).json()
    two = (await house.post(f"/anban/v1/people/{LIN}/copies", {})).json()
    assert one["id"] == two["id"] and one["state"] == "asked" and one["percent"] == 0
    await house.work()
    three = await asked(house)
    assert three != one["id"]
    states = {each["id"]: each["state"] for each in (await house.get(f"/anban/v1/people/{LIN}/copies")).json()}
    assert states == {one["id"]: "over", three: "ready"}
    assert [path.name.partition("-")[0] for path in sealed(house)] == [three]


async def test_what_is_said_after_asking_is_not_awaited_and_every_part_comes_once(house: House) -> None:
    for number in range(PARTS_AT_ONCE + 7):
        house.clock.advance(seconds=1)
        await house.say(f"第{number}句", user=LIN)
    messages = lines(await copied(house), "messages.jsonl")[1:]
    said = [each["text"] for each in messages if each["author"] == "user"]
    assert said == [f"第{number}句" for number in range(PARTS_AT_ONCE + 7)]


async def test_erasing_somebody_takes_their_copies_also_the_one_under_way(house: House) -> None:
    await lived(house)
    await asked(house)
    await house.post(f"/anban/v1/people/{LIN}/copies", {})
    user = await house.person(LIN)
    await house.rt.db.write(lambda c: drop_copies(c, user.id, house.clock.now()))
    await house.work()
    assert sealed(house) == [] and (await house.get(f"/anban/v1/people/{LIN}/copies")).json() == []


async def test_a_guardian_is_told_kindly_what_they_may_have_whoever_it_is_about(house: House) -> None:
    await lived(house)
    await house.state(LIN, age_band="12-15")
    answers = [await house.post(f"/anban/v1/people/{user}/copies", {"by": "guardian"}) for user in (LIN, "nobody")]
    assert answers[0].status_code == answers[1].status_code == 403 and answers[0].content == answers[1].content
    assert answers[0].json()["code"] == "no_transcript_for_guardians" and "overview" in answers[0].json()["detail"]
    assert await house.ledger(LIN, Kind.RECORD_COPIED) == []


async def test_of_somebody_never_met_there_is_no_copy_and_somebody_elses_is_not_found(house: House) -> None:
    await lived(house)
    copy = await asked(house)
    nobody = await house.post("/anban/v1/people/nobody/copies", {})
    assert nobody.status_code == 404 and nobody.json()["detail"] == "no such person"
    elses = await house.get(f"/anban/v1/people/{OTHER}/copies/{copy}")
    none = await house.get(f"/anban/v1/people/{OTHER}/copies/copy_00")
    assert elses.status_code == none.status_code == 404 and elses.content == none.content
    assert (await house.post(f"/anban/v1/people/{OTHER}/copies/{copy}/link", {})).status_code == 404
    unknown, odd = await house.http.get("/copies/nothing"), await house.http.get("/copies/%E4%BD%A0")
    assert unknown.status_code == odd.status_code == 404 and unknown.content == odd.content
