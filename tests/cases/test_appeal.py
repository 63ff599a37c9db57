"""An appeal's clock: only a person's answer stops it; the leads are called in time, and again."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from anban.base.db import Database
from anban.base.errors import Conflict, Forbidden
from anban.cases.appeal import alarm_due, answer_appeal, clock_of, open_appeal, switch_figures
from anban.cases.case import CaseEvent
from anban.people.models import User
from tests.people.family import NOON, again, rules, someone


def event(kind: str, hours: float, actor: str = "anban") -> CaseEvent:
    return CaseEvent(f"{kind}|{hours}", kind, NOON + timedelta(hours=hours), actor)


def due(*events: CaseEvent) -> float | None:
    found = alarm_due(clock_of([event("opened", 0), *events]), rules())
    return None if found is None else (found - NOON) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("events", "hours"),
    [
        ((), 20),
        ((event("said", 1, "user"),), 20),
        ((event("noted", 2, "An"),), 20),
        ((event("closed", 3, "anban"),), 20),
        ((event("alarmed", 20),), 24),
        ((event("alarmed", 20), event("alarmed", 24)), 28),
        ((event("closed", 5, "An"),), None),
        ((event("alarmed", 20), event("closed", 30, "An")), None),
    ],
)
def test_when_the_leads_are_called(events: tuple[CaseEvent, ...], hours: float | None) -> None:
    assert due(*events) == hours


def suspected(connection: Connection, ref: str) -> User:
    return someone(connection, ref, mode="minor", mode_ground="suspected")


def answered(connection: Connection, user: User, granted: bool, at: datetime, by: str = "An") -> None:
    case = open_appeal(connection, user, "age", "", NOON, rules())
    answer_appeal(connection, case, again(connection, user), by, granted, "seen", at, rules())


async def test_a_machine_answers_nothing_and_nothing_is_answered_twice(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = suspected(connection, "lin")
        case = open_appeal(connection, user, "age", "", NOON, rules())
        for machine in ("anban", ""):
            with pytest.raises(Forbidden):
                answer_appeal(connection, case, user, machine, True, "seen", NOON, rules())
        done = answer_appeal(connection, case, user, "An", False, "seen", NOON, rules())
        with pytest.raises(Conflict):
            answer_appeal(connection, done, user, "An", True, "seen", NOON, rules())
        assert again(connection, user).mode == "minor"

    await db.write(work)


async def test_wrong_switches_are_counted_with_those_that_wait_too_long(db: Database) -> None:
    def work(connection: Connection) -> None:
        answered(connection, suspected(connection, "a"), True, NOON + timedelta(hours=2))
        answered(connection, suspected(connection, "b"), False, NOON + timedelta(hours=30))
        open_appeal(connection, suspected(connection, "c"), "age", "", NOON, rules())
        user = someone(connection, "d")
        open_appeal(connection, user, "limit", "", NOON, rules())
        now = NOON + timedelta(hours=40)
        found = switch_figures(connection, user.service, NOON - timedelta(days=1), now, 24)
        assert (found.switched, found.appealed, found.wrong, found.kept, found.open) == (3, 3, 1, 1, 1)
        assert found.late == 2, "one answered late, one still waiting"

    await db.write(work)
