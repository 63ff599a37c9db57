"""The pages of `/me`: each reads, nothing is changed by looking."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from litestar import Request, Response, get

from anban.base.db import Connection
from anban.base.errors import StorageFailed
from anban.cases.case import events_of, open_case_of
from anban.cases.course import course
from anban.cases.crisis import CRISIS
from anban.cases.truth import promise_state
from anban.people.safety_card import PARTS
from anban.provider.line_reports import failed_for
from anban.rails.runtime import Runtime
from anban.risk.dependence import Index, explained_sign
from anban.risk.self_check import ANSWERS, QUESTIONS
from anban.web.me.beside import can_ring, dialled, politely, tail
from anban.web.me.door import CLOSED, PATH, Asking, asking, remember
from anban.web.me.facts import Mine, mine_of
from anban.web.me.plots import as_csv, bars, minutes, strip, used_hours
from anban.web.user import HEADERS, LANG_COOKIE, Pages, ThePages, lang_of
from anban.words.helplines import Lang, Line

SHOWN_DAYS, STRIP_DAYS, FILE_DAYS = 14, 14, 35


@get(PATH, summary="One's own page", tags=["pages"], include_in_schema=False)
async def my_page(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """One's own use, limits, card, contacts, and who can see what; elders get one large button an action."""
    who, mine = await whose(request, pages)
    return show(request, pages, who, mine, "elder" if mine.elder else "home", **_time(mine, lang_of(request)))


@get("/me/time", include_in_schema=False)
async def my_time(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """How long, on which days and at which hours, and what that says to its owner."""
    who, mine = await whose(request, pages)
    return show(request, pages, who, mine, "time", **_time(mine, lang_of(request)))


@get("/me/usage.csv", include_in_schema=False)
async def my_usage(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """The figures behind the pictures, as a file."""
    who, mine = await whose(request, pages)
    told = {**HEADERS, "content-disposition": 'attachment; filename="anban-usage.csv"'}
    response = Response(as_csv(mine.week(FILE_DAYS)), media_type="text/csv", headers=told)
    remember(response, request, who)
    return response


@get("/me/card", include_in_schema=False)
async def my_card(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """The safety card, to be written on a calm day."""
    who, mine = await whose(request, pages)
    return show(request, pages, who, mine, "card", parts=PARTS)


@get("/me/check", include_in_schema=False)
async def my_check(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Six questions to oneself."""
    who, mine = await whose(request, pages)
    return check_page(request, pages, who, mine)


@get("/me/contacts", include_in_schema=False)
async def my_contacts(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Who would be called, and how each stands to it."""
    who, mine = await whose(request, pages)
    return show(request, pages, who, mine, "contacts")


@get("/me/readers", include_in_schema=False)
async def my_readers(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """What others can see, and each time that somebody read along, with the reason."""
    who, mine = await whose(request, pages)
    words = pages.gateway.rt.words.page(lang_of(request))
    known = {each.reason for each in mine.readings if f"me.readers.reason.{each.reason}" in words}
    return show(request, pages, who, mine, "readers", reasons=known)


@get("/me/guidance", include_in_schema=False)
async def guidance(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Healthy use, money and health, in plain words."""
    who, mine = await whose(request, pages)
    return show(request, pages, who, mine, "guidance")


@get("/me/slow", include_in_schema=False)
async def slow_down(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Stop first: no transfer, no code, no secret; ring somebody."""
    who, mine = await whose(request, pages)
    lines = await lines_for(pages.gateway.rt, who, mine, "fraud")
    police = pages.gateway.rt.words.helplines.emergency("police", lines).number
    return show(request, pages, who, mine, "slow", police=police, lines=shown_lines(lines, lang_of(request)))


@get("/me/help", include_in_schema=False)
async def help_page(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """One press asks for a real person; numbers stand beside it. What is said of the desk is so at this moment."""
    try:
        return await _help(request, pages)
    except StorageFailed:
        return lost(request, pages)


async def _help(request: Request[Any, Any, Any], pages: Pages) -> Response[str]:
    who, mine = await whose(request, pages)
    rt = pages.gateway.rt
    lines = await lines_for(rt, who, mine, "talk")

    def state(connection: Connection) -> str:
        case = None if mine.user is None else open_case_of(connection, mine.user.id, CRISIS)
        return promise_state(None if case is None else course(events_of(connection, case.id))).takeover

    takeover = await rt.db.read(state)
    return show(request, pages, who, mine, "help", takeover=takeover, lines=shown_lines(lines, lang_of(request)))


@get(CLOSED, include_in_schema=False)
async def closed_page(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """For whoever comes without the app: how to come in, and that help needs no log-in."""
    return _without(request, pages, "demo" if pages.demo_key is not None else "text", 401)


def lost(request: Request[Any, Any, Any], pages: Pages) -> Response[str]:
    """Nothing can be read or written: nobody can be called from here, said so, with numbers that work."""
    return _without(request, pages, "lost", 503)


async def whose(request: Request[Any, Any, Any], pages: Pages) -> tuple[Asking, Mine]:
    """The person at the door and all that their page shows."""
    rt = pages.gateway.rt
    who = await asking(request, pages.gateway)
    return who, await rt.db.read(partial(mine_of, who=who, rt=rt, now=rt.clock.now()))


def show(
    request: Request[Any, Any, Any],
    pages: Pages,
    who: Asking,
    mine: Mine,
    name: str,
    status: int = 200,
    **context: Any,
) -> Response[str]:
    """One page, in the reader's language, and to elders in the polite form."""
    lang = lang_of(request)
    context = {"fault": "", "here": PATH if name in ("home", "elder") else f"{PATH}/{name}", **context}
    html = pages.environment.get_template(f"me/{name}.html").render(
        lang=lang,
        words=politely(pages.gateway.rt.words.page(lang), lang, elder=mine.elder),
        csrf=who.csrf,
        leaves=who.leaves,
        mine=mine,
        elder=mine.elder,
        asks=mine.asks_for_contact(),
        callable=[dialled(each) for each in mine.contacts if can_ring(each)],
        tail=tail,
        **context,
    )
    response = _answer(html, request, status)
    remember(response, request, who)
    return response


def check_page(
    request: Request[Any, Any, Any],
    pages: Pages,
    who: Asking,
    mine: Mine,
    band: str = "",
    fault: str = "",
    given: Mapping[str, str] | None = None,
) -> Response[str]:
    """The questions with what was answered so far, or what came of them."""
    return show(
        request, pages, who, mine, "check", 422 if fault else 200,
        questions=QUESTIONS, answers=ANSWERS, band=band, fault=fault, given=given or {},
    )  # fmt: skip


def shown_lines(lines: tuple[Line, ...], lang: Lang) -> list[dict[str, str]]:
    """Help lines as a page shows them."""
    return [
        {
            "number": line.number,
            "name": line.name_zh if lang == "zh" else line.name_en,
            "hours": line.hours_zh if lang == "zh" else line.hours_en,
        }
        for line in lines
    ]


async def lines_for(rt: Runtime, who: Asking, mine: Mine, need: Literal["talk", "fraud"]) -> tuple[Line, ...]:
    """At least two ways to a real person, those that did not answer this person last."""
    rules = mine.rules

    def failed(connection: Connection) -> frozenset[str]:
        if mine.user is None:
            return frozenset()
        return failed_for(connection, mine.user.id, mine.now, rules.lasting("helpline-failed-hours"))

    unreached = await rt.db.read(failed)
    found = rt.words.helplines.lines_for(
        who.service.place, mine.now, need, mine.standing.audience,
        stale_days=rules.whole("helpline-stale-days"), hidden_days=rules.whole("helpline-hidden-days"),
        failed=unreached,
    )  # fmt: skip
    if len(found) >= rules.whole("helplines-shown-least"):
        return found
    more = rt.words.helplines.from_memory(need, unreached)
    return (*found, *(line for line in more if line.number not in {each.number for each in found}))


def _without(request: Request[Any, Any, Any], pages: Pages, why: str, status: int) -> Response[str]:
    lang = lang_of(request)
    lines = shown_lines(pages.gateway.rt.words.helplines.from_memory(), lang)
    html = pages.render("me/closed.html", lang, here=CLOSED, lines=lines, elder=False, why=why)
    return _answer(html, request, status)


def _time(mine: Mine, lang: Lang) -> dict[str, Any]:
    days, own = mine.week(SHOWN_DAYS), mine.standing.own_limits.minutes
    habits = mine.habits
    return {
        "days": [{"day": each.day.isoformat(), "minutes": minutes(each.seconds)} for each in days],
        "bars": partial(bars, days, own),
        "strip": partial(strip, mine.week(STRIP_DAYS)),
        "hours": [{"day": each.day.isoformat(), "hours": used_hours(each)} for each in days if each.seconds > 0],
        "used": any(each.seconds > 0 for each in days),
        "own": own,
        "habits": habits,
        "signs": _signs(habits, lang),
    }


def _signs(habits: Index | None, lang: Lang) -> list[str]:
    return [] if habits is None else [explained_sign(part)[lang] for part in habits.parts]


def _answer(html: str, request: Request[Any, Any, Any], status: int) -> Response[str]:
    response = Response(html, status_code=status, media_type="text/html", headers=HEADERS)
    if request.query_params.get("lang") in ("zh", "en"):
        response.set_cookie(LANG_COOKIE, request.query_params["lang"], max_age=365 * 86_400, samesite="lax", path="/")
    return response
