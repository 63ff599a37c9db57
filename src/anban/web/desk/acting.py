"""What somebody at the desk does with a case: each act a form, with or without script."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast, get_args

import msgspec
from litestar import Request, Response, post

from anban.base.db import Connection
from anban.base.errors import AnbanError, BadInput, Conflict, Forbidden
from anban.cases.case import Case, CaseEvent, append, locked_case
from anban.cases.course import TELLS_FROM, course
from anban.cases.crisis import case_entry
from anban.cases.notes import NoteKind, add_note
from anban.cases.takeover import holder
from anban.conversations.mailbox import put
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.users import find
from anban.rails.post import DESK
from anban.web.caseroom import act_upon, mine
from anban.web.desk.allowed import allowed
from anban.web.desk.door import Desk, SignedIn, TheDesk, check_csrf, language, signed_in
from anban.web.desk.parts import FOLLOW_UP_HOURS
from anban.web.desk.reading import Reason, Seen, seen_by, trace
from anban.web.desk.room import Fault, show
from anban.web.shapes import CaseAct
from anban.words.language import language_of
from anban.words.lint import Finding, lint

MOST_FORM = 65_536
HAND_BACK = ("level", "follow_up", "text")
"""What a hand-back is not complete without: a level that a person set, when to look again, what the AI may say."""

KEPT = {"debrief": ("debrief", "debriefed"), "follow-up": ("note", "followed_up")}
"""Notes that may be written after a case is closed: which kind, and the event that tells of them."""


class Unconfirmed(AnbanError):
    """Words that the linter has something to say about, not confirmed by their author yet."""

    status = 409
    code = "unconfirmed"

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("read what the linter found, then send it all the same or change it")
        self.findings = findings


@post("/desk/lint", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def look_at_words(request: Request[Any, Any, Any], desk: TheDesk) -> dict[str, Any]:
    """What the linter finds in words that are being written; nothing is stored."""
    who = await signed_in(request, desk)
    await check_csrf(request, who)
    form = await request.form()
    lang = language(request)
    found = _findings(str(form.get("text", ""))[:4_000], str(form.get("group", "adult")))
    return {"findings": [_shown(each, str(form.get("text", "")), lang) for each in found]}


@post("/desk/cases/{case_id:str}/{act:str}", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def act_at_desk(request: Request[Any, Any, Any], desk: TheDesk, case_id: str, act: str) -> Response[Any]:
    """Do it and show the case again; to a script, say where to go. What was wrong is said in plain words."""
    who = await signed_in(request, desk)
    await check_csrf(request, who)
    form = {name: str(value).replace("\r\n", "\n") for name, value in (await request.form()).items()}
    page = "text/html" in request.headers.get("accept", "")
    try:
        go = await _done(desk, who, case_id[:64], act, form)
    except (Unconfirmed, BadInput, Conflict, Forbidden) as error:
        fault = _fault(desk, error, act, form, language(request))
        if page:
            return await show(request, desk, who, case=case_id, fault=fault, status=error.status)
        body = {"fault": fault.words, "field": fault.place, "code": error.code, "findings": fault.findings}
        return Response(body, status_code=error.status, media_type="application/json")
    if page:
        return Response("", status_code=303, headers={"Location": go})
    return Response({"done": act, "go": go}, media_type="application/json")


async def _done(desk: Desk, who: SignedIn, case: str, act: str, form: Mapping[str, str]) -> str:
    """Where to go when it is done."""
    here = f"/desk/cases/{case}"
    if act == "open":
        reason = cast("Reason", form.get("reason", "")) if form.get("reason") in get_args(Reason) else None
        if reason is None or reason in ("claimed", "granted"):
            raise BadInput("say why", field="reason")
        await desk.rt.db.write(partial(trace, desk=desk, who=who, identifier=case, reason=reason))
        desk.rt.post.wake(DESK)
        return here
    seen = await seen_by(desk, who, case)
    if act != "claim" and act not in allowed(seen, who):
        raise Forbidden("this is not open to you now", code="not_now")
    if act == "typing":
        await desk.rt.db.write(partial(_type, desk=desk, who=who, identifier=case, seen=seen))
        desk.rt.post.wake(seen.case.user)
        return here
    if act in KEPT:
        await desk.rt.db.write(partial(_keep, desk=desk, who=who, identifier=case, act=act, form=form))
        desk.rt.post.wake(DESK)
        return here
    if act == "say":
        _lint(form, seen)
    await act_upon(
        desk.rt, who.service, case, act, _act(desk, who, act, form),
        caps=seen.rules.table("desk-load-caps"), lead=who.staff.role == "lead",
    )  # fmt: skip
    heavy = act in ("hand-back", "close") and seen.case.level >= TELLS_FROM
    return f"{here}?after=hard" if heavy else here


def _act(desk: Desk, who: SignedIn, act: str, form: Mapping[str, str]) -> CaseAct:
    """The act as the case room takes it. Raises `BadInput` for what is missing or too long."""
    if act == "hand-back":
        for name in HAND_BACK:
            if form.get(name, "").strip() in ("", "none"):
                raise BadInput("the checklist is not complete", field=name, code="incomplete")
    given = {
        name: form[name].strip()
        for name in ("text", "level", "outcome", "contact", "reason", "number")
        if form.get(name, "").strip()
    }
    checked = {
        "level-set": "level" in given,
        "summary-written": "text" in given,
        "follow-up-set": bool(form.get("follow_up")),
    }
    body: dict[str, Any] = {**given, "responder": who.staff.id, "follow_up_at": _follow_up(desk, form)}
    if act == "hand-back":
        body["checklist"] = checked
    try:
        return msgspec.convert(body, CaseAct)
    except msgspec.ValidationError as error:
        field = str(error).partition("$.")[2].partition("`")[0] or "text"
        raise BadInput("this does not fit", field=field) from error


def _follow_up(desk: Desk, form: Mapping[str, str]) -> datetime | None:
    given = form.get("follow_up", "").strip()
    if not given or given == "none":
        return None
    if given not in {str(hours) for hours in FOLLOW_UP_HOURS}:
        raise BadInput("no such time", field="follow_up")
    return desk.rt.clock.now() + timedelta(hours=int(given))


def _lint(form: Mapping[str, str], seen: Seen) -> None:
    """A warning that has to be confirmed, and never a block: a human answers for their words."""
    found = _findings(form.get("text", ""), seen.standing.audience)
    if found and form.get("anyway") != "yes":
        raise Unconfirmed(found)


def _findings(text: str, group: str) -> list[Finding]:
    audience = "minor" if group == "minor" else "elder" if group == "elder" else "adult"
    return lint(text, language_of(text), audience)


def _shown(found: Finding, text: str, lang: str) -> dict[str, str]:
    return {"piece": text[slice(*found.span)][:60], "why": found.why_zh if lang == "zh" else found.why_en}


def _fault(desk: Desk, error: AnbanError, act: str, form: Mapping[str, str], lang: Any) -> Fault:
    """What went wrong in words of the page; the most particular ones there are."""
    words = desk.rt.words.page(lang)
    keys = (f"room.fault.{error.code}.{error.field}", f"room.fault.{error.code}", f"room.fault.{act}.{error.status}")
    said = next((words[key] for key in (*keys, f"room.fault.{error.status}") if key in words), words["room.fault"])
    findings = error.findings if isinstance(error, Unconfirmed) else []
    text = form.get("text", "")
    return Fault(said, act, error.field or "", [_shown(each, text, lang) for each in findings], dict(form))


def _type(connection: Connection, desk: Desk, who: SignedIn, identifier: str, seen: Seen) -> None:
    """Let the person see that somebody writes: once in a few seconds, and only by whoever holds the conversation."""
    case, ref = mine(connection, who.service, identifier, locked_case)
    user = find(connection, desk.rt.keys, who.service.id, ref)
    held_by = holder(connection, case.user)
    if user is None or held_by is None or held_by.responder != who.staff.id:
        raise Conflict("claim the case first")
    now = desk.rt.clock.now()
    bucket = int(now.timestamp() // seen.rules.number("desk-typing-seconds"))
    put(
        connection, user.id, user.key, conversation="", kind="typing", at=now, payload={"on": True},
        once=f"typing|{case.id}|{bucket}",
    )  # fmt: skip


def _keep(
    connection: Connection, desk: Desk, who: SignedIn, identifier: str, act: str, form: Mapping[str, str]
) -> Case:
    """Keep a note that may come after the end: that somebody followed up, or how a responder is themselves."""
    text = form.get("text", "").strip()
    if not text:
        raise BadInput("words are missing", field="text", code="empty")
    case, ref = mine(connection, who.service, identifier, locked_case)
    user = find(connection, desk.rt.keys, who.service.id, ref)
    assert user is not None
    kind, event = cast("tuple[NoteKind, str]", KEPT[act])
    now = desk.rt.clock.now()
    note = add_note(connection, case, user, kind, who.staff.id, text[:4_000], now)
    number = course(case.events).number(event)
    told = CaseEvent(f"{event}|{number}", event, now, who.staff.id, {"note": note})
    changed = append(connection, case, told, wake=False)
    rulebook = desk.rt.rules(who.service, frozenset[str](), now).version
    write(connection, case_entry(changed, Kind.CASE_NOTED, now, rulebook, {"note": note}, "responder"))
    return changed
