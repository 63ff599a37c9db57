"""Naming somebody to be called, one question a screen, and one last look."""

import re
from typing import Any, Literal

from litestar import Request, Response, get, post

from anban.base.db import Connection
from anban.base.errors import BadInput
from anban.law.performs import performs
from anban.people.elder_setup import confirm_contacts, name_contact, skip_setup
from anban.people.models import Contact
from anban.people.users import meet
from anban.web.me.door import MOST_FORM, Asking, typed
from anban.web.me.facts import Mine
from anban.web.me.page import show, whose
from anban.web.user import Pages, ThePages

Step = Literal["why", "name", "number", "called", "check"]
STEPS: tuple[Step, ...] = ("why", "name", "number", "called", "check")
FIELDS = ("name", "number", "called")
LONGEST = {"name": 40, "number": 24, "called": 40}
MOST_CONTACTS = 8

_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_BETWEEN = re.compile(r"[\s()（）\-－]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@get("/me/setup", include_in_schema=False)
async def begin_setup(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Why somebody is asked for; or a year later, whether they are still the right ones."""
    who, mine = await whose(request, pages)
    return _screen(request, pages, who, mine, "why")


@post("/me/setup", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def next_screen(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """One answer, and the next screen; what was said before travels in the form. The last one keeps it."""
    who, mine = await whose(request, pages)
    form = await typed(request, who)
    match form.get("act"):
        case "skip":
            await _write(pages, who, mine, "skip")
            return _to("/me/contacts" if not mine.elder else "/me")
        case "confirm":
            await _write(pages, who, mine, "confirm")
            return _to("/me/contacts")
        case _:
            pass
    given = {name: _plain(form.get(name, ""), name) for name in FIELDS}
    step = form.get("step")
    at = STEPS.index(step) if step in STEPS else 0
    if form.get("act") == "back":
        return _screen(request, pages, who, mine, STEPS[max(0, at - 1)], given)
    if fault := _wrong(STEPS[at], given):
        return _screen(request, pages, who, mine, STEPS[at], given, fault)
    if STEPS[at] != "check":
        return _screen(request, pages, who, mine, STEPS[at + 1], given)
    for each in ("name", "number"):
        if fault := _wrong(each, given):
            return _screen(request, pages, who, mine, each, given, fault)
    if len(mine.contacts) >= MOST_CONTACTS:
        raise BadInput(f"at most {MOST_CONTACTS} contacts", field="contacts")
    await _write(pages, who, mine, "name", given)
    return _to("/me/contacts?named=1")


@performs("elder-contact")
async def _write(
    pages: Pages, who: Asking, mine: Mine, act: Literal["skip", "confirm", "name"], given: dict[str, str] | None = None
) -> None:
    """Keep what came of it (draft art 13(1), final art 12 and 15)."""
    rt = pages.gateway.rt

    def work(connection: Connection) -> None:
        person = mine.user or meet(connection, rt.keys, who.service.id, who.ref, mine.now)
        if act == "skip":
            skip_setup(connection, person, mine.now, mine.rules)
        elif act == "confirm":
            confirm_contacts(connection, person, mine.now, mine.rules)
        elif given is not None:
            contact = Contact("", "emergency", given["name"], "phone", given["number"], calls=given["called"])
            name_contact(connection, rt.keys, person, contact, mine.now, mine.rules)

    await rt.db.write(work)
    rt.wake_work()
    rt.presence.forget(who.service.id, who.ref)


def _screen(
    request: Request[Any, Any, Any],
    pages: Pages,
    who: Asking,
    mine: Mine,
    step: Step,
    given: dict[str, str] | None = None,
    fault: str = "",
) -> Response[str]:
    return show(
        request, pages, who, mine, "setup", 422 if fault else 200,
        step=step, number=STEPS.index(step), steps=len(STEPS), given=given or dict.fromkeys(FIELDS, ""), fault=fault,
        yearly=mine.asks_for_contact() == "yearly" and step == "why",
    )  # fmt: skip


def _wrong(step: str, given: dict[str, str]) -> str:
    """What this screen still lacks, or nothing."""
    if step == "name" and not given["name"]:
        return "name"
    if step == "number" and not _NUMBER.fullmatch(given["number"]):
        return "number"
    return ""


def _plain(text: str, field: str) -> str:
    found = _CONTROL.sub("", text).strip()[: LONGEST[field]]
    return _BETWEEN.sub("", found) if field == "number" else found


def _to(path: str) -> Response[str]:
    return Response("", status_code=303, headers={"Location": path})
