"""The child's mirror: exactly what each guardian sees, from the same function and the same template."""

from typing import Any

from litestar import Request, Response, get

from anban.base.db import Connection
from anban.base.errors import NotFound
from anban.law.performs import performs
from anban.people.claims import claimant_of, claims_on
from anban.people.users import find
from anban.rails.runtime import Runtime
from anban.web.desk.door import language
from anban.web.guardian.console import Looked, lines_of, look, table_of
from anban.web.guardian.door import TheConsole, page
from anban.web.guardian.shown import view_of
from anban.web.me.door import asking, remember

PATH = "/me/seen"


@get(PATH, include_in_schema=False)
@performs("guardian-controls")
async def mirror_page(request: Request[Any, Any, Any], console: TheConsole) -> Response[str]:
    """What a guardian sees of whoever asks. With several guardians one at a time, chosen by `?of=`."""
    who, rt, lang = await asking(request, console.gateway), console.rt, language(request)
    guardians, looked = await rt.db.read(
        lambda connection: _look(connection, rt, who.service.id, who.ref, request.query_params.get("of", ""))
    )
    if looked is None or looked.seen is None:
        why = "none" if looked is None else "grown"
        response = page(request, console, "guardian/mirror_none.html", here=PATH, why=why)
    else:
        response = page(
            request, console, "guardian/mirror.html",
            here=PATH, csrf="", seen=view_of(looked.seen, looked.service, looked.zone, rt, lang), acts=False,
            table=f"{PATH}/use.csv", guardians=guardians, help_lines=lines_of(rt, lang),
        )  # fmt: skip
    remember(response, request, who)
    return response


@get("/me/seen/use.csv", include_in_schema=False)
async def mirror_table(request: Request[Any, Any, Any], console: TheConsole) -> Response[str]:
    """The same file that a guardian may download."""
    who, rt = await asking(request, console.gateway), console.rt
    _, looked = await rt.db.read(lambda connection: _look(connection, rt, who.service.id, who.ref, ""))
    if looked is None:
        raise NotFound("nothing to see here")
    return table_of(looked)


def _look(
    connection: Connection, rt: Runtime, service: str, ref: str, wanted: str
) -> tuple[list[dict[str, Any]], Looked | None]:
    """The guardians of whoever asks, and what one of them sees."""
    user = find(connection, rt.keys, service, ref)
    bound = () if user is None else claims_on(connection, user.id, "bound")
    if user is None or not bound:
        return [], None
    chosen = next((each.id for each in bound if each.id == wanted), bound[0].id)
    guardians = [
        {"id": each.id, "name": claimant_of(rt.keys, user, each).name, "here": each.id == chosen} for each in bound
    ]
    return guardians, look(connection, rt, user.id, chosen)
