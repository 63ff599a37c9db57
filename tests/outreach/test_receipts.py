"""A link of receipt works once, for a while, on both databases; what does not work says nothing about why."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from anban.base.db import Connection, Database
from anban.outreach.models import receipts
from anban.outreach.receipts import Receipt, look, new_link, use
from tests.people.scene import a_person

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LASTS = timedelta(minutes=15)


async def a_link(db: Database, at: datetime = AT) -> tuple[str, str]:
    """(token, user)."""

    def work(connection: Connection) -> tuple[str, str]:
        _, user = a_person(connection)
        return new_link(connection, case="case_1", user=user, contact="con_1", at=at, expires_at=at + LASTS), user

    return await db.write(work)


async def test_a_link_tells_what_it_confirms_and_then_confirms_it_once(db: Database) -> None:
    token, user = await a_link(db)
    whole = Receipt("case_1", user, "con_1", AT, AT + LASTS)
    later = AT + timedelta(minutes=1)
    assert await db.read(lambda c: look(c, token, later)) == whole
    assert await db.read(lambda c: look(c, token, later)) == whole
    assert await db.write(lambda c: use(c, token, later)) == whole
    assert await db.write(lambda c: use(c, token, later)) is None
    assert await db.read(lambda c: look(c, token, later)) is None


async def test_of_many_who_press_it_at_once_one_confirms(db: Database) -> None:
    token, _ = await a_link(db)
    used = await asyncio.gather(*(db.write(lambda c: use(c, token, AT)) for _ in range(8)))
    assert len([each for each in used if each is not None]) == 1


@pytest.mark.parametrize("late", [LASTS, LASTS + timedelta(microseconds=1), timedelta(days=400)])
async def test_an_expired_link_is_as_one_that_never_was(db: Database, late: timedelta) -> None:
    token, _ = await a_link(db)
    for key in (token, "never", "", "\ud800", "x" * 100_000):
        assert await db.read(lambda c, key=key: look(c, key, AT + late)) is None
        assert await db.write(lambda c, key=key: use(c, key, AT + late)) is None


async def test_a_link_works_until_the_last_moment(db: Database) -> None:
    token, _ = await a_link(db)
    assert await db.write(lambda c: use(c, token, AT + LASTS - timedelta(microseconds=1))) is not None


async def test_only_a_digest_is_kept(db: Database) -> None:
    token, _ = await a_link(db)
    (row,) = await db.read(lambda c: c.execute(select(receipts)).all())
    assert row.digest == hashlib.sha256(token.encode()).hexdigest()
    assert token not in repr(row)


async def test_no_two_links_are_alike_and_none_can_be_guessed(db: Database) -> None:
    token, user = await a_link(db)

    def more(connection: Connection) -> list[str]:
        facts = {"case": "case_1", "user": user, "contact": "con_1", "at": AT, "expires_at": AT + LASTS}
        return [new_link(connection, **facts) for _ in range(50)]

    tokens = {token, *await db.write(more)}
    assert len(tokens) == 51
    # 22 letters of base64 are 132 bits.
    assert all(len(each) >= 22 for each in tokens)
