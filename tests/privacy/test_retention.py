"""What is past its days goes by itself, once a day; what a case or the law holds stays; and the ledger tells."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, insert, select, update

from anban.base.durable import work
from anban.cases.crisis import CRISIS
from anban.cases.models import case_events, case_notes, cases
from anban.conversations.models import mail, sessions, turns
from anban.conversations.usage_models import usage_days
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.reading import for_subject
from anban.people.family_models import consents
from anban.privacy.erasure import ask_erasure
from anban.privacy.models import erasures, legal_holds
from anban.privacy.retention import RETENTION, promise_retention
from anban.risk.models import risk_levels
from tests import stores
from tests.house import House, open_house


@pytest.fixture(params=["sqlite", "postgres"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: stores.PostgresServer
) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(postgres_server.database()) if request.param == "postgres" else None
        opened = await stack.enter_async_context(open_house(tmp_path / "data", database_url=url))
        await promised(opened)
        yield opened


async def promised(house: House) -> None:
    rt, now = house.rt, house.clock.now()
    rules = rt.rules(house.service, frozenset(), now)
    await rt.db.write(lambda c: promise_retention(c, house.service.id, rules, now))


async def count(house: House, table: object) -> int:
    await house.rt.db.settled()
    return await house.rt.db.read(lambda c: c.execute(select(func.count()).select_from(table)).scalar() or 0)  # type: ignore[arg-type]


async def close(house: House) -> None:
    """The case is over, and owes nothing any more."""
    over = {"closed_at": house.clock.now(), "open_key": None}

    def work_ends(connection: Connection) -> None:
        connection.execute(update(cases).values(**over))
        connection.execute(update(work).where(work.c.kind == CRISIS).values(due_at=None))

    await house.rt.db.write(work_ends)


async def swept(house: House) -> list[Entry]:
    await house.rt.db.settled()
    subject = f"{RETENTION}|{house.service.id}"
    return [each.entry for each in await house.rt.db.read(lambda c: for_subject(c, subject))]


async def days_pass(house: House, days: float) -> None:
    await house.rt.db.settled()
    house.clock.advance(hours=24 * days)
    await house.worker.drain()


async def test_words_go_after_their_days_and_use_a_little_later(house: House) -> None:
    await house.say("今天下雨了")
    await days_pass(house, 89)
    assert await count(house, turns) == 1
    await days_pass(house, 3)
    assert await count(house, turns) == 0 and await count(house, usage_days) == 1
    await days_pass(house, 10)
    assert await count(house, usage_days) == await count(house, sessions) == 0
    told = [(each.facts["table"], each.facts["count"]) for each in await swept(house) if each.facts["count"]]
    assert ("turns", 1) in told and ("usage_days", 1) in told and ("sessions", 1) in told


async def test_months_of_downtime_are_made_good_by_one_sweep(house: House) -> None:
    for _ in range(3):
        await house.say("你好")
        house.clock.advance(hours=30)
    await days_pass(house, 200)
    assert await count(house, turns) == await count(house, sessions) == 0
    assert len([each for each in await swept(house) if each.facts["table"] == "all"]) == 1


async def test_more_than_one_batch_goes_in_one_sweep(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anban.privacy.retention.AT_A_TIME", 2)
    for number in range(5):
        await house.say("嗯", conversation=f"c{number}")
    await days_pass(house, 92)
    assert await count(house, turns) == 0
    assert [each.facts["count"] for each in await swept(house) if each.facts["table"] == "turns"] == [2, 2, 1]


async def test_a_sweep_that_broke_off_goes_on_where_it_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ["retention.batch"]

    def breaks(place: str) -> None:
        if place in broken:
            broken.remove(place)
            raise OSError("the power went")

    monkeypatch.setattr("anban.privacy.retention.AT_A_TIME", 2)
    monkeypatch.setattr("anban.privacy.retention.crashpoint", breaks)
    for number in range(5):
        await house.say("嗯", conversation=f"c{number}")
    await days_pass(house, 92)
    before = await count(house, turns)
    assert broken == [] and before > 0
    house.clock.advance(minutes=1)
    await house.worker.drain()
    assert await count(house, turns) == 0
    assert sum(int(str(each.facts["count"])) for each in await swept(house) if each.facts["table"] == "turns") == 5


async def test_an_open_case_keeps_everything_about_its_person_and_about_nobody_else(house: House) -> None:
    await house.say("我不想活了，药都准备好了", user="lin")
    await house.say("你好", user="other")
    await days_pass(house, 120)
    people = await house.rt.db.read(lambda c: list(c.execute(select(turns.c.user)).scalars()))
    assert people == [(await house.person("lin")).id]
    assert await count(house, mail) > 0 and await count(house, risk_levels) == 1
    kept_back = [each.facts["held"] for each in await swept(house) if each.facts["table"] == "all"]
    assert kept_back[-1] and int(str(kept_back[-1])) > 0

    await close(house)
    await days_pass(house, 2)
    assert await count(house, turns) == 0


async def test_what_a_court_asked_to_keep_stays_until_then(house: House) -> None:
    await house.say("你好")
    person, now = await house.person(), house.clock.now()
    row = {"id": "hold_1", "user": person.id, "clause": "court", "by": "officer", "at": now}
    until = now + timedelta(days=150)
    await house.rt.db.write(lambda c: c.execute(insert(legal_holds).values(**row, until=until)) and None)
    await days_pass(house, 120)
    assert await count(house, turns) == 1
    await days_pass(house, 40)
    assert await count(house, turns) == 0


async def test_a_case_goes_three_years_after_it_was_closed_with_all_that_belongs_to_it(house: House) -> None:
    await house.say("我不想活了，药都准备好了")
    await close(house)
    await days_pass(house, 1000)
    assert await count(house, cases) == 1 and await count(house, case_events) > 0
    await days_pass(house, 100)
    assert await count(house, cases) == await count(house, case_events) == await count(house, case_notes) == 0


async def test_a_consent_is_kept_while_it_holds_and_three_years_more(house: House) -> None:
    await house.say("你好")
    person, now = await house.person(), house.clock.now()
    row = {"user": person.id, "purpose": "training", "version": "1", "by": "user", "given_at": now}
    ended = now + timedelta(days=10)
    await house.rt.db.write(
        lambda c: c.execute(insert(consents), [
            {**row, "id": "cst_1", "withdrawn_at": None}, {**row, "id": "cst_2", "withdrawn_at": ended}
        ]) and None
    )  # fmt: skip
    await days_pass(house, 1104)
    assert await count(house, consents) == 2
    await days_pass(house, 3)
    assert await house.rt.db.read(lambda c: list(c.execute(select(consents.c.id)).scalars())) == ["cst_1"]


async def test_another_service_rows_are_left_to_its_own_rules(house: House) -> None:
    await house.say("你好")
    await days_pass(house, 80)
    due = [
        await house.rt.db.read(lambda c, s=s: _due_for(c, house, s, days=60)) for s in ("svc_other", house.service.id)
    ]
    assert due == [0, 1]


def _due_for(connection: object, house: House, service: str, *, days: int) -> int:
    from anban.cases.held import people_held
    from anban.privacy.retention import Cut, past_due

    now = house.clock.now() + timedelta(days=days)
    rules = house.rt.rules(house.service, frozenset(), now)
    return len(past_due(connection, turns, Cut(service, rules, now, (people_held(),))))  # type: ignore[arg-type]


async def test_a_choice_shortens_the_days_of_words(tmp_path: Path) -> None:
    async with open_house(tmp_path / "data", choices={"retention-interaction-text-days": 7}) as house:
        await promised(house)
        await house.say("你好")
        await days_pass(house, 9)
        assert await count(house, turns) == 0
        assert Kind.RECORD_RETENTION_SWEPT in {each.kind for each in await swept(house)}


async def test_the_request_of_an_erasure_goes_three_years_after_it_was_done(house: House) -> None:
    await house.say("你好")
    person, at = await house.person(), house.clock.now()
    rules = house.rt.rules(house.service, frozenset(), at)
    await house.rt.db.write(lambda c: ask_erasure(c, person, "all", "", "user", at, rules))
    await house.work()
    await days_pass(house, 1)
    assert await count(house, erasures) == 1
    await days_pass(house, 1000)
    assert await count(house, erasures) == 1
    await days_pass(house, 100)
    assert await count(house, erasures) == 0


async def test_what_is_past_its_days_is_looked_for_beside_those_who_write(tmp_path: Path) -> None:
    """A look may go through a whole table: on the one writer's thread a person in danger would wait for it."""
    async with open_house(tmp_path / "data") as house:
        await promised(house)
        await house.say("你好")
        await house.rt.db.settled()
        asked: list[str] = []
        event.listen(house.rt.db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))  # type: ignore[attr-defined]
        await days_pass(house, 92)
        assert await count(house, turns) == 0
        looked = [each for each in asked if each.startswith("SELECT") and "FROM turns" in each]
        assert looked == [] and any(each.startswith("DELETE FROM turns") for each in asked)


async def test_a_row_that_came_alive_again_since_it_was_found_stays(house: House) -> None:
    from anban.base.durable import take_due
    from anban.cases.held import people_held
    from anban.privacy.retention import Cut, past_due, sweep

    await house.say("你好")
    await house.rt.db.settled()
    now = house.clock.now() + timedelta(days=200)
    cut = Cut(house.service.id, house.rt.rules(house.service, frozenset(), now), now, (people_held(),))
    chosen = await house.rt.db.read(lambda c: past_due(c, sessions, cut))
    assert len(chosen) == 1
    await house.rt.db.write(lambda c: c.execute(update(sessions).values(last_at=now)) and None)

    def swept_now(connection: Connection) -> int:
        piece = next(each for each in take_due(connection, now, "test", 50) if each.kind == RETENTION)
        return sweep(connection, piece, sessions, cut, chosen)

    assert await house.rt.db.write(swept_now) == 0
