"""The first look of somebody who has not registered, where a service asks for that: how many turns are left today."""

import asyncio
from contextlib import suppress
from datetime import datetime, time

from anban.base.errors import StorageFailed
from anban.conversations.transcript import answered_since
from anban.law.rulebook import Rulebook
from anban.people.registration import preview_left
from anban.people.standing import Standing
from anban.rails.limits import zone_of
from anban.rails.message import Message
from anban.rails.presence import Present
from anban.rails.runtime import Runtime

WITHIN = 0.4
"""Seconds that a count may take: somebody in danger may be waiting behind it."""


async def look_around(
    message: Message, present: Present, standing: Standing, rules: Rulebook, rt: Runtime
) -> int | None:
    """Turns that are left today, the one at hand included; None where nothing is counted.

    Only answers of the companion count: comfort, help and a person's words never do. Who sends no name cannot be
    counted and so has none left: else leaving it out would be a way around registration.
    """
    if preview_left(standing, 0, rules) is None:
        return None
    user = present.user
    if user is None:
        return 0
    zone = zone_of(user, rules)
    today = message.at.astimezone(zone).date()
    midnight = datetime.combine(today, time(), zone)
    day, had = present.answered
    had = had if day == today.isoformat() else 0  # what was said a moment ago may not be on disk yet
    if rt.db.exclusive and day == today.isoformat():
        return preview_left(standing, had, rules)  # counted here alone
    with suppress(StorageFailed, TimeoutError):  # help must not fail for it, nor wait; plain talk fails further on
        read = rt.db.read(lambda connection: answered_since(connection, user.id, midnight))
        had = max(had, await asyncio.wait_for(read, WITHIN))
        present.answered = (today.isoformat(), had)
    return preview_left(standing, had, rules)
