"""The guardian's page: now, alerts, time, limits, consents, whom to call. No word of any talk, by construction."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from litestar import Request, Response, get

from anban.base.db import Connection
from anban.base.errors import NotFound
from anban.cases.guardian_seen import Ward, seen_by, ward_of
from anban.people.overview import Overview
from anban.people.users import find_by_id
from anban.provider.models import Service
from anban.provider.services import find as find_service
from anban.rails.limits import zone_of
from anban.rails.runtime import Runtime
from anban.web.desk.door import language
from anban.web.guardian.door import PATH, PRIVATE, Console, Guardian, TheConsole, guardian_in, page
from anban.web.guardian.plots import as_csv
from anban.web.guardian.shown import view_of

CSV = {**PRIVATE, "content-disposition": 'attachment; filename="anban-use.csv"'}


@dataclass(frozen=True, slots=True)
class Looked:
    """A child, what this guardian may see of them (None once they are of age), and the child's own clock."""

    service: Service
    ward: Ward
    zone: tzinfo
    seen: Overview | None


@get(PATH, include_in_schema=False)
async def guardian_page(request: Request[Any, Any, Any], console: TheConsole) -> Response[str]:
    """Everything on one page."""
    return await show(request, console, await guardian_in(request, console))


@get("/guardian/use.csv", include_in_schema=False)
async def guardian_table(request: Request[Any, Any, Any], console: TheConsole) -> Response[str]:
    """The pictures' numbers as a file."""
    who = await guardian_in(request, console)
    looked = await console.rt.db.read(
        lambda connection: look(connection, console.rt, who.inside.user, who.inside.guardian)
    )
    return table_of(looked)


async def show(
    request: Request[Any, Any, Any], console: Console, who: Guardian, *, fault: str = "", status: int = 200
) -> Response[str]:
    """The page; `fault` names what could not be done."""
    rt = console.rt
    looked = await rt.db.read(lambda connection: look(connection, rt, who.inside.user, who.inside.guardian))
    if looked.seen is None:
        return page(request, console, "guardian/grown.html", here=PATH, csrf=who.csrf, logout=True)
    view = view_of(looked.seen, looked.service, looked.zone, rt, language(request))
    done = request.query_params.get("done", "")
    return page(
        request, console, "guardian/console.html",
        status=status, here=PATH, csrf=who.csrf, seen=view, acts=True, table="/guardian/use.csv",
        done=rt.words.page(language(request)).get(f"guardian.done.{done}", "") if not fault else "",
        fault=rt.words.page(language(request))[f"guardian.fault.{fault}"] if fault else "",
        help_lines=lines_of(rt, language(request)), lang_path=PATH,
    )  # fmt: skip


def look(connection: Connection, rt: Runtime, user: str, guardian: str) -> Looked:
    """What this guardian may see now; for the console and for the mirror alike. Raises `NotFound`."""
    now = rt.clock.now()
    person = find_by_id(connection, rt.keys, user)
    if person is None:
        raise NotFound("nothing to see here")
    service = find_service(connection, person.service)
    plain = rt.rules(service, frozenset(), now)
    ward = ward_of(connection, person, plain, rt.rules, service, now)
    zone = zone_of(person, ward.rules)
    return Looked(
        service, ward, zone, None if ward.is_grown else seen_by(connection, rt.keys, ward, guardian, zone, now)
    )


def table_of(looked: Looked) -> Response[str]:
    """The numbers of the pictures as a file, for the guardian and for the child. Raises `NotFound` once of age."""
    if looked.seen is None:
        raise NotFound("nothing to see here")
    names = {each.ref: each.name for each in looked.seen.characters}
    return Response(as_csv(looked.seen.days, names), media_type="text/csv; charset=utf-8", headers=CSV)


def lines_of(rt: Runtime, lang: str) -> list[dict[str, str]]:
    """The lines that work with everything else broken, as a page shows them."""
    return [
        {
            "name": line.name_zh if lang == "zh" else line.name_en,
            "number": line.number,
            "hours": line.hours_zh if lang == "zh" else line.hours_en,
        }
        for line in rt.words.helplines.from_memory()
    ]
