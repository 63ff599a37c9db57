"""For demonstrations and drills: nothing leaves the house, everything that would have is kept sealed."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select

from anban.base.db import Database
from anban.base.keys import DataKey, MasterKeys, Unreadable
from anban.base.times import aware
from anban.outreach.channel import Letter, Outcome
from anban.outreach.models import local_letters

PURPOSE = "outreach"


class Local:
    """Stands in for one channel of that name. A repeat is kept as a repeat: drills count them."""

    def __init__(self, name: str, routes: Iterable[str], db: Database, keys: MasterKeys) -> None:
        self.name, self.routes = name, frozenset(routes)
        self._db, self._keys = db, keys

    async def send(self, letter: Letter) -> Outcome:
        told = {
            "channel": self.name,
            "route": letter.route,
            "address": letter.address,
            "subject": letter.subject,
            "text": letter.text,
            "link": letter.link,
        }
        row = {
            "send": letter.send,
            "at": letter.at,
            "sealed": self._keys.derived(PURPOSE).seal(orjson.dumps(told), _place(letter.send)),
        }
        await self._db.write(lambda c: c.execute(insert(local_letters), row).rowcount, urgent=True)
        return Outcome("accepted", self.name)


def sent(connection: Connection, keys: MasterKeys) -> list[dict[str, Any]]:
    """What would have been sent, oldest first: id, at, channel, route, address, subject, text, link."""
    openers = [keys.derived(PURPOSE), *(keys.derived(PURPOSE, older) for older in keys.older)]
    rows = connection.execute(select(local_letters).order_by(local_letters.c.id))
    return [
        {
            "id": row.send,
            "at": aware(row.at).astimezone(UTC).isoformat(),
            **orjson.loads(_opened(openers, row.sealed, row.send)),
        }
        for row in rows
    ]


def _opened(openers: list[DataKey], sealed: bytes, send: str) -> bytes:
    for key in openers[:-1]:
        try:
            return key.open(sealed, _place(send))
        except Unreadable:
            continue
    return openers[-1].open(sealed, _place(send))


def _place(send: str) -> str:
    return f"local_letters|{send}"
