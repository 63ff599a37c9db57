"""Becoming a guardian, and ceasing to be one, over HTTP. Whoever claims learns nothing about whom they claim."""

from datetime import datetime
from typing import Any

from litestar import Request, get, post

from anban.base.db import Connection
from anban.base.errors import BadInput, Forbidden, NotFound
from anban.conversations.mailbox import put_care
from anban.law.rulebook import Rulebook
from anban.people.claims import Claim, Claimant, claims_on
from anban.people.guardian_sessions import ask_link
from anban.people.guardians import (
    claim,
    confirm_by_child,
    decide_by_desk,
    enter_code,
    object_to,
    refuse_by_child,
    revoke,
)
from anban.people.models import User
from anban.people.standing import standing_at
from anban.provider.models import Service
from anban.provider.services import find as find_service
from anban.rails.runtime import Runtime
from anban.web.family import Data, about, look_up
from anban.web.family_shapes import GivenClaim, GivenCode, GuardianAct, Reached
from anban.web.manage import TheOffice, UserRef, allowed
from anban.words.helplines import Audience
from anban.words.language import Lang
from anban.words.templates import Words

ACTS = ("confirm", "refuse", "object", "revoke", "decide")


@post("/anban/v1/guardians/claims", status_code=200, summary="Claim to be a guardian", tags=["guardians"])
async def post_claim(request: Request[Any, Any, Any], office: TheOffice, data: GivenClaim) -> Data:
    """A code goes to the second address. The answer is the same for people known and unknown.

    Whoever is claimed hears of it in their own conversation, and so does every guardian already bound.
    """
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)
    given = Claimant(
        data.name, data.evidence, (data.claims_from.route, data.claims_from.address),
        (data.code_to.route, data.code_to.address), data.calls,
    )  # fmt: skip

    def work(connection: Connection) -> tuple[str, User | None]:
        identifier, user = claim(connection, rt.keys, service.id, data.user, given, now, rules)
        if user is not None:
            text = rt.words.render("family.claim-child", lang=service.lang).text
            put_care(
                connection, user.id, user.key, text=text, about="guardian.claim", at=now,
                once=f"claim|{identifier}", claim=identifier,
            )  # fmt: skip
        return identifier, user

    identifier, user = await rt.db.write(work)
    if user is not None:
        rt.post.wake(user.id)
    rt.wake_work()
    return {"claim": identifier, "state": "claimed"}


@post("/anban/v1/guardians/claims/{claim_id:str}/code", status_code=200, summary="Enter the code", tags=["guardians"])
async def post_code(request: Request[Any, Any, Any], office: TheOffice, claim_id: UserRef, data: GivenCode) -> Data:
    """The right code, in time, begins the wait. Wrong, late, used up and unknown are refused alike."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)
    if not await rt.db.write(lambda c: enter_code(c, rt.keys, claim_id, data.code, now, rules)):
        raise Forbidden("this code does not open this claim", field="code", code="wrong_code")
    rt.wake_work()
    return {"claim": claim_id, "state": "waiting"}


@post("/anban/v1/guardians/links", status_code=200, summary="Send a guardian their log-in link", tags=["guardians"])
async def post_link(request: Request[Any, Any, Any], office: TheOffice, data: Reached) -> Data:
    """Goes to the guardian's own address. The answer is the same whether anybody is bound under this one."""
    service = await allowed(request, office)
    await send_links(office.gateway.rt, service, (data.route, data.address))
    return {"done": True}


async def send_links(rt: Runtime, service: Service, way: tuple[str, str]) -> None:
    """Write a link to every guardian bound under this address; for the log-in page too."""
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)
    await rt.db.write(lambda c: ask_link(c, rt.keys, service.id, way, now, rules))
    rt.wake_work()


@get("/anban/v1/people/{user:str}/guardians", summary="Guardians and claims of a person", tags=["guardians"])
async def get_guardians(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> list[Data]:
    """For the person's own page: who is bound and who asks to be; no names or addresses."""
    return await look_up(
        request, office, user, lambda c, person, _now, _rules: [shown(each) for each in claims_on(c, person.id)]
    )


@post(
    "/anban/v1/people/{user:str}/guardians/{claim_id:str}/{act:str}", status_code=200,
    summary="Act on a guardian or a claim", tags=["guardians"],
)  # fmt: skip
async def act_on_guardian(
    request: Request[Any, Any, Any], office: TheOffice, user: UserRef, claim_id: UserRef, act: str, data: GuardianAct
) -> Data:
    """Confirm or refuse (the person, from their own session), object (a guardian), decide (the desk), revoke."""
    if act not in ACTS:
        raise NotFound(f"no such act; there are: {', '.join(ACTS)}")
    keys, words = office.gateway.rt.keys, office.gateway.rt.words

    def work(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
        if claim_id not in {each.id for each in claims_on(connection, person.id)}:
            raise NotFound("no such claim")
        match act:
            case "confirm":
                confirm_by_child(connection, person, claim_id, now, rules)
            case "refuse":
                refuse_by_child(connection, person, claim_id, now, rules)
            case "object":
                object_to(connection, claim_id, data.guardian or "", now, rules)
            case "decide":
                if not data.responder:
                    raise BadInput("responder is missing", field="responder")
                decide_by_desk(connection, claim_id, data.granted, data.responder, now, rules)
                lang = find_service(connection, person.service).lang
                audience = standing_at(connection, person, now, rules).audience
                tell_of_decision(connection, words, person, claim_id, data.granted, lang, audience, now)
            case _:
                revoke(connection, keys, person, claim_id, data.by, now, rules)
        return next(shown(each) for each in claims_on(connection, person.id) if each.id == claim_id)

    return await about(request, office, user, work, new=False)


def tell_of_decision(
    connection: Connection, words: Words, user: User, claim: str, granted: bool, lang: Lang, audience: Audience,
    at: datetime,
) -> None:  # fmt: skip
    """Tell the person themselves what the desk decided about a claim that they had said no to, or that it held."""
    template = "family.claim-goes-on" if granted else "family.claim-ended"
    text = words.render(template, lang=lang, audience=audience).text
    once = f"claim|{claim}|decided"
    put_care(connection, user.id, user.key, text=text, about="guardian.decided", at=at, once=once, claim=claim)


def shown(found: Claim) -> Data:
    """A claim as the person it is about sees it. Why the desk holds one is not in it."""
    return {
        "claim": found.id,
        "state": found.state,
        "evidence": found.evidence,
        "made_at": found.made_at.isoformat(),
        "waits_until": found.waits_until.isoformat() if found.waits_until else None,
        "bound_at": found.bound_at.isoformat() if found.bound_at else None,
    }
