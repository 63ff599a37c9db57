"""What the desk decides about families: a held claim to be a guardian, and whether home is safe again."""

from datetime import datetime
from functools import partial
from typing import Any

from litestar import Request, Response, get, post

from anban.base.db import Connection
from anban.base.errors import BadInput, Conflict, Forbidden, NotFound
from anban.law.rulebook import Rulebook
from anban.ledger.kinds import Kind
from anban.ledger.reading import about
from anban.people.claims import OPEN, Claim, claimant_of, claims_on, read_claim
from anban.people.guardians import decide_by_desk
from anban.people.home import ask_to_clear, clearing_asked, home_marked
from anban.people.models import User
from anban.people.standing import standing_at
from anban.people.users import find_by_id
from anban.web.desk.allowed import claim_acts, home_acts
from anban.web.desk.appeals import APPEALS, CLEARED, MOST_FORM, show_appeals
from anban.web.desk.door import Desk, SignedIn, TheDesk, check_csrf, page, signed_in, told
from anban.web.desk.queue import care_of
from anban.web.desk.telling import day_and_clock, zone_of
from anban.web.guardianship import tell_of_decision
from anban.web.me.beside import tail

RELEASED = ("papers-seen", "known-to-school", "child-agrees", "other")
REFUSED = ("papers-do-not-fit", "child-says-no", "unsafe", "not-reachable", "other")
"""Why a held claim goes on, and why it ends."""

LOOKED = "looked-at"
REMEMBERED = 100


@get("/desk/claims/{claim:str}", include_in_schema=False)
async def claim_page(request: Request[Any, Any, Any], desk: TheDesk, claim: str) -> Response[str]:
    """One held claim; who claims stands there only for a lead who has opened it."""
    return await _one(request, desk, await signed_in(request, desk), claim[:64])


@post("/desk/claims/{claim:str}/{act:str}", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def act_on_claim(request: Request[Any, Any, Any], desk: TheDesk, claim: str, act: str) -> Response[str]:
    """Open it, which leaves its trace first; let it go on, or end it. Whoever it is about is told what was decided."""
    who = await signed_in(request, desk)
    await check_csrf(request, who)
    reason = str((await request.form()).get("reason") or "")
    rt, now = desk.rt, desk.rt.clock.now()
    rules = rt.rules(who.service, frozenset[str](), now)

    def work(connection: Connection) -> User:
        found, user = _held(connection, desk, who, claim[:64])
        if act not in claim_acts(who, looked=_looked(connection, found, who, now, rules)):
            raise Forbidden("this is not open to you now", code="not_now")
        if act == "open":
            facts = {"claim": found.id, "state": LOOKED}
            told(connection, desk, Kind.GUARDIAN_CHANGED, user.id, who.staff.id, who.service.id, **facts)
            return user
        if reason not in (RELEASED if act == "release" else REFUSED):
            raise BadInput("say why", field="reason")
        decide_by_desk(connection, found.id, act == "release", who.staff.id, now, rules, reason)
        audience = standing_at(connection, user, now, rules).audience
        tell_of_decision(connection, rt.words, user, found.id, act == "release", who.service.lang, audience, now)
        return user

    try:
        user = await rt.db.write(work)
    except (BadInput, Conflict, Forbidden) as error:
        return await _one(request, desk, who, claim[:64], error.field or error.code, error.status)
    rt.presence.forget(who.service.id, user.ref)
    rt.post.wake(user.id)
    rt.wake_work()
    where = f"/desk/claims/{claim[:64]}" if act == "open" else APPEALS
    return Response("", status_code=303, headers={"Location": where})


@post("/desk/homes/{user:str}/clear", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def clear_mark(request: Request[Any, Any, Any], desk: TheDesk, user: str) -> Response[str]:
    """Ask that "unsafe at home" be taken back, or agree with a colleague who asked."""
    who = await signed_in(request, desk)
    await check_csrf(request, who)
    reason = str((await request.form()).get("reason") or "")
    rt, now = desk.rt, desk.rt.clock.now()
    rules = rt.rules(who.service, frozenset[str](), now)

    def work(connection: Connection) -> User:
        person = find_by_id(connection, rt.keys, user[:64])
        if person is None or person.service != who.service.id or not home_marked(connection, person.id):
            raise NotFound("no such mark")
        if "clear" not in home_acts(who, clearing_asked(connection, person.id)):
            raise Forbidden("a second person has to agree", code="second_person_needed")
        if reason not in CLEARED:
            raise BadInput("say why", field="reason")
        ask_to_clear(connection, person, who.staff.id, reason, now, rules)
        return person

    try:
        person = await rt.db.write(work)
    except (BadInput, Forbidden) as error:
        return await show_appeals(request, desk, who, error.field or error.code, error.status)
    rt.presence.forget(who.service.id, person.ref)
    return Response("", status_code=303, headers={"Location": f"{APPEALS}#homes"})


def _held(connection: Connection, desk: Desk, who: SignedIn, identifier: str) -> tuple[Claim, User]:
    """A claim of this service that is open, and whom it is on. Raises `NotFound`."""
    found = read_claim(connection, identifier)
    user = None if found is None or found.user is None else find_by_id(connection, desk.rt.keys, found.user)
    if found is None or user is None or found.service != who.service.id or found.state not in OPEN:
        raise NotFound("no such claim")
    return found, user


def _looked(connection: Connection, found: Claim, who: SignedIn, now: datetime, rules: Rulebook) -> bool:
    """Whether this member of staff opened the claim lately, as the ledger tells it."""
    assert found.user is not None
    since = now - rules.lasting("desk-reading-minutes")
    return any(
        each.entry.actor == who.staff.id
        and each.entry.at > since
        and each.entry.facts.get("claim") == found.id
        and each.entry.facts.get("state") == LOOKED
        for each in about(connection, found.user, Kind.GUARDIAN_CHANGED, REMEMBERED)
    )


async def _one(
    request: Request[Any, Any, Any], desk: Desk, who: SignedIn, identifier: str, fault: str = "", status: int = 200
) -> Response[str]:
    rt, now = desk.rt, desk.rt.clock.now()
    rules = rt.rules(who.service, frozenset[str](), now)
    found = await rt.db.read(partial(_view, desk=desk, who=who, identifier=identifier, now=now, rules=rules))
    return page(
        request, desk, "desk/claim.html",
        status=status, here=f"/desk/claims/{identifier}", me=who.staff, csrf=who.csrf, care=await care_of(desk, who),
        fault=fault, each=found, grounds={"release": RELEASED, "refuse": REFUSED},
    )  # fmt: skip


def _view(
    connection: Connection, desk: Desk, who: SignedIn, identifier: str, now: datetime, rules: Rulebook
) -> dict[str, Any]:
    found, user = _held(connection, desk, who, identifier)
    looked = _looked(connection, found, who, now, rules)
    zone = zone_of(who.service.place)
    claimant = claimant_of(desk.rt.keys, user, found) if looked else None
    standing = standing_at(connection, user, now, rules)
    return {
        "id": found.id,
        "held": found.held,
        "state": found.state,
        "evidence": found.evidence,
        "made": day_and_clock(found.made_at, zone),
        "waits": day_and_clock(found.waits_until, zone) if found.waits_until else "",
        "group": standing.audience,
        "ground": standing.ground,
        "bound": len(claims_on(connection, user.id, "bound")),
        "others": len(claims_on(connection, user.id)) - 1,
        "marked": home_marked(connection, user.id),
        "name": claimant.name if claimant else "",
        "calls": claimant.calls if claimant else "",
        "ways": [(route, tail(address)) for route, address in (claimant.claims_from, claimant.code_to)]
        if claimant
        else [],
        "ref": user.ref if looked else "",
        "may": sorted(claim_acts(who, looked=looked)),
    }
