"""Saying that something is wrong, in two taps: the age, a limit, a closed character; and what became of it."""

from functools import partial
from typing import Any, cast, get_args

from litestar import Request, Response, get, post

from anban.base.db import Connection
from anban.base.errors import BadInput
from anban.cases.appeal import APPEAL, about_of, open_appeal
from anban.cases.appeal_effect import KEPT, About
from anban.cases.appeals_open import signs_of
from anban.cases.case import cases_of
from anban.rails.post import DESK
from anban.web.me.acts import acting, person_of
from anban.web.me.door import MOST_FORM
from anban.web.me.facts import Mine
from anban.web.me.page import show, whose
from anban.web.user import ThePages

PAGE = "/me/appeal"
MOST_WORDS = 2_000
SHOWN = 3
"""Earlier appeals that stand on the page."""


@get(PAGE, include_in_schema=False)
async def appeal_page(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """On what the mode rests, in categories; how far an appeal is; and the form."""
    who, mine = await whose(request, pages)
    found = await pages.gateway.rt.db.read(partial(_so_far, mine=mine))
    return show(request, pages, who, mine, "appeal", abouts=get_args(About), **found)


@post(PAGE, status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def appeal(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Open one, or add words to the one that is open. Nothing has to be explained."""
    who, mine, form = await acting(request, pages)
    rt = pages.gateway.rt
    about = form.get("about", "")
    if about not in get_args(About):
        raise BadInput("about: none of ours", field="about")
    text = form.get("text", "").replace("\r\n", "\n").strip()[:MOST_WORDS]

    def work(connection: Connection) -> str:
        person = person_of(connection, pages, who, mine)
        open_appeal(connection, person, cast("About", about), text, mine.now, mine.rules)
        return person.id

    user = await rt.db.write(work)
    rt.wake_work()
    rt.post.wake(DESK)
    rt.post.wake(user)
    return Response("", status_code=303, headers={"Location": f"{PAGE}?sent=1"})


def _so_far(connection: Connection, mine: Mine) -> dict[str, Any]:
    if mine.user is None:
        return {"signs": (), "waits": None, "earlier": ()}
    mine_only = [each for each in cases_of(connection, mine.user.id) if each.kind == APPEAL]
    signs = signs_of(connection, mine.user) if mine.standing.is_minor else ()
    lasts = mine.rules.lasting("age-appeal-hours")
    return {
        "signs": sorted({each.category for each in signs}),
        "waits": next(
            (
                {"about": about_of(each), "until": (each.opened_at + lasts).astimezone(mine.zone)}
                for each in mine_only
                if each.is_open
            ),
            None,
        ),
        "earlier": [
            {
                "about": about_of(each),
                "day": each.opened_at.astimezone(mine.zone).date(),
                "told": next(str(e.facts.get("effect", KEPT)) for e in reversed(each.events) if e.kind == "closed"),
            }
            for each in mine_only
            if not each.is_open
        ][:SHOWN],
    }
