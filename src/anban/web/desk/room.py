"""The care desk's page: the queue, one conversation, what to know of it and what can be done."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from litestar import Request, Response, get

from anban.base.errors import NotFound
from anban.cases.afterwards import Left, left_to
from anban.cases.appeals_open import is_appeal
from anban.risk.ladder import LIFE_NAMES
from anban.web.desk.door import PATH, Desk, SignedIn, TheDesk, language, page, signed_in
from anban.web.desk.parts import case_view
from anban.web.desk.queue import care_of, on_page, queue_for
from anban.web.desk.telling import day_and_clock, named, zone_of

CLOSED = "/desk/closed"
LOOKED_BACK = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Fault:
    """What an act could not do, in words; with what was typed, so that nothing is lost."""

    words: str
    act: str = ""
    place: str = ""
    findings: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    typed: dict[str, str] = field(default_factory=dict[str, str])


@get(PATH, include_in_schema=False)
async def desk_page(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """The queue, and nothing opened yet."""
    return await show(request, desk, await signed_in(request, desk))


@get("/desk/cases/{case_id:str}", include_in_schema=False)
async def case_page(request: Request[Any, Any, Any], desk: TheDesk, case_id: str) -> Response[str]:
    """The queue and one case, as far as this person may see it."""
    who = await signed_in(request, desk)
    if await desk.rt.db.read(partial(is_appeal, identifier=case_id[:64])):
        return Response("", status_code=303, headers={"Location": f"{PATH}/appeals/{case_id[:64]}"})
    return await show(request, desk, who, case=case_id[:64])


@get(CLOSED, include_in_schema=False)
async def closed_page(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """What is left to do after the end: mine to follow up, others' to review."""
    who = await signed_in(request, desk)
    now, lang = desk.rt.clock.now(), language(request)
    since = now - LOOKED_BACK
    follow, review = await desk.rt.db.read(partial(left_to, service=who.service.id, staff=who.staff.id, since=since))
    lists = {
        "follow": [_left(each, desk, who, lang, now) for each in follow],
        "review": [_left(each, desk, who, lang, now) for each in review],
    }
    care = await care_of(desk, who)
    return page(request, desk, "desk/closed.html", here=CLOSED, me=who.staff, csrf=who.csrf, lists=lists, care=care)


async def show(
    request: Request[Any, Any, Any],
    desk: Desk,
    who: SignedIn,
    *,
    case: str = "",
    fault: Fault | None = None,
    status: int = 200,
) -> Response[str]:
    """The page with one case, or none. Another service's case is not there, and the page says so."""
    lang = language(request)
    view: dict[str, Any] | None = None
    if told := desk.rt.words.page(lang).get(f"staff.lead.fault.{request.query_params.get('fault', '')}"):
        fault = fault or Fault(told)
    if case:
        try:
            view = await case_view(desk, who, case, lang)
        except NotFound:
            status, fault = 404, Fault(desk.rt.words.page(lang)["room.fault.404"])
    return page(
        request, desk, "desk/room.html",
        status=status,
        here=f"{PATH}/cases/{case}" if view else PATH,
        me=who.staff,
        csrf=who.csrf,
        **on_page(await queue_for(desk, who), case),
        case=view,
        fault=fault,
        care=await care_of(desk, who),
        after=request.query_params.get("after", ""),
    )  # fmt: skip


def _left(left: Left, desk: Desk, who: SignedIn, lang: Any, now: Any) -> dict[str, Any]:
    words, zone = desk.rt.words.page(lang), zone_of(who.service.place)
    return {
        "id": left.case,
        "level": LIFE_NAMES[left.level],
        "state": left.state,
        "ended": day_and_clock(left.ended_at, zone),
        "outcome": named(words, "room.outcome", left.outcome),
        "due": day_and_clock(left.due_at, zone) if left.due_at else "",
        "late": left.due_at is not None and left.due_at <= now,
    }
