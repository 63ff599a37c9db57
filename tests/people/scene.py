"""A person and an open case, straight in the database."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from anban.base.db import Database
from anban.base.keys import MasterKeys
from anban.cases.crisis import Danger, open_crisis
from anban.people.users import meet
from anban.provider.services import open_service
from anban.risk.models import Held

NIGHT = datetime(2026, 8, 1, 18, 30, tzinfo=UTC)
KEYS = MasterKeys({1: b"k" * 32})


def danger(service: str, user: str, *, level: int = 3, decision: str = "dec_1", at: datetime = NIGHT) -> Danger:
    """One message that shows this person in danger."""
    return Danger(
        service=service,
        user=user,
        conversation="digest",
        decision=decision,
        rulebook="test",
        at=at,
        level=level,
        theme="self",
        before=0,
        held=Held(life=level, since=at, seen_at=at),
        template="crisis.l3",
    )


def a_person(connection: Connection, ref: str = "lin") -> tuple[str, str]:
    """(service, user) of a person who has just been met."""
    service = open_service(connection, name="companion", packs=("cn-2026-final",), place="cn")
    return service.id, meet(connection, KEYS, service.id, ref, NIGHT).id


async def a_case(db: Database) -> tuple[str, str, datetime]:
    """(user, case, when) of an open crisis."""

    def work(connection: Connection) -> tuple[str, str]:
        service, user = a_person(connection)
        return user, open_crisis(connection, danger(service, user)).id

    user, case = await db.write(work)
    return user, case, NIGHT
