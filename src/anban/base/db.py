"""One way to the database, whichever it is: functions of a connection, run for you.

A room writes plain functions that take a SQLAlchemy `Connection`. `read` and `write` run them: on SQLite in threads of
our own, on PostgreSQL through asyncpg. `write` returns when the change is durable. `later` joins the next group
commit without waiting, for what an ordinary turn leaves behind.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Executable, Insert, MetaData

T = TypeVar("T")
Work = Callable[[Connection], T]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the house; each declares `info={"retention": <data class>}`."""

MAX_WAITING = 20_000
"""Rows that may wait for a group commit before ordinary turns are refused (reliability rule R8)."""


class Database(Protocol):
    """What SQLite and PostgreSQL have in common here."""

    @property
    def exclusive(self) -> bool:
        """True when this process is the only writer, so that facts held in memory cannot grow stale."""
        ...

    @property
    def healthy(self) -> bool:
        """False after a failed commit until one succeeds, and when too much waits to be written."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work` and return its result. Raises `StorageFailed`."""
        ...

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        """Run `work` in a transaction; returns once it is durable.

        `urgent` is for the path that protects a person: it never queues behind ordinary work. Errors that `work`
        itself raises (such as `IntegrityError`) come through and undo only that work; a database that fails raises
        `StorageFailed`, and then whether the change was made is unknown.
        """
        ...

    def later(self, statement: Executable, row: Mapping[str, Any]) -> None:
        """Write `row` with `statement` in the next group commit. Statements are compared by identity."""
        ...

    async def settled(self) -> None:
        """Wait until everything handed to `later` so far is durable. Raises `StorageFailed`."""
        ...

    async def check(self) -> bool:
        """Try the database once; True when it answers."""
        ...

    async def close(self) -> None:
        """Write what waits, then let go."""
        ...


class Waiting:
    """Rows waiting for a group commit, in order, grouped by statement for `executemany`."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[Executable, list[Mapping[str, Any]]]] = {}
        self.count = 0

    def add(self, statement: Executable, row: Mapping[str, Any]) -> None:
        """Append one row."""
        group = self._rows.get(id(statement))
        if group is None:
            self._rows[id(statement)] = (statement, [row])
        else:
            group[1].append(row)
        self.count += 1

    def run(self, connection: Connection) -> None:
        """Execute every group, new rows before changes to rows; the caller commits."""
        for statement, rows in sorted(self._rows.values(), key=lambda group: not isinstance(group[0], Insert)):
            connection.execute(statement, rows)

    def absorb(self, newer: "Waiting") -> None:
        """Put `newer` rows behind these, after a commit that failed."""
        for statement, rows in newer._rows.values():
            for row in rows:
                self.add(statement, row)


def open_database(url: str) -> Database:
    """The database for `url`: `sqlite:///path` or `postgresql://…`. Raises `Misconfigured` for anything else."""
    from anban.base.errors import Misconfigured

    if url.startswith("sqlite:///"):
        from anban.base.db_sqlite import SqliteDatabase

        return SqliteDatabase(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        from anban.base.db_postgres import PostgresDatabase

        return PostgresDatabase(url)
    raise Misconfigured("the database must be sqlite:///path or postgresql://…", field="ANBAN_DATABASE_URL")
