"""About whom nothing is deleted by time: whoever has a case that is still open."""

from sqlalchemy import Select, select

from anban.cases.models import cases


def people_held() -> Select[tuple[str]]:
    """The ids of everybody with an open case, as a question to the database."""
    return select(cases.c.user).where(cases.c.closed_at.is_(None))
