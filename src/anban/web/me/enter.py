"""A link that opens one's own page once: for an app that has the management API and no signed tokens."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.times import zulu
from anban.provider.page_links import new_page_link, use_page_link
from anban.provider.page_sessions import begin_page, end_page
from anban.web.desk.door import check_origin, over_https
from anban.web.manage import TheOffice, UserRef, allowed
from anban.web.me.door import COOKIE, MOST_FORM, PATH
from anban.web.user import HEADERS, Pages, ThePages, lang_of

Token = Annotated[str, Parameter(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
Leads = Literal["", "time", "card", "check", "contacts", "setup", "readers", "data", "help"]

PRIVATE = {**HEADERS, "referrer-policy": "no-referrer"}
"""A link that opens something must not travel on in a referrer."""


class GivenLink(msgspec.Struct, forbid_unknown_fields=True):
    """Which of the person's pages the link leads to; the first one when nothing is said."""

    page: Leads = ""


@post("/anban/v1/people/{user:str}/link", status_code=200, summary="A link to somebody's own page", tags=["people"])
async def post_page_link(
    request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenLink
) -> dict[str, Any]:
    """A link for this person alone, to be opened now: it works once, within minutes, and is stored as a digest.

    Give it to the person inside the app, never by message: whoever opens it is taken for them.
    """
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    lasts = rt.rules(service, frozenset[str](), now).lasting("my-page-link-minutes")
    token = await rt.db.write(lambda c: new_page_link(c, rt.keys, service.id, user, data.page, now, lasts))
    return {"path": f"{PATH}/enter/{token}", "expires_at": zulu(now + lasts)}


@get("/me/enter/{token:str}", include_in_schema=False)
async def enter_page(request: Request[Any, Any, Any], pages: ThePages, token: Token) -> Response[str]:
    """One button. Opening the link uses nothing up: programs that look at links open them on their own."""
    return _page(request, pages, f"{PATH}/enter/{token}", "ask", 200)


@post("/me/enter/{token:str}", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def enter_mine(request: Request[Any, Any, Any], pages: ThePages, token: Token) -> Response[str]:
    """Use the link up and begin a session. Unknown, used and expired links look the same."""
    check_origin(request)
    rt, service = pages.gateway.rt, pages.gateway.fallback
    now = rt.clock.now()
    lasts = rt.rules(service, frozenset[str](), now).lasting("my-page-minutes")

    def work(connection: Connection) -> tuple[str, str] | None:
        led = use_page_link(connection, rt.keys, token, now)
        if led is None or led.service != service.id:
            return None
        if before := request.cookies.get(COOKIE):
            end_page(connection, before, now)
        return begin_page(connection, rt.keys, service.id, led.ref, now, lasts), led.page

    begun = await rt.db.write(work)
    if begun is None:
        return _page(request, pages, PATH, "gone", 410)
    session, leads = begun
    response = Response("", status_code=303, headers={"Location": f"{PATH}/{leads}".rstrip("/")})
    response.set_cookie(
        COOKIE, session, max_age=int(lasts.total_seconds()), path=PATH, httponly=True, samesite="strict",
        secure=over_https(request),
    )  # fmt: skip
    return response


def _page(request: Request[Any, Any, Any], pages: Pages, here: str, state: str, status: int) -> Response[str]:
    html = pages.render("me/enter.html", lang_of(request), here=here, state=state, elder=False)
    return Response(html, status_code=status, media_type="text/html", headers=PRIVATE)
