"""May this person be written to unasked? For an app that sends messages of its own accord."""

from datetime import datetime
from typing import Any

from litestar import Request, get

from anban.base.db import Connection
from anban.law.rulebook import Rulebook
from anban.people.approach import in_quiet, kept_from
from anban.people.models import User
from anban.people.standing import standing_at
from anban.web.family import Data, look_up
from anban.web.manage import TheOffice, UserRef


@get("/anban/v1/people/{user:str}/approach", summary="May this person be written to unasked?", tags=["people"])
async def get_approach(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> Data:
    """Ask before each proactive message: no minor gets one, nor does anybody for a day after they left.

    `reason` is minor, left or null; `until` says when the quiet after leaving is over. Ask again before each message.
    """

    def read(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
        why, until = kept_from(person, standing_at(connection, person, now, rules), now), in_quiet(person, now)
        return {"may": why is None, "reason": why, "until": until.isoformat() if until is not None else None}

    return await look_up(request, office, user, read)


APPROACH_DOORS = (get_approach,)
