"""Draft article 14(1), final article 16: interaction data is encrypted and audited."""

from pathlib import Path

from anban.conversations.transcript import recent_turns
from anban.ledger.export import export
from anban.ledger.kinds import Kind
from anban.ledger.reading import of_kind
from anban.ledger.verifier import verify
from tests.doors.at_the_desk import PAGE, proof
from tests.doors.in_the_room import in_danger
from tests.house import House
from tests.staffed import at_own_desk, bearing, employ, key_of

SECRET = "我今天去江边喂了那只三条腿的猫"
ANSWER = "那只三花猫还认得你吗，它叫阿福对吧"


def everything_stored(data: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file())


async def test_nobody_who_reads_the_database_can_read_what_was_said(house: House) -> None:
    house.model.says(ANSWER)
    await house.say(SECRET)
    await house.rt.db.settled()
    stored = everything_stored(house.built.settings.data)
    assert len(stored) > 10_000
    for words in (SECRET, ANSWER):
        assert words.encode() not in stored
        assert words.encode("utf-16-le") not in stored


async def test_the_person_themselves_is_read_with_their_own_key(house: House) -> None:
    house.model.says(ANSWER)
    await house.say(SECRET)
    person = await house.person()
    (turn,) = await house.rt.db.read(lambda c: recent_turns(c, person.id, person.key, 10))
    assert turn.said == SECRET
    assert ANSWER in turn.answer


async def test_one_persons_key_opens_nothing_of_another(house: House) -> None:
    await house.say(SECRET)
    await house.say("你好。", user="axiang")
    first, second = await house.person(), await house.person("axiang")
    assert first.key.digest(SECRET.encode()) != second.key.digest(SECRET.encode())


async def test_every_turn_is_evidence_by_keyed_digest(house: House) -> None:
    await house.say(SECRET)
    person = await house.person()
    (recorded,) = await house.ledger("xiaolin", Kind.TURN_RECORDED)
    assert recorded.facts["said"] == person.key.digest(SECRET.encode())


async def test_the_evidence_can_be_checked_by_somebody_else_and_altering_it_is_noticed(
    house: House, tmp_path: Path
) -> None:
    await house.say(SECRET)
    await house.rt.db.settled()
    await house.built.sequencer.run_once(house.clock.now())
    path = tmp_path / "ledger.jsonl"
    await house.rt.db.read(lambda c: export(c, path, deployment="anban", at=house.clock.now()))
    assert verify(path).whole
    path.write_bytes(path.read_bytes().replace(b"turn.recorded", b"turn.rewritten", 1))
    assert not verify(path).whole


async def test_the_management_doors_are_closed_without_a_key(house: House) -> None:
    for path in ("/anban/v1/ledger", "/anban/v1/people/xiaolin", "/anban/v1/cases?user=xiaolin", "/anban/v1/duties"):
        assert (await house.http.get(path, headers={"Authorization": ""})).status_code == 401


async def test_nobody_reads_raw_text_on_their_own_word_and_an_approval_ends_by_itself(house: House) -> None:
    """Role and purpose, a case, a second person, an hour at most; asked, approved, read and ended are evidence."""
    case = await in_danger(house)
    await employ(house, "officer")
    async with at_own_desk(house, "officer") as officer, at_own_desk(house, "wang") as lead:
        csrf = proof((await officer.get("/desk/access", headers=PAGE)).text)
        form = {"csrf": csrf, "case": case, "reason": "complaint", "words": "家属投诉，需要核对原话。", "minutes": "60"}
        await officer.post("/desk/access", data=form)
        grant = str((await house.ledger("xiaolin", Kind.ACCESS_ASKED))[0].facts["grant"])
        assert (await officer.get(f"/desk/access/{grant}")).status_code == 403
        assert (await officer.post(f"/desk/access/{grant}/approve", data={"csrf": csrf})).status_code == 403
        proved = proof((await lead.get("/desk/access", headers=PAGE)).text)
        await lead.post(f"/desk/access/{grant}/approve", data={"csrf": proved})
        assert (await officer.get(f"/desk/access/{grant}")).status_code == 200
    await house.work(minutes=60)
    told = [kind for kind in await house.kinds() if kind.startswith("access.") or kind is Kind.CONVERSATION_READ]
    assert told == [Kind.ACCESS_ASKED, Kind.ACCESS_APPROVED, Kind.CONVERSATION_READ, Kind.ACCESS_ENDED]


async def test_whoever_keeps_the_accounts_does_not_read_the_evidence_nor_a_word(house: House) -> None:
    await employ(house, "administrator")
    key = await key_of(house, "administrator")
    for path in ("/anban/v1/ledger", "/anban/v1/people/xiaolin", "/anban/v1/cases?user=xiaolin"):
        assert (await house.http.get(path, headers=bearing(key))).status_code == 403
    (made,) = await house.rt.db.read(lambda c: of_kind(c, Kind.STAFF_CHANGED))
    assert made.entry.facts["what"] == "key-made"
