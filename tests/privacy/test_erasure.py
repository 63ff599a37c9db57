"""What somebody erased is gone for everybody, nobody reads it from the disks, and the evidence still verifies."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from anban.base.errors import BadInput
from anban.base.keys import Unreadable
from anban.cases.case import read_case
from anban.cases.models import cases
from anban.cases.notes import add_note, notes_of
from anban.conversations.models import turns
from anban.conversations.transcript import Turn, recent_turns
from anban.ledger.kinds import Kind
from anban.people.contacts import every_contact, replace_contacts
from anban.people.models import Contact, user_keys
from anban.people.safety_card import card_of, keep_card
from anban.people.users import find
from anban.privacy.erasure import Erasure, ask_erasure, end_hold, put_hold, read_erasure
from tests.house import House, open_house
from tests.stores import PostgresServer


@pytest.fixture(params=["sqlite", "postgres"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(postgres_server.database()) if request.param == "postgres" else None
        yield await stack.enter_async_context(open_house(tmp_path, database_url=url))


async def ask(house: House, scope: str, target: str = "", *, by: Any = "user", user: str = "xiaolin") -> Erasure:
    person = await house.person(user)
    at, rules = house.clock.now(), house.rt.rules(house.service, frozenset(), house.clock.now())
    return await house.rt.db.write(lambda c: ask_erasure(c, person, scope, target, by, at, rules))


async def said(house: House, user: str = "xiaolin") -> list[Turn]:
    person = await house.person(user)
    return list(await house.rt.db.read(lambda c: recent_turns(c, person.id, person.key, 100)))


async def again(house: House, erasure: Erasure) -> Erasure:
    return await house.rt.db.read(lambda c: read_erasure(c, erasure.id))


async def test_everything_that_was_said_goes_within_one_look_and_its_key_some_minutes_later(house: House):
    await house.say("我养了一只叫豆包的猫")
    before = await house.person()
    erasure = await ask(house, "all")
    await house.work()
    assert await said(house) == []
    assert (await again(house, erasure)).state == "erased"
    await house.work(minutes=11)
    assert (await again(house, erasure)).state == "done"
    versions = await house.rt.db.read(
        lambda c: list(c.execute(select(user_keys.c.version).where(user_keys.c.user == before.id)).scalars())
    )
    assert versions == [2]
    kinds = await house.kinds()
    assert [k for k in kinds if k in (Kind.RECORD_ERASURE_ASKED, Kind.RECORD_ERASED, Kind.KEY_ROTATED)] == [
        Kind.RECORD_ERASURE_ASKED, Kind.RECORD_ERASED, Kind.KEY_ROTATED,
    ]  # fmt: skip


async def test_the_companion_remembers_nothing_of_it(house: House):
    await house.say("我养了一只叫豆包的猫")
    await ask(house, "all")
    await house.work()
    await house.say("我养了什么？")
    assert [turn.said for turn in await said(house)] == ["我养了什么？"]


async def test_one_conversation_goes_and_the_other_stays_readable(house: House):
    await house.say("第一处的话", conversation="first")
    await house.say("第二处的话", conversation="second")
    await ask(house, "conversation", "first")
    await house.work()
    await house.work(minutes=11)
    assert [turn.said for turn in await said(house)] == ["第二处的话"]


async def test_one_character_goes_with_all_that_was_said_to_it(house: House):
    await house.say("对阿宁说的", persona="aning", conversation="a")
    await house.say("对小舟说的", persona="xiaozhou", conversation="b")
    await ask(house, "persona", "aning")
    await house.work(minutes=11)
    assert [turn.persona for turn in await said(house)] == ["xiaozhou"]


async def test_one_message_is_named_by_its_own_id_or_by_the_decision_that_came_with_it(house: House):
    one = await house.say("第一句")
    house.clock.advance(seconds=5)
    await house.say("第二句")
    house.clock.advance(seconds=5)
    await house.say("第三句")
    await ask(house, "message", one.decision)
    await ask(house, "message", (await said(house))[1].id)
    await house.work()
    assert [turn.said for turn in await said(house)] == ["第三句"]


async def test_what_is_said_after_the_request_is_no_part_of_it(house: House):
    await house.say("从前的话")
    await ask(house, "all")
    house.clock.advance(seconds=1)
    await house.say("之后的话")
    await house.work()
    await house.work(minutes=11)
    assert [turn.said for turn in await said(house)] == ["之后的话"]


async def test_asking_twice_is_asking_once(house: House):
    await house.say("你好")
    first, second = await ask(house, "all"), await ask(house, "all")
    assert first.id == second.id


async def test_a_copy_of_the_old_rows_cannot_be_read_with_the_keys_that_are_left(house: House):
    await house.say("只有我知道的话")
    person = await house.person()
    row = await house.rt.db.read(lambda c: c.execute(select(turns).where(turns.c.user == person.id)).one())
    await ask(house, "all")
    await house.work()
    await house.work(minutes=11)
    with pytest.raises(Unreadable):
        (await house.person()).key.of(row.key_version)


async def test_an_answer_that_was_under_way_is_kept_and_sealed_anew(house: House):
    """It seals under the key it knew when it began: the erasure waits for it before that key is destroyed."""
    await house.say("早先")
    goes_on = house.model.pauses()
    stream = house.start("正在说的话。")
    await anext(stream)
    await ask(house, "conversation", "another")
    await house.work()
    goes_on.set()
    async for _ in stream:
        pass
    await house.rt.db.settled()  # in real time the key has minutes to wait for this
    await house.work(minutes=11)
    assert [turn.said for turn in await said(house)] == ["早先", "正在说的话。"]
    assert {turn.key_version for turn in await rows(house)} == {2}


async def rows(house: House) -> list[Any]:
    person = await house.person()
    return await house.rt.db.read(lambda c: list(c.execute(select(turns).where(turns.c.user == person.id))))


async def test_contacts_and_the_safety_card_go_too(house: House):
    await house.say("你好")
    person = await house.person()
    at, rules = house.clock.now(), house.rt.rules(house.service, frozenset(), house.clock.now())
    await house.rt.db.write(
        lambda c: replace_contacts(c, person, "emergency", [Contact("", "emergency", "妈妈", "sms", "13800138000")])
    )
    await house.rt.db.write(lambda c: keep_card(c, person, {"helps": ["听歌"]}, at, rules) and None)
    await ask(house, "all")
    await house.work()
    assert await house.rt.db.read(lambda c: every_contact(c, person)) == ()
    assert await house.rt.db.read(lambda c: card_of(c, person)) is None


async def test_what_stays_is_readable_under_the_new_key(house: House):
    await house.say("要删的", conversation="first")
    await house.say("要留的", conversation="second")
    person = await house.person()
    at, rules = house.clock.now(), house.rt.rules(house.service, frozenset(), house.clock.now())
    await house.rt.db.write(lambda c: keep_card(c, person, {"helps": ["听歌"]}, at, rules) and None)
    await ask(house, "conversation", "first")
    await house.work()
    await house.work(minutes=11)
    person = await house.person()
    card = await house.rt.db.read(lambda c: card_of(c, person))
    assert card is not None and card.helps == ("听歌",)
    assert person.key.version == 2 and person.key.before == ()


async def test_an_open_crisis_holds_it_and_it_goes_on_by_itself_when_that_is_over(house: House):
    await house.say("我不想活了，今晚就吃药结束")
    erasure = await ask(house, "all")
    await house.work()
    held = await again(house, erasure)
    assert (held.state, held.held) == ("held", "crisis")
    assert await said(house) != []
    assert Kind.RECORD_HELD in await house.kinds()
    await close_crisis(house)
    await house.work(minutes=60 * 24 + 20)
    await house.work(minutes=20)
    assert (await again(house, erasure)).state in ("erased", "done")
    assert await said(house) == []


async def close_crisis(house: House) -> None:
    from anban.cases.case import CaseEvent, append, locked_case, open_case_of
    from anban.cases.crisis import CRISIS

    person = await house.person()
    at = house.clock.now()

    def close(connection: Any) -> None:
        case = open_case_of(connection, person.id, CRISIS)
        assert case is not None
        append(connection, locked_case(connection, case.id), CaseEvent("closed|0", "closed", at, "stf_1", {}))

    await house.rt.db.write(close)


async def test_notes_of_a_case_stay_for_their_legal_time_under_a_key_that_opens_nothing_else(house: House):
    await house.say("我不想活了，今晚就吃药结束")
    person = await house.person()
    at = house.clock.now()

    def write(connection: Any) -> None:
        case = read_case(connection, connection.execute(select(cases.c.id)).scalar_one())
        add_note(connection, case, person, "note", "stf_1", "他说会给姐姐打电话", at)

    await house.rt.db.write(write)
    await close_crisis(house)
    house.clock.advance(hours=25)
    await ask(house, "all")
    await house.work()
    await house.work(minutes=11)
    person = await house.person()
    assert [note.text for note in await house.rt.db.read(lambda c: notes_of(c, person))] == ["他说会给姐姐打电话"]
    assert await said(house) == []


async def test_a_guardian_takes_nothing_away_while_home_is_marked_unsafe(house: House):
    await house.state(birth_year=2013)
    await house.say("今天和同桌吵架了")
    marked = await house.post("/anban/v1/people/xiaolin/home", {"state": "marked", "by": "desk", "reason": "said-so"})
    assert marked.status_code in (200, 201), marked.text
    erasure = await ask(house, "all", by="guardian")
    own = await ask(house, "conversation", "another")
    await house.work()
    assert ((await again(house, erasure)).state, (await again(house, erasure)).held) == ("held", "review")
    assert (await again(house, own)).state == "erased", "what the child asks for goes"
    assert [turn.said for turn in await said(house)] == ["今天和同桌吵架了"]


async def test_a_legal_hold_is_told_with_its_clause_and_its_end(house: House):
    await house.say("你好")
    person = await house.person()
    at, rules = house.clock.now(), house.rt.rules(house.service, frozenset(), house.clock.now())
    until = at.replace(year=2027)
    hold = await house.rt.db.write(lambda c: put_hold(c, person, "court-order-17", "officer", until, at, rules))
    erasure = await ask(house, "all")
    await house.work()
    assert (await again(house, erasure)).held == "legal"
    await house.rt.db.write(lambda c: end_hold(c, person, hold, "officer", at, rules))
    await house.work(minutes=20)
    assert (await again(house, erasure)).state == "erased"


async def test_an_account_that_ended_leads_nowhere_and_its_name_begins_anew(house: House):
    await house.say("你好")
    old = await house.person()
    await ask(house, "account", by="service")
    await house.work()
    await house.work(minutes=30)
    gone = await house.rt.db.read(lambda c: find(c, house.rt.keys, house.service.id, "xiaolin"))
    assert gone is None
    await house.say("我回来了")
    assert (await house.person()).id != old.id


async def test_an_account_does_not_end_in_the_middle_of_a_conversation(house: House):
    await house.say("你好")
    old = await house.person()
    await ask(house, "account")
    await house.work()
    for _ in range(3):
        await house.work(minutes=8)
        await house.say("还在聊")
        await house.rt.db.settled()
    assert (await house.person()).id == old.id
    await house.work(minutes=30)
    gone = await house.rt.db.read(lambda c: find(c, house.rt.keys, house.service.id, "xiaolin"))
    assert gone is None
    left = await house.rt.db.read(lambda c: c.execute(select(func.count()).select_from(turns)).scalar())
    assert left == 0


async def test_minors_mode_outlives_an_erasure_and_only_others_end_the_account(house: House):
    await house.state(birth_year=2013, mode="minor")
    await house.say("你好")
    with pytest.raises(BadInput):
        await ask(house, "account", by="user")
    await ask(house, "all")
    await house.work()
    assert (await house.person()).mode == "minor"
    await ask(house, "account", by="guardian")
    await house.work()
    await house.work(minutes=40)
    assert await house.rt.db.read(lambda c: find(c, house.rt.keys, house.service.id, "xiaolin")) is None


@pytest.mark.parametrize(
    ("scope", "target"), [("everything", ""), ("message", ""), ("conversation", "x" * 300), ("message", "dec_unknown")]
)
async def test_a_request_that_names_nothing_says_which_field_is_wrong(house: House, scope: str, target: str):
    await house.say("你好")
    with pytest.raises(BadInput) as told:
        await ask(house, scope, target)
    assert told.value.field in ("scope", "target")
