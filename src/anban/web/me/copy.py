"""A copy of everything on one's own page: asked for with one press, watched while it is made, taken with another."""

from datetime import datetime
from functools import partial
from typing import Any

from litestar import Request, Response, get, post

from anban.base.db import Connection
from anban.base.errors import Conflict
from anban.privacy.copies import Copy, ask_copy, copies_of, link_for
from anban.web.copies import shown
from anban.web.me.acts import acting, person_of
from anban.web.me.door import MOST_FORM
from anban.web.me.facts import Mine
from anban.web.me.page import show, whose
from anban.web.user import ThePages, lang_of
from anban.words.helplines import Lang

PAGE = "/me/data"
UNITS = ("B", "KB", "MB", "GB")


@get(PAGE, include_in_schema=False)
async def my_data(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """What is kept, and what can be done: have a copy, erase."""
    who, mine = await whose(request, pages)
    copy = await pages.gateway.rt.db.read(partial(_newest, mine=mine))
    return show(request, pages, who, mine, "data", **_told(copy, mine, lang_of(request)))


@get(f"{PAGE}/copy", include_in_schema=False)
async def copy_so_far(request: Request[Any, Any, Any], pages: ThePages) -> dict[str, Any]:
    """How far the newest copy is, for the page that watches it."""
    _, mine = await whose(request, pages)
    copy = await pages.gateway.rt.db.read(partial(_newest, mine=mine))
    return {"state": "none", "percent": 0} if copy is None else shown(copy)


@post(f"{PAGE}/copy", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def ask_for_copy(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Ask for a copy, or find the one that is being made."""
    who, mine, _ = await acting(request, pages)
    rt, lang = pages.gateway.rt, lang_of(request)

    def work(connection: Connection) -> None:
        ask_copy(connection, person_of(connection, pages, who, mine), "self", lang, mine.now)

    await rt.db.write(work)
    rt.wake_work()
    return Response("", status_code=303, headers={"Location": f"{PAGE}#copy"})


@post(f"{PAGE}/copy/take", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def take_copy(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Take the copy that lies ready, by a link that is made for this moment."""
    who, mine, _ = await acting(request, pages)

    def work(connection: Connection) -> str | None:
        copy = _newest(connection, mine)
        if copy is None or mine.user is None:
            return None
        try:
            return link_for(connection, mine.user.id, copy.id, mine.now, mine.rules).token
        except Conflict:
            return None

    token = await pages.gateway.rt.db.write(work)
    if token is None:
        copy = await pages.gateway.rt.db.read(partial(_newest, mine=mine))
        return show(request, pages, who, mine, "data", 409, **_told(copy, mine, lang_of(request), fault="not-now"))
    return Response("", status_code=303, headers={"Location": f"/copies/{token}"})


def _newest(connection: Connection, mine: Mine) -> Copy | None:
    return None if mine.user is None else next(iter(copies_of(connection, mine.user.id)), None)


def _told(copy: Copy | None, mine: Mine, lang: Lang, fault: str = "") -> dict[str, Any]:
    until = None if copy is None or copy.expires_at is None else copy.expires_at
    gone = copy is not None and until is not None and until <= mine.now and not copy.under_way
    return {
        "copy": copy,
        "state": "none" if copy is None else "over" if gone else copy.state,
        "copy_until": "" if until is None else _local(until, mine, lang),
        "copy_size": "" if copy is None else _size(copy.size),
        "fault": fault,
    }


def _local(moment: datetime, mine: Mine, lang: Lang) -> str:
    own = moment.astimezone(mine.zone)
    return f"{own.month}月{own.day}日 {own:%H:%M}" if lang == "zh" else f"{own.day} {own:%B, %H:%M}"


def _size(number: int) -> str:
    amount = float(number)
    for unit in UNITS[:-1]:
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} {UNITS[-1]}"


DOORS = (my_data, copy_so_far, ask_for_copy, take_copy)
