"""What somebody does on their own page: each act a form, each one function of the rooms below."""

import re
from dataclasses import replace
from typing import Any

from litestar import Request, Response, post

from anban.base.db import Connection
from anban.base.errors import BadInput, NotFound, StorageFailed
from anban.base.ids import new_id
from anban.cases.request import Wish, request_person
from anban.law.performs import performs
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.contacts import every_contact, replace_contacts
from anban.people.limits import set_limits
from anban.people.models import User
from anban.people.safety_card import PARTS, Part, drop_card, keep_band, keep_card, lines_of
from anban.people.users import find, meet
from anban.rails.post import DESK
from anban.risk.ladder import LIFE_NAMES
from anban.risk.self_check import QUESTIONS, Band, band_of
from anban.web.manage import keeps_contacts
from anban.web.me.door import MOST_FORM, PATH, Asking, typed
from anban.web.me.facts import Mine
from anban.web.me.page import check_page, lines_for, lost, show, whose
from anban.web.user import Pages, ThePages

BANDS: tuple[Band, ...] = ("light", "some", "much")
DAY_MINUTES = 24 * 60
_WHOLE = re.compile(r"[0-9]{1,4}")


@post("/me/limit", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def set_own_limit(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """The minutes a day that somebody would like to keep to; empty takes it back. Nothing is ever locked by it."""
    who, mine, form = await acting(request, pages)
    text = form.get("minutes", "").strip()
    chosen = int(text) if _WHOLE.fullmatch(text) else None
    if text and (chosen is None or not 1 <= chosen <= DAY_MINUTES):
        raise BadInput(f"minutes: between 1 and {DAY_MINUTES}, or nothing", field="minutes")
    own = replace(mine.standing.own_limits, minutes=chosen)

    def work(connection: Connection) -> None:
        set_limits(connection, person_of(connection, pages, who, mine), "self", own, mine.now, mine.rules, None)

    await pages.gateway.rt.db.write(work)
    return _back(pages, who, "/me/time#limit" if mine.elder else "/me#limit")


@post("/me/card", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def write_card(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Keep the card as it stands in the form, or take it away."""
    who, mine, form = await acting(request, pages)
    if form.get("act") == "drop":
        await pages.gateway.rt.db.write(
            lambda c: drop_card(c, person_of(c, pages, who, mine), mine.now, mine.rules),
        )
        return _back(pages, who, "/me/card")
    try:
        given: dict[Part, tuple[str, ...]] = {name: lines_of(form.get(name, "")) for name in PARTS}
    except BadInput:
        return show(request, pages, who, mine, "card", 422, parts=PARTS, fault="long", form=form)

    def work(connection: Connection) -> None:
        keep_card(connection, person_of(connection, pages, who, mine), given, mine.now, mine.rules)

    await pages.gateway.rt.db.write(work)
    return _back(pages, who, "/me/card?kept=1")


@post("/me/check", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def answer_check(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Say which band the answers lie in. They are used for this one page and written nowhere."""
    who, mine, form = await acting(request, pages)
    answers = {name: form[name] for name in QUESTIONS if name in form}
    try:
        band = band_of(answers, mine.rules)
    except BadInput as error:
        return check_page(request, pages, who, mine, fault=error.field or "", given=answers)
    return check_page(request, pages, who, mine, band)


@post("/me/check/keep", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def keep_check(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Keep the band because its owner said so, or forget it; the answers are not there to be kept."""
    who, mine, form = await acting(request, pages)
    band = form.get("band", "")
    if band and band not in BANDS:
        raise BadInput("band: none of ours", field="band")
    await pages.gateway.rt.db.write(
        lambda c: keep_band(c, person_of(c, pages, who, mine), band, mine.now, mine.rules),
    )
    return _back(pages, who, "/me/check")


@post("/me/contacts/remove", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def remove_contact(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Take one of one's own contacts off; not a guardian, and not while one is in danger. Raises `NotFound`."""
    who, mine, form = await acting(request, pages)
    rt = pages.gateway.rt

    def work(connection: Connection) -> bool:
        person = person_of(connection, pages, who, mine)
        own = [each for each in every_contact(connection, person) if each.kind == "emergency"]
        if not any(each.id == form.get("contact") for each in own):
            raise NotFound("no such contact of your own")
        if keeps_contacts(connection, person, mine.now, rt):
            return False
        left = [each for each in own if each.id != form["contact"]]
        replace_contacts(connection, person, "emergency", left)
        facts: dict[str, Fact] = {"contact": form["contact"], "state": "removed"}
        note = Entry(Kind.CONTACT_CHANGED, mine.now, person.id, "self", who.service.id, mine.rules.version, facts)
        write(connection, note)
        return True

    if not await rt.db.write(work):
        return show(request, pages, who, mine, "contacts", 409, fault="danger")
    return _back(pages, who, "/me/contacts")


@post("/me/help", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def ask_for_help(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Ask the desk for a real person, with one press, at any level and in any mode."""
    try:
        who, mine, _ = await acting(request, pages)
        await _ask(pages, who, mine)
    except StorageFailed:
        return lost(request, pages)
    return _back(pages, who, "/me/help")


@performs("elder-help")
async def _ask(pages: Pages, who: Asking, mine: Mine) -> None:
    """Open the case and write down that help was offered, in one transaction (draft art 13(1), final art 15)."""
    rt, decision = pages.gateway.rt, new_id("dec_")
    lines = await lines_for(rt, who, mine, "talk")

    def work(connection: Connection) -> str:
        person = person_of(connection, pages, who, mine)
        level = mine.held.life
        wish = Wish(
            who.service.id, person.id, decision, mine.rules.version, mine.now, level, mine.standing.audience,
            mine.rules.number("queue-newcomer-hours"),
        )  # fmt: skip
        case = request_person(connection, wish)
        facts: dict[str, Fact] = {
            "decision": decision, "level": LIFE_NAMES[level], "template": "page.help", "case": case.id,
            "lines": [line.number for line in lines],
        }  # fmt: skip
        offered = Entry(Kind.HELP_OFFERED, mine.now, person.id, "anban", who.service.id, mine.rules.version, facts)
        write(connection, offered)
        return person.id

    user = await rt.db.write(work, urgent=True)
    rt.wake_work()
    rt.post.wake(DESK)
    rt.post.wake(user)


async def acting(request: Request[Any, Any, Any], pages: Pages) -> tuple[Asking, Mine, dict[str, str]]:
    """Who acts, and what they typed. Raises `Forbidden` for a form that is not theirs."""
    who, mine = await whose(request, pages)
    return who, mine, await typed(request, who)


def person_of(connection: Connection, pages: Pages, who: Asking, mine: Mine) -> User:
    """The person as stored, met here if they never spoke."""
    rt = pages.gateway.rt
    return find(connection, rt.keys, who.service.id, who.ref) or meet(
        connection, rt.keys, who.service.id, who.ref, mine.now
    )


def _back(pages: Pages, who: Asking, path: str) -> Response[str]:
    """To the page that shows what is so now; the next turn reads this person anew."""
    assert path.startswith(PATH)
    pages.gateway.rt.presence.forget(who.service.id, who.ref)
    return Response("", status_code=303, headers={"Location": path})
