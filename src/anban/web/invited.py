"""The page behind an invitation to be a contact: yes, no, or no longer. Opening it answers nothing."""

from typing import Literal

from litestar import Response, get, post

from anban.base.db import Connection
from anban.base.errors import NotFound, StorageFailed
from anban.people.invitations import Invited, answer, look
from anban.people.users import service_and_ref
from anban.provider.services import find
from anban.web.contact import Token
from anban.web.family import Ask
from anban.web.user import HEADERS, Pages, ThePages, lang_of

State = Literal["ask", "accepted", "declined", "gone"]


@get("/invited/{token:str}", include_in_schema=False)
async def invited_page(request: Ask, pages: ThePages, token: Token) -> Response[str]:
    """What is asked, what will never be shared, and two buttons. Unknown and too old look the same."""
    rt = pages.gateway.rt
    now = rt.clock.now()
    try:
        found = await rt.db.read(lambda connection: look(connection, token, now))
    except StorageFailed:
        found = None
    return _page(request, pages, token, found)


@post("/invited/{token:str}/{said:str}", status_code=200, include_in_schema=False)
async def press_answer(request: Ask, pages: ThePages, token: Token, said: str) -> Response[str]:
    """Accept within the week, decline or leave at any time."""
    if said not in ("accept", "decline"):
        raise NotFound("there are accept and decline")
    rt = pages.gateway.rt
    now = rt.clock.now()

    def work(connection: Connection) -> tuple[Invited | None, tuple[str, str] | None]:
        before = look(connection, token, now)
        if before is None:
            return None, None
        owner = service_and_ref(connection, before.user)
        assert owner is not None
        rules = rt.rules(find(connection, owner[0]), frozenset[str](), now)
        return answer(connection, token, said, now, rules), owner

    found, owner = await rt.db.write(work)
    if found is not None and owner is not None:
        rt.presence.forget(*owner)
        rt.post.wake(found.user)
        rt.wake_work()
    return _page(request, pages, token, found)


def _page(request: Ask, pages: Pages, token: str, found: Invited | None) -> Response[str]:
    state: State = "gone"
    if found is not None and found.state == "accepted":
        state = "accepted"
    elif found is not None and found.state in ("declined", "withdrawn"):
        state = "declined"
    elif found is not None and found.open:
        state = "ask"
    html = pages.render(
        "contact/invited.html", lang_of(request), state=state, here=f"/invited/{token}",
        kind="emergency" if found is None else found.kind, may_accept=found is not None and found.open,
    )  # fmt: skip
    return Response(html, media_type="text/html", headers={**HEADERS, "referrer-policy": "no-referrer"})
