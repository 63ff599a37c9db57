"""Times as stored and as told to others: always UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

SATURDAY: Final = 5


def aware(moment: datetime) -> datetime:
    """SQLite gives naive times back; all of ours are UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def zulu(moment: datetime) -> str:
    """A time to the second, as files of ours tell it: `2026-11-23T12:00:00Z`."""
    return aware(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def working_days_after(at: datetime, days: int) -> datetime:
    """The moment `days` working days after `at`. Saturdays and Sundays do not count; holidays do, which errs early."""
    later = at
    while days > 0:
        later += timedelta(days=1)
        days -= later.weekday() < SATURDAY
    return later
