"""Who works at the desk: what is stored of them, what opens for them, and what stops opening."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from anban.base.db import Connection, Database
from anban.base.errors import BadInput, Conflict, NotFound
from anban.base.keys import MasterKeys
from anban.provider.demo_staff import DEMO_PASSWORD, DEMO_SECRET, demo_code, seed_demo
from anban.provider.desk_models import staff
from anban.provider.passwords import NOBODY, STEP, Hashed, code_at, hashed, matches, new_secret, step_of
from anban.provider.rota import on_duty
from anban.provider.services import open_service
from anban.provider.staff import (
    Staff,
    add_staff,
    credentials,
    find_staff,
    renew_secret,
    rest,
    set_password,
    set_state,
    staff_of,
    use_code,
)

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEYS = MasterKeys({1: b"k" * 32})
PASSWORD = hashed("a long enough password")
PHONE = ("phone", "13800001234")


def service(connection: Connection, name: str = "companion") -> str:
    return open_service(connection, name=name, packs=("cn-2026-final",), place="cn").id


def added(connection: Connection, login: str = "lin", **facts: object) -> tuple[Staff, str]:
    given = {
        "name": "林晓",
        "role": "responder",
        "tier": 1,
        "password": PASSWORD,
        "routes": (PHONE,),
        "at": AT,
        **facts,
    }
    return add_staff(connection, KEYS, service=service(connection), login=login, **given)  # type: ignore[arg-type]


async def test_somebody_who_was_added_is_found_again_with_how_to_page_them(db: Database) -> None:
    new, _ = await db.write(added)
    assert new.routes == (PHONE,) and new.tier == 1 and new.state == "active"
    assert await db.read(lambda c: find_staff(c, KEYS, new.id)) == new
    assert await db.read(lambda c: staff_of(c, KEYS, new.service)) == (new,)


async def test_neither_number_nor_secret_nor_password_lies_open_in_the_table(db: Database) -> None:
    _, secret = await db.write(added)
    row = await db.read(lambda c: c.execute(select(staff)).one())
    stored = row.sealed + row.password.encode()
    assert b"13800001234" not in stored and secret.encode() not in stored and b"a long enough" not in stored
    assert row.password.startswith("$argon2id$")


async def test_a_new_master_key_still_opens_what_the_old_one_sealed(db: Database) -> None:
    new, secret = await db.write(added)
    newer = MasterKeys({1: b"k" * 32, 2: b"n" * 32})
    found = await db.read(lambda c: credentials(c, newer, new.service, "lin"))
    assert found is not None and found.secret == secret


async def test_a_log_in_is_taken_once_in_a_service_and_free_in_another(db: Database) -> None:
    await db.write(added)
    with pytest.raises(Conflict):
        await db.write(added)

    def elsewhere(connection: Connection) -> Staff:
        other = service(connection, "other")
        return add_staff(
            connection, KEYS, service=other, login="lin", name="林", role="lead", tier=3, password=PASSWORD, at=AT
        )[0]

    there = await db.write(elsewhere)
    assert await db.read(lambda c: staff_of(c, KEYS, there.service)) == (there,)


@pytest.mark.parametrize("wrong", [{"role": "boss"}, {"tier": 0}, {"tier": 4}, {"name": " "}, {"login": " "}])
async def test_what_cannot_be_is_refused(sqlite_db: Database, wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        await sqlite_db.write(lambda c: added(c, **{"login": "lin", **wrong}))  # type: ignore[arg-type]


def test_a_password_matches_itself_and_nothing_else() -> None:
    stored = hashed("一个够长的密码")
    assert matches(stored, "一个够长的密码")
    assert not matches(stored, "一个够长的密码 ") and not matches(stored, "")
    assert not matches(Hashed("not a hash"), "x")


def test_a_log_in_that_nobody_has_costs_as_much_to_refuse_as_one_that_somebody_has() -> None:
    cost = re.compile(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$")
    mine, nobodys = cost.match(hashed("x").text), cost.match(NOBODY.text)
    assert mine and nobodys and mine[0] == nobodys[0]
    assert not matches(None, DEMO_PASSWORD), "not even with the words behind the stand-in"


def test_a_code_stands_for_its_half_minute_and_one_before_and_after() -> None:
    secret = new_secret()
    now = int(AT.timestamp()) // STEP
    for late, found in ((-2, None), (-1, now - 1), (0, now), (1, now + 1), (2, None)):
        assert step_of(secret, code_at(secret, AT + timedelta(seconds=STEP * late)), AT) == found
    code = code_at(secret, AT)
    assert step_of(secret, f"{code[:3]} {code[3:]}", AT) == now, "as authenticator apps show it"
    assert step_of(secret, "", AT) is None and step_of(secret, "１２３４５６", AT) is None
    assert step_of(new_secret(), code, AT) is None


async def test_a_code_opens_once_and_an_older_one_does_not_open_afterwards(db: Database) -> None:
    new, _ = await db.write(added)
    assert await db.write(lambda c: use_code(c, new.id, 100))
    assert not await db.write(lambda c: use_code(c, new.id, 100))
    assert not await db.write(lambda c: use_code(c, new.id, 99))
    assert await db.write(lambda c: use_code(c, new.id, 101))


async def test_somebody_switched_off_has_nothing_to_log_in_with(db: Database) -> None:
    new, _ = await db.write(added)
    await db.write(lambda c: set_state(c, new.id, "off"))
    assert await db.read(lambda c: credentials(c, KEYS, new.service, "lin")) is None
    assert not await db.write(lambda c: use_code(c, new.id, 100))
    await db.write(lambda c: set_state(c, new.id, "active"))
    assert await db.read(lambda c: credentials(c, KEYS, new.service, "lin")) is not None


async def test_a_new_password_and_a_new_secret_replace_the_old_ones_and_keep_the_routes(db: Database) -> None:
    new, secret = await db.write(added)
    await db.write(lambda c: set_password(c, new.id, Hashed("other")))
    renewed = await db.write(lambda c: renew_secret(c, KEYS, new.id))
    found = await db.read(lambda c: credentials(c, KEYS, new.service, "lin"))
    assert found is not None and found.password == Hashed("other")
    assert found.secret == renewed != secret and found.staff.routes == (PHONE,)


async def test_a_rest_is_remembered_and_can_be_ended(db: Database) -> None:
    new, _ = await db.write(added)
    until = AT + timedelta(minutes=15)
    await db.write(lambda c: rest(c, new.id, until))
    found = await db.read(lambda c: find_staff(c, KEYS, new.id))
    assert found is not None and found.resting_until == until
    await db.write(lambda c: rest(c, new.id, None))
    assert await db.read(lambda c: find_staff(c, KEYS, new.id)) == new


async def test_nobody_changes_a_stranger(sqlite_db: Database) -> None:
    for change in (lambda c: rest(c, "stf_no", AT), lambda c: set_state(c, "stf_no", "off")):
        with pytest.raises(NotFound):
            await sqlite_db.write(change)


async def test_a_demonstration_has_three_people_on_duty_and_makes_them_once(db: Database) -> None:
    identifier = await db.write(service)
    for _ in range(2):
        await db.write(lambda c: seed_demo(c, KEYS, identifier, AT))
    people = await db.read(lambda c: staff_of(c, KEYS, identifier))
    assert [(each.login, each.role, each.tier) for each in people] == [
        ("lin", "responder", 1),
        ("chen", "responder", 2),
        ("wang", "lead", 3),
    ]
    for hours in range(0, 24 * 8, 5):
        here = await db.read(lambda c, h=hours: on_duty(c, identifier, AT + timedelta(hours=h)))
        assert [each.tier for each in here] == [1, 2, 3]
    mine = await db.read(lambda c: credentials(c, KEYS, identifier, "chen"))
    assert mine is not None and matches(mine.password, DEMO_PASSWORD)


async def test_the_code_that_a_demonstration_shows_is_one_that_was_not_used(sqlite_db: Database) -> None:
    identifier = await sqlite_db.write(service)
    await sqlite_db.write(lambda c: seed_demo(c, KEYS, identifier, AT))
    lin = (await sqlite_db.read(lambda c: staff_of(c, KEYS, identifier)))[0]
    for _ in range(2):
        code = await sqlite_db.read(lambda c: demo_code(c, identifier, AT))
        step = step_of(DEMO_SECRET, code, AT)
        assert step is not None and await sqlite_db.write(lambda c, s=step: use_code(c, lin.id, s))
