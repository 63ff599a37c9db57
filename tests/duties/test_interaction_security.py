"""Draft article 14(1), final article 16: interaction data is encrypted and audited."""

from pathlib import Path

from anban.conversations.transcript import recent_turns
from anban.ledger.export import export
from anban.ledger.kinds import Kind
from anban.ledger.verify import verify
from tests.house import House

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
