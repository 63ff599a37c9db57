"""Who is looked at first: life, then minors and elders, then who has waited; no flood drowns a person."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from anban.base.db import Database
from anban.cases.case import CaseEvent, append, begin
from anban.cases.queue import RESERVE, Waiting, band, is_protected, queue, reserve
from anban.people.users import meet
from anban.provider.services import open_service
from tests.people.scene import KEYS

NIGHT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def line(case: int, level: int = 3, protected: bool = False) -> Waiting:
    return Waiting(f"case_{case}", "crisis", level, "open", protected, NIGHT, NIGHT, None)


def test_life_comes_before_age_and_age_before_how_long_somebody_is_known() -> None:
    order = [
        band(level, protected=protected, newcomer=newcomer)
        for level in (4, 3, 2, 1, 0)
        for protected in (True, False)
        for newcomer in (False, True)
    ]
    assert order == sorted(order) and len(set(order)) == len(order)
    assert is_protected(band(2, protected=True, newcomer=True))
    assert not is_protected(band(4, protected=False, newcomer=False))


def test_every_third_place_is_kept_for_a_minor_or_an_elder() -> None:
    flood = [line(number, level=4) for number in range(1000)]
    children = [line(number, level=2, protected=True) for number in range(2000, 2005)]
    placed = reserve(flood, children)
    assert [each.case for each in placed[:9]] == [
        "case_0", "case_1", "case_2000", "case_2", "case_3", "case_2001", "case_4", "case_5", "case_2002",
    ]  # fmt: skip


@given(st.lists(st.booleans(), max_size=60))
def test_nobody_is_lost_or_placed_twice(ages: list[bool]) -> None:
    everybody = [line(number, protected=protected) for number, protected in enumerate(ages)]
    placed = reserve(everybody, [each for each in everybody if each.protected])
    assert sorted(each.case for each in placed) == sorted(each.case for each in everybody)
    waiting = sum(ages)
    for place in range(RESERVE - 1, min(len(placed), waiting * RESERVE), RESERVE):
        if any(each.protected for each in placed[place + 1 :]):
            assert placed[place].protected, "a kept place goes to one of them while any waits"


async def test_a_flood_of_new_accounts_stands_behind_whoever_is_known(db: Database) -> None:
    def work(connection: Connection) -> list[str]:
        service = open_service(connection, name="companion", packs=("cn-2026-final",), place="cn").id
        for number in range(300):
            user = meet(connection, KEYS, service, f"fake-{number}", NIGHT).id
            begin(
                connection, service=service, user=user, kind="crisis", level=4, at=NIGHT,
                band=band(4, protected=False, newcomer=True), facts={"theme": "self"},
            )  # fmt: skip
        known = meet(connection, KEYS, service, "known", NIGHT - timedelta(days=30)).id
        case, _ = begin(
            connection, service=service, user=known, kind="crisis", level=4, at=NIGHT + timedelta(minutes=5),
            band=band(4, protected=False, newcomer=False), facts={"theme": "self"},
        )  # fmt: skip
        first = queue(connection, service)
        assert first[0].case == case.id and len(first) == 200
        append(
            connection,
            case,
            CaseEvent("closed|1", "closed", NIGHT + timedelta(minutes=9), "stf_lin", {"outcome": "safe"}),
        )
        return [each.case for each in queue(connection, service, most=1000)]

    left = await db.write(work)
    assert len(left) == 300, "a closed case leaves the queue"
