"""The page behind the link in a message to a contact: what to do now, and "I have seen it"."""

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Request, Response, get, post
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.errors import StorageFailed
from anban.cases.acknowledged import acknowledged
from anban.cases.case import read_case
from anban.outreach.receipts import look
from anban.rails.post import DESK
from anban.web.user import HEADERS, Pages, ThePages, help_lines, lang_of

Token = Annotated[str, Parameter(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
State = Literal["ask", "thanks", "gone"]


@get("/seen/{token:str}", include_in_schema=False)
async def seen_page(request: Request[Any, Any, Any], pages: ThePages, token: Token) -> Response[str]:
    """What to do now. Opening it confirms nothing: mail programs open links on their own.

    Unknown, used and expired links look the same, and even those keep the advice.
    """
    rt = pages.gateway.rt
    now = rt.clock.now()
    try:
        found = await rt.db.read(lambda connection: _asked(connection, token, now))
    except StorageFailed:
        found = None
    return _page(request, pages, token, "gone" if found is None else "ask", drill=bool(found))


@post("/seen/{token:str}", status_code=200, include_in_schema=False)
async def press_seen(request: Request[Any, Any, Any], pages: ThePages, token: Token) -> Response[str]:
    """The contact says that they have seen it; works once. Raises `StorageFailed`: better asked again than lost."""
    rt = pages.gateway.rt
    now = rt.clock.now()

    def work(connection: Connection) -> tuple[str | None, bool]:
        drill = bool(_asked(connection, token, now))
        return acknowledged(connection, rt.keys, rt.words, rt.rules, token, now), drill

    user, drill = await rt.db.write(work, urgent=True)
    if user is not None:
        rt.wake_work()
        rt.post.wake(user)
        rt.post.wake(DESK)
    return _page(request, pages, token, "gone" if user is None else "thanks", drill=drill)


def _asked(connection: Connection, token: str, at: datetime) -> bool | None:
    """Whether what this link would confirm is only a drill; None for a link that opens nothing."""
    found = look(connection, token, at)
    return None if found is None else read_case(connection, found.case).is_drill


def _page(request: Request[Any, Any, Any], pages: Pages, token: str, state: State, *, drill: bool) -> Response[str]:
    lang = lang_of(request)
    html = pages.render(
        "contact/page.html", lang,
        state=state, here=f"/seen/{token}", drill=drill, help_lines=help_lines(pages, lang),
    )  # fmt: skip
    return Response(html, media_type="text/html", headers={**HEADERS, "referrer-policy": "no-referrer"})
