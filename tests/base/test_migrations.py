"""The chain of migrations makes exactly the tables that the code speaks of, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from anban.app import every_table
from anban.base.db import Database
from anban.base.migrate import migrate, newest, upgrade
from tests import stores


def of_the_house(name: str | None) -> bool:
    """Not a table that another test made for itself."""
    return not (name or "").startswith("test_")


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "compare_server_default": True,
            "include_object": lambda _thing, name, kind, _reflected, _other: kind != "table" or of_the_house(name),
        },
    )
    return list(compare_metadata(context, every_table()))


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["made at once", "by the chain"])
def way(request: pytest.FixtureRequest) -> str:
    return request.param


async def upgraded(database: Database, way: str = "made at once") -> None:
    changed = await (migrate(database) if way == "made at once" else database.write(upgrade))
    assert changed, "an empty database has everything to gain"


async def test_an_empty_database_gets_every_table(url: str, way: str) -> None:
    async with stores.opened(url, tables=False) as database:
        await upgraded(database, way)
        assert set(filter(of_the_house, await database.read(tables))) == {
            *filter(of_the_house, every_table().tables),
            "alembic_version",
        }


async def test_the_tables_are_those_that_the_code_speaks_of(url: str, way: str) -> None:
    async with stores.opened(url, tables=False) as database:
        await upgraded(database, way)
        assert await database.read(differences) == []


async def test_a_second_start_finds_nothing_to_do(url: str, way: str) -> None:
    async with stores.opened(url, tables=False) as database:
        await upgraded(database, way)
        assert not await migrate(database)


def test_the_chain_is_one_line_of_numbered_files() -> None:
    assert newest().isdigit()
