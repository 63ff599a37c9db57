"""Whose fault a failed statement is: the work's, the statement's, or the database's."""

from enum import StrEnum

from sqlalchemy.exc import DBAPIError, PendingRollbackError, ResourceClosedError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree


class Fault(StrEnum):
    """Decides who hears of it and whether trying again can help."""

    WORK = "work"  # a constraint or a value; trying again never helps
    STATEMENT = "statement"  # the database does not understand: a table is missing, a right, a word
    STORAGE = "storage"  # disk, connection, server; the next attempt may succeed


_SQLITE_WORK = {18, 19, 20, 25}
"""SQLITE_TOOBIG, CONSTRAINT, MISMATCH, RANGE."""

_SQLITE_STATEMENT = {1, 23}
"""SQLITE_ERROR, AUTH."""

_POSTGRES_WORK = {"22", "23"}
_POSTGRES_STATEMENT = {"0A", "42"}


def fault(error: SQLAlchemyError) -> Fault:
    """Sort `error` by what its driver says."""
    if not isinstance(error, DBAPIError):
        broken = (NoConnectionFree, PendingRollbackError, ResourceClosedError)
        return Fault.STORAGE if isinstance(error, broken) else Fault.WORK
    number = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(number, int):
        primary = number & 0xFF
        return _sorted(primary in _SQLITE_WORK, primary in _SQLITE_STATEMENT)
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str) and not error.connection_invalidated:
        return _sorted(state[:2] in _POSTGRES_WORK, state[:2] in _POSTGRES_STATEMENT)
    # SQLite's driver refuses a value it cannot bind without asking the library.
    return Fault.WORK if type(error.orig).__module__ == "sqlite3" else Fault.STORAGE


def _sorted(work: bool, statement: bool) -> Fault:
    if work:
        return Fault.WORK
    return Fault.STATEMENT if statement else Fault.STORAGE
