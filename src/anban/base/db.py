"""One way to the database, whichever it is: functions of a connection, run for you.

A room writes plain functions that take a SQLAlchemy `Connection`. `read` and `write` run them: on SQLite in threads of
our own, on PostgreSQL through asyncpg. `write` returns when the change is durable. `later` joins the next group
commit without waiting, for what an ordinary turn leaves behind.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeVar, get_args

import structlog
from sqlalchemy import Connection, Executable, Insert, MetaData
from sqlalchemy.exc import SQLAlchemyError

from anban.base.db_faults import Fault, fault
from anban.base.errors import Misconfigured, StorageFailed

T = TypeVar("T")
Work = Callable[[Connection], T]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the house; each declares `info=kept(…)`."""

Erase = Literal["words", "facts", "kept", "with-parent", "none"]
"""What becomes of a table's rows when a person has everything erased.

`words`: what was said and what derives from it; goes. `facts`: what is known about the person; goes. `kept`: evidence,
consents, case records; stays for its legal period. `with-parent`: as the row that it refers to. `none`: about nobody.
"""

Protects = Literal["", "minor", "count"]
"""What stays in minors' mode although it would go: `minor` all of it, `count` the day or month that still runs."""


def kept(*, retention: str, about: str | None, erase: Erase, protects: Protects = "") -> dict[str, str | None]:
    """A table's `info`: its data class (`privacy/`), the column that holds whose row it is, and what erasure does.

    `about` holds a `users.id`, in some rows at least; None where no column does.
    """
    if erase not in get_args(Erase) or protects not in get_args(Protects) or not retention:
        raise ValueError(f"a table says how it is kept: {retention!r}, {erase!r}, {protects!r}")
    if about is None and erase in ("words", "facts"):
        raise ValueError("what goes when a person has everything erased names whose row it is")
    return {"retention": retention, "about": about, "erase": erase, "protects": protects}


def sealed_as(*names: str) -> dict[str, tuple[str, ...]]:
    """A column's `info`: sealed under its user's key, for the place `table|<these columns of the row>|<key version>`.

    The row's own room seals and opens it; an erasure seals what stays anew, and knows the place from here.
    """
    return {"sealed": names}


MAX_WAITING = 20_000
"""Rows that may wait for a group commit before ordinary turns are refused (reliability rule R8)."""

CROWDED = MAX_WAITING // 2
"""Rows that may wait before what can be spared is left out: the log of requests never closes the chat."""

MOST_WAITING = 5 * MAX_WAITING
"""Rows that may wait at all: what turns already begun may still leave behind."""

_log: Any = structlog.get_logger("anban.database")


class Database(Protocol):
    """What SQLite and PostgreSQL have in common here."""

    @property
    def exclusive(self) -> bool:
        """True when this process is the only writer, so that facts held in memory cannot grow stale."""
        ...

    @property
    def healthy(self) -> bool:
        """False after a failed commit until one succeeds, and when too much waits to be written. Mends by itself."""
        ...

    @property
    def crowded(self) -> bool:
        """True when so much waits to be written that what can be spared is to be left out."""
        ...

    @property
    def refused(self) -> int:
        """Rows given to `later` that a constraint refused: each is a fault in the code that made it."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work`, which sees one moment and may not write, and return its result. Raises `StorageFailed`."""
        ...

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        """Run `work` in a transaction; returns once it is durable.

        `urgent` is for the path that protects a person: it never queues behind ordinary work, nor fails because of
        it. Errors that `work` itself raises (such as `IntegrityError`) come through and undo only that work; a
        database that fails raises `StorageFailed`, and then whether the change was made is unknown. `work` may be run
        again, so it does nothing but use its connection.
        """
        ...

    def later(self, statement: Executable, row: Mapping[str, Any]) -> None:
        """Write `row` with `statement` in the next group commit. Statements are compared by identity.

        Rows that a constraint refuses are dropped, logged and counted in `refused`. Raises `StorageFailed` when
        `MOST_WAITING` rows wait already, or after `close`.
        """
        ...

    async def settled(self) -> None:
        """Wait until everything handed to `later` so far is durable. Raises `StorageFailed`."""
        ...

    async def check(self) -> bool:
        """Try the database once; True when it answers and takes changes."""
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
        for statement, rows in self._groups():
            connection.execute(statement, rows)

    def run_each(self, connection: Connection) -> int:
        """Execute row by row after `run` failed, leaving out what a constraint refuses; how many were left out."""
        refused = 0
        for statement, rows in self._groups():
            for row in rows:
                try:
                    with connection.begin_nested():
                        connection.execute(statement, row)
                except SQLAlchemyError as error:
                    if fault(error) is not Fault.WORK:
                        raise
                    refused += 1
                    # Kinds only: the error's own text shows the row.
                    _log.error("row.refused", error=type(error).__name__, table=_table(statement))
        return refused

    def _groups(self) -> list[tuple[Executable, list[Mapping[str, Any]]]]:
        """Parents before children, and new rows before changes, whichever came first: references must hold."""
        return sorted(self._rows.values(), key=lambda group: _order(group[0]))

    def absorb(self, newer: "Waiting") -> None:
        """Put `newer` rows behind these, after a commit that failed."""
        for statement, rows in newer._rows.values():
            for row in rows:
                self.add(statement, row)


def _order(statement: Executable) -> int:
    if not isinstance(statement, Insert):
        return len(metadata.tables)
    return _depths().get(_table(statement), 0)


@lru_cache(maxsize=1)
def _depths() -> dict[str, int]:
    """Where each table stands among those that refer to each other; asked once every table is known."""
    return {table.name: depth for depth, table in enumerate(metadata.sorted_tables)}


def _table(statement: Executable) -> str:
    return str(getattr(getattr(statement, "table", None), "name", "unnamed"))


def room_for_more(waiting: Waiting, *, closing: bool) -> None:
    """Raise `StorageFailed` when another row may not wait."""
    if closing or waiting.count >= MOST_WAITING:
        raise StorageFailed("the database is closed" if closing else "too much waits to be written")


def open_database(url: str) -> Database:
    """The database for `url`: `sqlite:///path` or `postgresql://…`. Raises `Misconfigured` for anything else."""
    if url.startswith("sqlite:///"):
        from anban.base.db_sqlite import SqliteDatabase

        return SqliteDatabase(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        from anban.base.db_postgres import PostgresDatabase

        return PostgresDatabase(url)
    raise Misconfigured("the database must be sqlite:///path or postgresql://…", field="ANBAN_DATABASE_URL")
