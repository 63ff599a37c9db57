"""Erasing on one's own page: a message, a conversation, a character, everything, or the account; and the receipts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from litestar import Request, Response, get, post

from anban.base.db import Connection
from anban.base.errors import BadInput
from anban.cases.erasing import holds_on
from anban.conversations.history import Line, Talk, lines_of, outline
from anban.privacy.erasure import Erasure, Hold, ask_erasure, erasures_of
from anban.privacy.receipt import Stays, what_stays
from anban.provider.personas import personas_of
from anban.web.gateway.chat import DEFAULT_PERSONA
from anban.web.me.acts import acting, person_of
from anban.web.me.door import MOST_FORM
from anban.web.me.facts import Mine
from anban.web.me.page import show, whose
from anban.web.user import ThePages, lang_of

SHOWN = 60
"""Messages of a conversation on one page."""

PATH = "/me/erase"


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is to erase, what has been asked, what holds it, and what stays whatever is asked.

    `names` are registered characters' names by ref.
    """

    talks: tuple[Talk, ...] = ()
    asked: tuple[Erasure, ...] = ()
    holds: tuple[Hold, ...] = ()
    stays: tuple[Stays, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def personas(self) -> tuple[str, ...]:
        """Every character that was spoken with, once."""
        return tuple(dict.fromkeys(name for talk in self.talks for name in talk.personas))

    @property
    def unfinished(self) -> bool:
        """Whether something asked for is still to be seen to."""
        return any(each.state in ("asked", "erasing") for each in self.asked)


@get(PATH, include_in_schema=False)
async def erase_page(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Everything that can be erased, what was, and what stays and why."""
    who, mine = await whose(request, pages)
    kept = await pages.gateway.rt.db.read(partial(_kept, mine=mine))
    return show(request, pages, who, mine, "erase", kept=kept, **_said(request, pages, mine, kept))


@get(f"{PATH}/messages", include_in_schema=False)
async def messages_page(request: Request[Any, Any, Any], pages: ThePages, of: str = "", page: int = 1) -> Response[str]:
    """One conversation, newest first, to erase single messages from it. Raises `BadInput` for no such page."""
    who, mine = await whose(request, pages)
    if page < 1:
        raise BadInput("pages begin with 1", field="page")
    talk, lines = await pages.gateway.rt.db.read(partial(_lines, mine=mine, of=of, page=page))
    more = talk is not None and len(talk.refs) > page * SHOWN
    return show(
        request, pages, who, mine, "messages", talk=talk, lines=lines, of=of, page=page, more=more, told=_told(mine)
    )


@post(PATH, status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def ask_to_erase(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Ask for it; what waits for a crisis to end says so on the page."""
    who, mine, form = await acting(request, pages)
    rt = pages.gateway.rt
    scope, target = form.get("scope", ""), form.get("target", "")
    if scope in ("all", "account") and "sure" not in form:
        kept = await rt.db.read(partial(_kept, mine=mine))
        said = _said(request, pages, mine, kept)
        return show(request, pages, who, mine, "erase", 422, fault="sure", kept=kept, **said)

    def work(connection: Connection) -> None:
        person = person_of(connection, pages, who, mine)
        ask_erasure(connection, person, scope, target, "user", mine.now, mine.rules)

    await rt.db.write(work)
    rt.presence.forget(who.service.id, who.ref)
    rt.wake_work()
    return Response("", status_code=303, headers={"Location": f"{PATH}#asked"})


def _kept(connection: Connection, mine: Mine) -> Kept:
    if mine.user is None:
        return Kept()
    asked = erasures_of(connection, mine.user.id)
    return Kept(
        tuple(reversed(outline(connection, mine.user.id))),
        tuple(reversed(asked)),
        holds_on(connection, mine.user, mine.now, mine.rules),
        what_stays(connection, mine.user, mine.now, mine.rules),
        {each.ref: each.given.name for each in personas_of(connection, mine.user.service)},
    )


def _lines(connection: Connection, mine: Mine, of: str, page: int) -> tuple[Talk | None, tuple[Line, ...]]:
    talks = () if mine.user is None else outline(connection, mine.user.id)
    talk = next((each for each in talks if each.conversation == of), None)
    if talk is None or mine.user is None:
        return None, ()
    newest_first = list(reversed(talk.refs))[(page - 1) * SHOWN : page * SHOWN]
    refs = list(reversed(newest_first))
    return talk, tuple(reversed(lines_of(connection, mine.user.id, mine.user.key, talk, refs, None)))


def _said(request: Request[Any, Any, Any], pages: ThePages, mine: Mine, kept: Kept) -> dict[str, Any]:
    """Moments, characters and clauses in the reader's words; a clause that we have no words for stands as written."""
    words = pages.gateway.rt.words.page(lang_of(request))

    def called(ref: str) -> str:
        return kept.names.get(ref) or (words["guardian.characters.default"] if ref == DEFAULT_PERSONA else ref)

    def cited(clause: str) -> str:
        text, _, place = clause.partition(" ")
        number, _, item = place.removeprefix("art ").partition("(")
        known = words.get(f"me.law.{text}", clause).replace("{number}", number)
        return known + (words["me.law.item"].replace("{item}", item.rstrip(")")) if item and known != clause else "")

    return {"told": _told(mine), "called": called, "cited": cited}


def _told(mine: Mine) -> Any:
    def told(at: datetime) -> str:
        return at.astimezone(mine.zone).strftime("%Y-%m-%d %H:%M")

    return told
