"""The directory of help lines: when each was checked, who reached it, and "did not get through"."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.errors import NotFound
from anban.people.users import find
from anban.provider.line_reports import LineCount, counts, report
from anban.provider.models import Service
from anban.rails.runtime import Runtime
from anban.web.gateway.chat import TheGateway
from anban.web.manage import TheOffice, allowed
from anban.web.shapes import Name
from anban.web.visitors import caller
from anban.words.helplines import HelplineEntry

LineId = Annotated[str, Parameter(min_length=1, max_length=80, pattern=r"^[a-z0-9-]+$")]
Checked = Literal["fresh", "stale", "hidden", "unchecked"]
COUNTED = timedelta(days=30)


class LineFeedback(msgspec.Struct, forbid_unknown_fields=True):
    """Whether somebody got through; `user` as the app knows them, if anybody."""

    reached: bool
    user: Name | None = None


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line as a lead sees it."""

    entry: HelplineEntry
    checked: Checked
    count: LineCount


@post("/anban/v1/helplines/{line:str}/feedback", status_code=200, summary="Did a help line answer?", tags=["help"])
async def line_feedback(
    request: Request[Any, Any, Any], gateway: TheGateway, line: LineId, data: LineFeedback
) -> dict[str, bool]:
    """A line that somebody did not reach is named last to them for some hours, and counted for the lead."""
    rt = gateway.rt
    service = await (caller(request, gateway, data.user) if data.user else gateway.doorman.service(request))
    if line not in {entry.id for entry in rt.words.helplines.entries}:
        raise NotFound("no such help line", field="line")
    now = rt.clock.now()

    def work(connection: Connection) -> None:
        person = find(connection, rt.keys, service.id, data.user) if data.user else None
        known = None if person is None else person.id
        report(connection, service=service.id, user=known, line=line, reached=data.reached, at=now)

    await rt.db.write(work)
    if data.user:
        rt.presence.forget(service.id, data.user)
    return {"reached": data.reached}


@get("/anban/v1/helplines", summary="The directory of help lines", tags=["help"])
async def list_lines(request: Request[Any, Any, Any], office: TheOffice) -> list[dict[str, Any]]:
    """Every line, also those that are not shown: when it was checked, whether that is too long ago, who reached it."""
    service = await allowed(request, office)
    return [
        {
            "id": row.entry.id,
            "number": row.entry.number,
            "name": {"zh": row.entry.name.zh, "en": row.entry.name.en},
            "place": row.entry.place,
            "hours": {"zh": row.entry.hours.zh, "en": row.entry.hours.en},
            "source": row.entry.source,
            "verified_on": row.entry.verified_on,
            "next_check": row.entry.next_check,
            "checked": row.checked,
            "reached": row.count.reached,
            "not_reached": row.count.not_reached,
        }
        for row in await line_rows(office.gateway.rt, service)
    ]


async def line_rows(rt: Runtime, service: Service) -> list[LineRow]:
    """The directory with dates and counts, the lines that need a look first."""
    now = rt.clock.now()
    found = await rt.db.read(lambda connection: counts(connection, service.id, now - COUNTED))
    rules = rt.rules(service, frozenset[str](), now)
    stale, hidden = rules.whole("helpline-stale-days"), rules.whole("helpline-hidden-days")
    rows = [
        LineRow(entry, _checked(entry, now.date(), stale, hidden), found.get(entry.id, LineCount()))
        for entry in rt.words.helplines.entries
    ]
    return sorted(rows, key=lambda row: (row.checked == "fresh", -row.count.not_reached))


def _checked(entry: HelplineEntry, today: date, stale: int, hidden: int) -> Checked:
    if entry.verified_on is None:
        return "unchecked"
    age = (today - entry.verified_on).days
    return "fresh" if age <= stale else "stale" if age <= hidden or entry.never_hidden else "hidden"
