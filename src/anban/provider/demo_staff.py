"""Three people at a demonstration's desk, whose password and codes everybody knows."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

from anban.base.keys import MasterKeys
from anban.provider.desk_models import staff
from anban.provider.passwords import STEP, Hashed, code_at
from anban.provider.rota import add_shift
from anban.provider.staff import Role, add_staff

DEMO_PASSWORD = "anban-demo"
DEMO_SECRET = "ANBANDEMOANBANDEMOANBANDEMOANBAN"

_HASHED = Hashed("$argon2id$v=19$m=65536,t=3,p=4$jh6H8FHgdrJsm00zUDtTGQ$e9FDKWW68ZveS0rBPQULRot6vQNUiWzWpTZnyMxfWAI")
"""The public password's hash, written down so that a demonstration starts without waiting for it."""

_PEOPLE: tuple[tuple[str, str, Role, int], ...] = (
    ("lin", "林晓", "responder", 1),
    ("chen", "陈屿", "responder", 2),
    ("wang", "王敏", "lead", 3),
)


def seed_demo(connection: Connection, keys: MasterKeys, service: str, at: datetime) -> None:
    """Lin (first line), Chen (second) and Wang (lead), always on duty; nothing when the desk has anybody already."""
    if connection.execute(select(staff.c.id).where(staff.c.service == service).limit(1)).first() is not None:
        return
    for login, name, role, tier in _PEOPLE:
        added, _ = add_staff(
            connection, keys, service=service, login=login, name=name, role=role, tier=tier,
            password=_HASHED, at=at, secret=DEMO_SECRET,
        )  # fmt: skip
        add_shift(
            connection, service=service, staff_id=added.id, weekdays=range(7), from_minute=0, until_minute=1440,
            time_zone="Asia/Shanghai", from_day=datetime(2020, 1, 1, tzinfo=UTC).date(),
        )  # fmt: skip


def demo_code(connection: Connection, service: str, at: datetime) -> str:
    """A code that opens a demonstration's desk at `at`; the coming one where the present one was used already."""
    used = connection.execute(select(func.max(staff.c.code_step)).where(staff.c.service == service)).scalar() or 0
    now = int(at.timestamp()) // STEP
    return code_at(DEMO_SECRET, at if used < now else at + timedelta(seconds=STEP))
