"""What a guardian may do, each by a form of its own; everything holds from the child's next message on."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, get_args

import msgspec
from litestar import Request, Response, post

from anban.base.db import Connection
from anban.base.errors import AnbanError, BadInput, Forbidden, NotFound
from anban.cases.guardian_alerts import receipt_by_guardian
from anban.cases.guardian_seen import Ward
from anban.law.performs import performs
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.blocked import block, unblock
from anban.people.consents import Purpose, give, withdraw
from anban.people.contacts import every_contact, replace_contacts
from anban.people.guardians import object_to
from anban.people.limits import set_limits
from anban.people.overview import ASKED, Overview
from anban.privacy.erasure import ask_erasure
from anban.rails.closing import end_what_is_closed
from anban.rails.post import DESK
from anban.rails.runtime import Runtime
from anban.web.family_shapes import GivenBlock, GivenLimits
from anban.web.guardian.console import look, show
from anban.web.guardian.door import MOST_FORM, PATH, PRIVATE, Guardian, TheConsole, check_form, form_of, guardian_in
from anban.web.guardian.shown import SMALLEST, currency_of

AMOUNT: Final = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,2})?")
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Acting:
    """One act under way: by whom, about whom, with what they see and what they typed."""

    connection: Connection = field(repr=False)
    rt: Runtime
    guardian: str
    contact: str | None
    ward: Ward
    seen: Overview
    form: Form = field(repr=False)
    at: datetime
    currency: str

    def note(self, kind: Kind, **facts: Fact) -> None:
        """Leave evidence of it."""
        user, version = self.ward.user, self.ward.rules.version
        write(self.connection, Entry(kind, self.at, user.id, "guardian", user.service, version, facts))


@post("/guardian/acts/{act:str}", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def act_as_guardian(request: Request[Any, Any, Any], console: TheConsole, act: str) -> Response[str]:
    """Do one thing; then the page again, at its place. What does not fit is said there, and nothing is saved."""
    who = await guardian_in(request, console)
    form = await form_of(request)
    check_form(request, who, form)
    if act not in ACTS:
        raise NotFound("no such act")
    rt = console.rt
    try:
        ref, service, user = await rt.db.write(
            lambda connection: _do(connection, rt, who, act, form), urgent=act == "seen"
        )
    except (BadInput, Forbidden, NotFound) as error:
        return await show(request, console, who, fault=_fault(error), status=error.status)
    rt.presence.forget(service, ref)
    await end_what_is_closed(service, ref, rt)
    rt.post.wake(user)
    if act == "seen":
        rt.wake_work()
        rt.post.wake(DESK)
    return Response("", status_code=303, headers={**PRIVATE, "Location": f"{PATH}?done={act}#{PLACES[act]}"})


def _do(connection: Connection, rt: Runtime, who: Guardian, act: str, form: Form) -> tuple[str, str, str]:
    looked = look(connection, rt, who.inside.user, who.inside.guardian)
    if looked.seen is None:
        raise Forbidden("they are of age", code="of_age")
    mine = next((each.contact for each in looked.seen.fellows if each.me), None)
    acting = Acting(
        connection, rt, who.inside.guardian, mine or None, looked.ward, looked.seen, form, rt.clock.now(),
        currency_of(looked.service),
    )  # fmt: skip
    ACTS[act](acting)
    user = looked.ward.user
    return user.ref, user.service, user.id


@performs("guardian-alerts")
def _seen(acting: Acting) -> None:
    if acting.contact is None:
        raise NotFound("no such alert")
    rt = acting.rt
    receipt_by_guardian(
        acting.connection, rt.keys, rt.words, rt.rules, acting.ward.user.id, acting.contact, _given(acting, "alert"),
        acting.at,
    )  # fmt: skip


@performs("guardian-controls")
def _limits(acting: Acting) -> None:
    chosen: dict[str, Any] = {
        "by": "guardian",
        "paused": "paused" in acting.form,
        "spending": "spending" in acting.form,
    }
    for name in ("minutes", "quiet_from", "quiet_until", "reality_minutes"):
        if given := acting.form.get(name, "").strip():
            chosen[name] = given
    for name in ("spend_each", "spend_day"):
        if given := acting.form.get(name, "").strip():
            chosen |= {name: _money(given, name), "currency": acting.currency}
    try:
        limits = msgspec.convert(chosen, GivenLimits, strict=False).limits()
    except msgspec.ValidationError as error:
        raise BadInput("a limit does not fit", field="limits") from error
    band = acting.ward.standing.band
    set_limits(acting.connection, acting.ward.user, "guardian", limits, acting.at, acting.ward.rules, band)


def _block(acting: Acting) -> None:
    block(acting.connection, acting.ward.user, _persona(acting, "blocked"), "guardian", acting.at, acting.ward.rules)


def _unblock(acting: Acting) -> None:
    unblock(acting.connection, acting.ward.user, _persona(acting, "open"), "guardian", acting.at, acting.ward.rules)


def _consent(acting: Acting) -> None:
    version = acting.rt.words.page("zh")["guardian.consent.version"]
    give(
        acting.connection, acting.ward.user, acting.ward.standing, _purpose(acting), version, "guardian", acting.at,
        acting.ward.rules, guardian=acting.guardian,
    )  # fmt: skip


def _withdraw(acting: Acting) -> None:
    withdraw(
        acting.connection, acting.ward.user, _purpose(acting), "guardian", acting.at, acting.ward.rules,
        guardian=acting.guardian,
    )  # fmt: skip


def _order(acting: Acting) -> None:
    """This guardian is called one place earlier; whom this guardian cannot see keeps their place behind them."""
    moved = _given(acting, "contact")
    seen = [each.contact for each in acting.seen.fellows if each.contact]
    if moved not in seen:
        raise NotFound("no such guardian")
    place = seen.index(moved)
    if place:
        seen[place - 1], seen[place] = seen[place], seen[place - 1]
    user = acting.ward.user
    known = {each.id: each for each in every_contact(acting.connection, user) if each.kind == "guardian"}
    order = [known[each] for each in seen if each in known]
    order += [each for each in known.values() if each.id not in seen]
    replace_contacts(acting.connection, user, "guardian", order)
    acting.note(Kind.GUARDIAN_CHANGED, claim=acting.guardian, state="ordered")


def _object(acting: Acting) -> None:
    claim = _given(acting, "claim")
    if claim not in {each for each, _ in acting.seen.claims}:
        raise NotFound("no such claim")
    object_to(acting.connection, claim, acting.guardian, acting.at, acting.ward.rules)


def _erase(acting: Acting) -> None:
    """Everything that the child said goes (final art 14); the child is told, and minors' mode and this page stay."""
    if "sure" not in acting.form:
        raise BadInput("tick that you know what erasing means", field="sure", code="not_sure")
    ask_erasure(acting.connection, acting.ward.user, "all", "", "guardian", acting.at, acting.ward.rules)


ACTS: Final[Mapping[str, Callable[[Acting], None]]] = MappingProxyType(
    {
        "seen": _seen, "limits": _limits, "block": _block, "unblock": _unblock, "consent": _consent,
        "withdraw": _withdraw, "order": _order, "object": _object, "erase": _erase,
    }
)  # fmt: skip
"""Every act by its name in the address."""

PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "seen": "now", "limits": "limits", "block": "characters", "unblock": "characters", "consent": "consents",
        "withdraw": "consents", "order": "order", "object": "now", "erase": "erase",
    }
)  # fmt: skip
"""The part of the page that an act belongs to."""


def _fault(error: AnbanError) -> str:
    match error.code, error.field:
        case "laxer", _:
            return "laxer"
        case _, "spend_each" | "spend_day":
            return "currency"
        case "not_sure", _:
            return "sure"
        case _:
            return "gone" if isinstance(error, NotFound) else "form"


def _given(acting: Acting, name: str) -> str:
    return acting.form.get(name, "")[:80]


def _persona(acting: Acting, state: str) -> str:
    given = {"persona": acting.form.get("persona", "").strip(), "state": state, "by": "guardian"}
    try:
        return msgspec.convert(given, GivenBlock).persona
    except msgspec.ValidationError as error:
        raise BadInput("this is no name of a character", field="persona") from error


def _purpose(acting: Acting) -> Purpose:
    asked = acting.form.get("purpose", "")
    for purpose in get_args(Purpose):
        if purpose == asked and purpose in ASKED:
            return purpose
    raise BadInput("this is no purpose that a guardian is asked about", field="purpose")


def _money(given: str, name: str) -> int:
    """An amount as people write it, in the smallest unit; counted in whole numbers only."""
    if not AMOUNT.fullmatch(given):
        raise BadInput("an amount is written like 30 or 9.90", field=name)
    whole, _, part = given.partition(".")
    return int(whole) * SMALLEST + int(part.ljust(2, "0") or 0)
