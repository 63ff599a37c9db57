"""Leaving one's own page: on a device that others use, nothing stays open."""

from typing import Any

from litestar import Request, Response, post

from anban.law.performs import performs
from anban.provider.page_sessions import end_page
from anban.web.me.door import CLOSED, COOKIE, MOST_FORM, PATH, asking, typed
from anban.web.user import HEADERS, ThePages


@post("/me/leave", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
@performs("interaction-security")
async def leave_my_page(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """End this browser's session; the same cookie opens nothing any more."""
    who = await asking(request, pages.gateway)
    await typed(request, who)
    rt = pages.gateway.rt
    token, now = request.cookies.get(COOKIE, ""), rt.clock.now()
    await rt.db.write(lambda connection: end_page(connection, token, now))
    response = Response("", status_code=303, headers={**HEADERS, "Location": CLOSED})
    response.delete_cookie(COOKIE, path=PATH)
    return response


LEAVE_DOORS = (leave_my_page,)
