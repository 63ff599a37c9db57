"""Weeks that somebody has lived with the companion, put straight into the table of use."""

from datetime import timedelta
from functools import partial

from anban.cases.usage_day import promise_usage_day
from anban.conversations.usage import USAGE_KEPT
from tests.house import House


async def lived(
    house: House, weeks: dict[int, float], *, late: int = 0, user: str = "xiaolin", persona: str = "companion"
) -> None:
    """Days before today, each with so many hours of use; the last `late` nights have an hour after eleven besides."""
    await house.say("你好", user=user)
    person = await house.person(user)
    now = house.clock.now()
    for back, hours in weeks.items():
        day = (now + timedelta(hours=8) - timedelta(days=back)).date()
        each = [0.0] * 24
        for hour in range(int(hours)):
            each[8 + hour] = 3600.0
        if back <= late:
            each[23] = 3600.0
        row = {"user": person.id, "day": day.isoformat(), "persona": persona, "seconds": sum(each), "hours": each,
               "last_at": now - timedelta(days=back)}  # fmt: skip
        house.rt.db.later(USAGE_KEPT, row)
    await house.rt.db.settled()
    house.rt.presence.forget(house.service.id, user)


async def the_night_passes(house: House) -> None:
    """The next look at the day before is taken."""
    rules = house.rt.rules(house.service, frozenset[str](), house.clock.now())
    await house.rt.db.write(partial(promise_usage_day, service=house.service.id, rules=rules, at=house.clock.now()))
    await house.work(minutes=10 * 60)
