"""Network logs are kept for six months at least, cannot be shortened, and cannot be altered unseen."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from anban.app import build
from anban.base.errors import Misconfigured
from anban.ledger.kinds import Kind
from anban.ledger.reading import for_subject
from anban.privacy.network_log import PURPOSE, check, network_log, subject
from anban.privacy.retention import promise_retention
from anban.settings import Settings
from tests import stores
from tests.house import House, open_house

SECRET = "今天和妈妈吵架了"


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


async def days_pass(house: House, days: float) -> None:
    await house.rt.db.settled()
    house.clock.advance(hours=24 * days)
    await house.worker.drain()
    await house.rt.db.settled()


async def of_day(house: House, day: date) -> list[tuple[str, dict[str, object]]]:
    found = await house.rt.db.read(lambda c: for_subject(c, subject(day)))
    return [(each.entry.kind.value, dict(each.entry.facts)) for each in found]


async def rows(house: House) -> int:
    return await house.rt.db.read(lambda c: c.execute(select(func.count()).select_from(network_log)).scalar() or 0)


async def test_every_request_leaves_a_line_without_names_or_words(house: House) -> None:
    said = await house.chat(SECRET, user="xiao-lin-of-class-3")
    await house.rt.db.settled()
    await house.get("/anban/v1/people/xiao-lin-of-class-3")
    await house.http.get("/anban/v1/people/xiao", headers={"Authorization": "Bearer wrong"})
    await house.get("/healthz")
    await house.rt.db.settled()
    lines = await house.rt.db.read(lambda c: c.execute(select(network_log).order_by(network_log.c.id)).all())
    assert [(each.method, each.route, each.status) for each in lines] == [
        ("POST", "/v1/chat/completions", 200),
        ("GET", "/anban/v1/people/{user}", 200),
        ("GET", "/anban/v1/people/{user}", 401),
    ]
    assert lines[0].decision == said.headers["x-anban-decision"]
    key = house.rt.keys.derived(PURPOSE)
    assert key.open(bytes(lines[0].sealed), f"network_log|{lines[0].id}") == b"127.0.0.1"
    assert all("xiao-lin" not in str(each) and SECRET not in str(each) for each in lines)


async def test_each_day_is_summed_up_and_goes_only_after_the_legal_time(house: House) -> None:
    day = house.clock.now().date()
    await house.chat(SECRET)
    await days_pass(house, 1)
    kinds = [kind for kind, _ in await of_day(house, day)]
    assert kinds == [Kind.LOG_NETWORK_SEALED.value]
    await days_pass(house, 183.9)
    assert await rows(house) == 1
    await days_pass(house, 2)
    assert await rows(house) == 0
    kind, facts = (await of_day(house, day))[-1]
    assert kind == Kind.LOG_NETWORK_CHECKED.value and facts["matches"] is True


async def test_after_a_long_downtime_one_sweep_sums_up_checks_and_deletes(house: House) -> None:
    day = house.clock.now().date()
    await house.chat(SECRET)
    house.clock.advance(hours=30)
    await house.chat(SECRET)
    await days_pass(house, 185)
    assert [kind for kind, _ in await of_day(house, day)] == ["log.network.sealed", "log.network.checked"]
    assert await rows(house) == 1


@pytest.mark.parametrize("change", ["changed", "taken away"])
async def test_a_line_that_was_altered_is_found_and_the_day_stays(house: House, change: str) -> None:
    day = house.clock.now().date()
    await house.chat(SECRET)
    await house.get("/anban/v1/cases")
    await days_pass(house, 1)
    assert await house.rt.db.read(lambda c: check(c, day))
    one = select(func.min(network_log.c.id)).scalar_subquery()
    spoiled = update(network_log).values(status=500) if change == "changed" else delete(network_log)
    await house.rt.db.write(lambda c: c.execute(spoiled.where(network_log.c.id == one)) and None)
    assert not await house.rt.db.read(lambda c: check(c, day))
    await days_pass(house, 190)
    kind, facts = (await of_day(house, day))[-1]
    assert kind == "log.network.checked" and facts["matches"] is False
    assert await rows(house) > 0


async def test_a_deployment_cannot_choose_less_and_may_choose_more(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="laxer than the law"):
        await build(Settings(demo=True, data=tmp_path / "a", choices={"network-log-retention-days": 180}))
    async with open_house(tmp_path / "b", choices={"network-log-retention-days": 400}) as house:
        rules = house.rt.rules(house.service, frozenset(), house.clock.now() + timedelta(days=1))
        assert rules.whole("network-log-retention-days") == 400


async def test_while_much_waits_to_be_written_the_log_gives_way_to_what_people_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path / "data") as house:
        kept = await rows(house)
        monkeypatch.setattr(type(house.rt.db), "crowded", property(lambda _: True))
        heard = await house.chat("我不想活了，药已经买好了", user="lin")
        assert heard.json()["anban"]["case"]
        await house.rt.db.settled()
        assert await rows(house) == kept
        assert 'anban_faults_total{part="network-log"} 1.0' in (await house.get("/metrics")).text
        monkeypatch.undo()
        await house.get("/status")
        await house.rt.db.settled()
        assert await rows(house) == kept + 1
