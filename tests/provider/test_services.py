"""Which service a key opens: one service however many processes start at once, and no longer once the key is closed."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from anban.base.db import Connection, Database
from anban.provider.models import Service, services
from anban.provider.services import add_key, has_keys, key_digest, open_service, revoke_key, service_of
from tests import stores

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PACKS = ("cn-2026-final",)


def start(connection: Connection) -> tuple[Service, str | None]:
    """What a process does at its start: find or make the service, and its first key when there is none."""
    service = open_service(connection, name="companion", packs=PACKS, place="cn")
    return service, None if has_keys(connection) else add_key(connection, service.id, AT)


@pytest.mark.parametrize("attempt", range(3))
async def test_processes_that_start_at_once_share_one_service_and_one_first_key(
    postgres_url: str, attempt: int
) -> None:
    async with stores.opened(postgres_url) as one, stores.opened(postgres_url) as other:
        started = await asyncio.gather(*(db.write(start) for db in (one, other) for _ in range(4)))
        assert len({service.id for service, _ in started}) == 1
        assert len([key for _, key in started if key is not None]) == 1
        assert await one.read(lambda c: c.execute(select(func.count()).select_from(services)).scalar()) == 1


async def test_a_closed_key_opens_nothing_and_the_others_still_do(db: Database) -> None:
    service, key = await db.write(start)
    assert key is not None
    second = await db.write(lambda c: add_key(c, service.id, AT))
    assert await db.read(lambda c: service_of(c, key_digest(key))) == service
    await db.write(lambda c: revoke_key(c, key, AT))
    assert await db.read(lambda c: service_of(c, key_digest(key))) is None
    assert await db.read(lambda c: service_of(c, key_digest(second))) == service
