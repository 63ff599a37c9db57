"""The leads' pages of characters: what waits for a second person, one card, what is against it, the decision."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict

from anban.base.db import Connection
from anban.base.errors import AnbanError, BadInput, Conflict
from anban.provider.persona_lint import FORBIDDEN, Finding
from anban.provider.personas import RELATIONS, Decided, Persona, find_persona, personas_of, ref_of
from anban.provider.staff import staff_of
from anban.web.desk.door import Desk, SignedIn, TheDesk, check_csrf, language, lead_only, page, signed_in
from anban.web.personas import act_called, carried

PERSONAS = "/desk/personas"
MOST_FORM = 32_768
MOST_REASON = 400
_FAULTS = frozenset({"relation", "sectors", "looked", "set_aside", "card", "reason"})


@get(PERSONAS, include_in_schema=False)
async def personas_page(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """All characters; a responder is told that the page is for leads."""
    who = await signed_in(request, desk)
    if who.staff.role != "lead" and "text/html" in request.headers.get("accept", ""):
        return page(request, desk, "desk/refused.html", status=403, here=PERSONAS, csrf=who.csrf)
    who = await lead_only(request, desk)
    found, names = await desk.rt.db.read(lambda connection: _all(connection, desk, who))
    return page(
        request, desk, "desk/personas.html", here=PERSONAS, me=who.staff, csrf=who.csrf,
        waiting=[each for each in found if each.state == "review"],
        others=[each for each in found if each.state != "review"],
        names=names,
    )  # fmt: skip


@get("/desk/personas/{persona:str}", include_in_schema=False)
async def persona_page(request: Request[Any, Any, Any], desk: TheDesk, persona: str) -> Response[str]:
    """One card, with what the linter found, and what may be decided."""
    who = await lead_only(request, desk)
    return await _shown(request, desk, who, persona)


@post(
    "/desk/personas/{persona:str}/{act:str}", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM
)
async def decide_at_desk(request: Request[Any, Any, Any], desk: TheDesk, persona: str, act: str) -> Response[str]:
    """Carry out what the form says, and show the page again; what was wrong stands on it in plain words."""
    who = await lead_only(request, desk)
    await check_csrf(request, who)
    form = await request.form()
    doing = act_called(act)

    def work(connection: Connection) -> None:
        ref = ref_of(connection, who.service.id, persona)
        decided, reason = _decided(form), str(form.get("reason") or "")[:MOST_REASON]
        carried(connection, desk.rt, who.service, ref, doing, who.staff.id, decided, reason)

    try:
        await desk.rt.db.write(work)
    except (BadInput, Conflict) as error:
        return await _shown(request, desk, who, persona, error, form)
    desk.rt.cast.forget(who.service.id)
    return Response("", status_code=303, headers={"Location": PERSONAS})


def _decided(form: FormMultiDict) -> Decided:
    """A finding that the form sets aside comes as `aside.<rule>` with the reason."""
    aside = {
        name.removeprefix("aside."): str(value).strip()[:MOST_REASON]
        for name, value in form.multi_items()
        if name.startswith("aside.") and str(value).strip()
    }
    return Decided(
        str(form.get("relation") or ""),
        tuple(str(each) for each in form.getall("sectors", [])),
        tuple(str(each) for each in form.getall("looked", [])),
        aside,
    )


def _all(connection: Connection, desk: Desk, who: SignedIn) -> tuple[tuple[Persona, ...], dict[str, str]]:
    staff = staff_of(connection, desk.rt.keys, who.service.id)
    return personas_of(connection, who.service.id), {each.id: each.name for each in staff}


async def _shown(
    request: Request[Any, Any, Any],
    desk: Desk,
    who: SignedIn,
    identifier: str,
    error: AnbanError | None = None,
    form: FormMultiDict | None = None,
) -> Response[str]:
    rt = desk.rt

    def work(connection: Connection) -> tuple[Persona, dict[str, str]]:
        ref = ref_of(connection, who.service.id, identifier)
        staff = staff_of(connection, rt.keys, who.service.id)
        return find_persona(connection, who.service.id, ref), {each.id: each.name for each in staff}

    found, names = await rt.db.read(work)
    lang = language(request)
    fault = "" if error is None else "second" if error.code == "second_person_needed" else error.field or "form"
    given = Decided("") if form is None else _decided(form)
    return page(
        request, desk, "desk/persona.html",
        status=200 if error is None else error.status,
        here=f"{PERSONAS}/{identifier}",
        me=who.staff,
        csrf=who.csrf,
        each=found,
        names=names,
        findings=[_told(found, finding, lang) for finding in found.findings],
        relations=RELATIONS,
        packs=rt.rules(who.service, frozenset[str](), rt.clock.now()).names("sector-packs"),
        aims=FORBIDDEN,
        given=given,
        mine=found.made_by == who.staff.id,
        fault=fault if fault in _FAULTS or fault in ("", "second") else "form",
    )  # fmt: skip


def _told(persona: Persona, found: Finding, lang: str) -> dict[str, str]:
    return {
        "rule": found.rule,
        "gravity": found.gravity,
        "gives": found.gives,
        "said": persona.given.text[slice(*found.span)][:200],
        "why": found.why_zh if lang == "zh" else found.why_en,
    }
