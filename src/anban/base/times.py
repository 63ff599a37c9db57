"""Times as stored: always UTC."""

from datetime import UTC, datetime


def aware(moment: datetime) -> datetime:
    """SQLite gives naive times back; all of ours are UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
