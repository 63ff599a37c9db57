"""Which help lines answered: the latest word of each person counts, and only for a while."""

from datetime import UTC, datetime, timedelta

from anban.base.db import Connection, Database
from anban.base.keys import parse_master_keys
from anban.people.users import meet
from anban.provider.line_reports import LineCount, counts, failed_for, report
from anban.provider.services import open_service

AT = datetime(2026, 11, 26, 23, tzinfo=UTC)
NIGHT = timedelta(hours=12)
KEYS = parse_master_keys("7c" * 32)


def people(connection: Connection) -> tuple[str, str, str]:
    service = open_service(connection, name="companion", packs=("cn-2026-final",), place="cn")
    one, other = (meet(connection, KEYS, service.id, ref, AT).id for ref in ("lin", "chen"))
    return service.id, one, other


async def test_a_line_that_did_not_answer_is_remembered_for_that_person_and_for_a_while(db: Database) -> None:
    def work(connection: Connection) -> None:
        service, lin, chen = people(connection)
        report(connection, service=service, user=lin, line="cn-12356", reached=False, at=AT)
        assert failed_for(connection, lin, AT + timedelta(hours=1), NIGHT) == {"cn-12356"}
        assert failed_for(connection, chen, AT + timedelta(hours=1), NIGHT) == frozenset()
        assert failed_for(connection, lin, AT + NIGHT, NIGHT) == frozenset()

    await db.write(work)


async def test_getting_through_later_takes_the_word_back(db: Database) -> None:
    def work(connection: Connection) -> None:
        service, lin, _ = people(connection)
        report(connection, service=service, user=lin, line="cn-12356", reached=False, at=AT)
        report(connection, service=service, user=lin, line="cn-12356", reached=True, at=AT + timedelta(minutes=5))
        assert failed_for(connection, lin, AT + timedelta(minutes=6), NIGHT) == frozenset()
        assert counts(connection, service, AT)["cn-12356"] == LineCount(reached=1, not_reached=0)

    await db.write(work)


async def test_the_lead_sees_people_not_presses(db: Database) -> None:
    def work(connection: Connection) -> None:
        service, lin, chen = people(connection)
        for minute in range(5):
            report(
                connection, service=service, user=lin, line="cn-12355", reached=False, at=AT + timedelta(minutes=minute)
            )
        report(connection, service=service, user=chen, line="cn-12355", reached=False, at=AT)
        report(connection, service=service, user=None, line="cn-12355", reached=True, at=AT)
        assert counts(connection, service, AT - NIGHT) == {"cn-12355": LineCount(1, 2)}
        assert counts(connection, service, AT + NIGHT) == {}

    await db.write(work)
