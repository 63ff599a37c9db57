"""Age, consents, limits, blocked characters and spending over HTTP, for a service with pages of its own for them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from litestar import Request, get, post, put

from anban.base.db import Connection
from anban.base.errors import Forbidden, NotFound
from anban.law.rulebook import Rulebook
from anban.people.ages import bound_guardians, enter_minors_mode, evidence_of, leave_minors_mode, record_age
from anban.people.blocked import block, blocked_of, unblock
from anban.people.consents import give, receipts, withdraw
from anban.people.home import clear_home, mark_home
from anban.people.invitations import invite
from anban.people.limits import Limits, limits_of, set_limits
from anban.people.models import User
from anban.people.registration import missing
from anban.people.spending import Payment, ask_to_spend
from anban.people.standing import standing_at
from anban.people.users import find, meet
from anban.rails.closing import end_what_is_closed
from anban.web.family_shapes import (
    GivenAge,
    GivenBlock,
    GivenConsent,
    GivenLimits,
    GivenMark,
    GivenMode,
    GivenPayment,
    Withdrawal,
)
from anban.web.manage import Office, TheOffice, UserRef, allowed

T = TypeVar("T")
Ask = Request[Any, Any, Any]
Data = dict[str, Any]


async def about(
    request: Ask, office: Office, ref: str, act: Callable[[Connection, User, datetime, Rulebook], T], *, new: bool
) -> T:
    """Do something about one person of the service at the door, then have everybody read them anew.

    With `new` somebody not met yet is met first. Raises `NotFound` otherwise, and `Unauthorised`.
    """
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)

    def work(connection: Connection) -> tuple[T, str]:
        user = meet(connection, rt.keys, service.id, ref, now) if new else find(connection, rt.keys, service.id, ref)
        if user is None:
            raise NotFound("no such person")
        return act(connection, user, now, rules), user.id

    done, user = await rt.db.write(work)
    rt.presence.forget(service.id, ref)
    await end_what_is_closed(service.id, ref, rt)
    rt.post.wake(user)
    rt.wake_work()
    return done


async def look_up(
    request: Ask, office: Office, ref: str, read: Callable[[Connection, User, datetime, Rulebook], T]
) -> T:
    """Read something about one person of the service at the door. Raises `NotFound` and `Unauthorised`."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)

    def work(connection: Connection) -> T:
        user = find(connection, rt.keys, service.id, ref)
        if user is None:
            raise NotFound("no such person")
        return read(connection, user, now, rules)

    return await rt.db.read(work)


@get("/anban/v1/people/{user:str}/family", summary="Age, mode, consents and limits of a person", tags=["family"])
async def get_family(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> Data:
    """Where the person stands, on which evidence, and what registration still asks for."""

    def read(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
        standing = standing_at(connection, person, now, rules)
        return {
            **_standing(connection, person, now, rules),
            "missing": missing(standing, rules),
            "evidence": [
                {
                    "kind": each.kind, "band": each.band, "confidence": each.confidence, "source": each.source,
                    "at": each.at.isoformat(), "ended_at": each.ended_at.isoformat() if each.ended_at else None,
                }
                for each in evidence_of(connection, person.id)
            ],
            "consents": receipts(connection, person.id, now),
            "limits": _limits(connection, person),
            "blocked": _blocked(connection, person),
        }  # fmt: skip

    return await look_up(request, office, user, read)


@post("/anban/v1/people/{user:str}/ages", status_code=200, summary="An age was stated or proven", tags=["family"])
async def put_age(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenAge) -> Data:
    """Keeps the finding. A device or a guardian saying "minor" switches the mode on; nothing here lifts a suspicion."""

    def act(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
        after = record_age(
            connection, person, data.kind, data.band, now, rules, source=data.source, confidence=data.confidence
        )
        return _standing(connection, after, now, rules)

    return await about(request, office, user, act, new=True)


@post("/anban/v1/people/{user:str}/mode", status_code=200, summary="Enter or leave minors' mode", tags=["family"])
async def put_mode(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenMode) -> Data:
    """Entering takes one call. Leaving needs a guardian, and an appeal where the mode was set on a suspicion."""

    def act(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
        if data.mode == "minor":
            actor = "guardian" if data.ground == "guardian" else "user"
            after = enter_minors_mode(connection, person, data.ground, now, rules, actor)
        else:
            after = leave_minors_mode(connection, person, data.guardian, now, rules)
        return _standing(connection, after, now, rules)

    return await about(request, office, user, act, new=True)


@get("/anban/v1/people/{user:str}/consents", summary="Receipts of every consent", tags=["family"])
async def get_consents(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> list[Data]:
    """One page of facts, newest first: purpose, version, who, when, until when, and whether it is in force."""
    return await look_up(request, office, user, lambda c, person, now, _: receipts(c, person.id, now))


@post("/anban/v1/people/{user:str}/consents", status_code=200, summary="Consent to one purpose", tags=["family"])
async def post_consent(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenConsent) -> Data:
    """One purpose for each call; the answer is the receipt. What needs a guardian names one who is bound."""

    def act(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
        standing = standing_at(connection, person, now, rules)
        given = give(
            connection, person, standing, data.purpose, data.version, data.by, now, rules, guardian=data.guardian
        )
        return given.receipt(now)

    return await about(request, office, user, act, new=True)


@post("/anban/v1/people/{user:str}/consents/withdraw", status_code=200, summary="Withdraw one consent", tags=["family"])
async def withdraw_consent(
    request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: Withdrawal
) -> list[Data]:
    """Counts from this moment on; all receipts come back."""

    def act(connection: Connection, person: User, now: datetime, rules: Rulebook) -> list[Data]:
        withdraw(connection, person, data.purpose, data.by, now, rules, guardian=data.guardian)
        return receipts(connection, person.id, now)

    return await about(request, office, user, act, new=False)


@get("/anban/v1/people/{user:str}/limits", summary="Limits of a person", tags=["family"])
async def get_limits(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> Data:
    """What a guardian chose and what the person chose for themselves."""
    return await look_up(request, office, user, lambda c, person, _now, _rules: _limits(c, person))


@put("/anban/v1/people/{user:str}/limits", summary="Set limits", tags=["family"])
async def put_limits(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenLimits) -> Data:
    """Takes the place of what the same one chose before. A guardian's limits only tighten what the rules allow."""

    def act(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
        _guardian_named(connection, person, data.by, data.guardian)
        standing = standing_at(connection, person, now, rules)
        set_limits(connection, person, data.by, data.limits(), now, rules, standing.band)
        return _limits(connection, person)

    return await about(request, office, user, act, new=True)


@post("/anban/v1/people/{user:str}/blocked", status_code=200, summary="Close or open a character", tags=["family"])
async def post_block(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenBlock) -> list[Data]:
    """From the next message on, in running sessions too. Each opens only what they closed themselves."""

    def act(connection: Connection, person: User, now: datetime, rules: Rulebook) -> list[Data]:
        _guardian_named(connection, person, data.by, data.guardian)
        change = block if data.state == "blocked" else unblock
        change(connection, person, data.persona, data.by, now, rules)
        return _blocked(connection, person)

    return await about(request, office, user, act, new=True)


@post("/anban/v1/people/{user:str}/spending", status_code=200, summary="May this be charged?", tags=["family"])
async def post_spending(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenPayment) -> Data:
    """Ask before charging. In minors' mode the answer is no unless a guardian allowed it, then within their caps."""

    def act(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
        standing = standing_at(connection, person, now, rules)
        payment = Payment(data.amount, data.currency, data.request)
        answer = ask_to_spend(connection, person, standing, payment, now, rules)
        return {"allow": answer.allow, "reason": answer.reason}

    return await about(request, office, user, act, new=True)


@post("/anban/v1/people/{user:str}/home", status_code=200, summary="Unsafe at home", tags=["family"])
async def post_home(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenMark) -> Data:
    """From now on no guardian is told by itself; two people at the desk release it. The desk alone takes it back."""

    def act(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
        if data.state == "marked":
            mark_home(connection, person, data.by, data.reason, now, rules)
        elif data.by == "desk":
            clear_home(connection, person, now, rules)
        else:
            raise Forbidden("the desk takes this back")
        return {"done": True}

    return await about(request, office, user, act, new=True)


@post(
    "/anban/v1/people/{user:str}/contacts/{contact:str}/invite", status_code=200, summary="Ask a contact",
    tags=["family"],
)  # fmt: skip
async def post_invitation(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, contact: UserRef) -> Data:
    """Sends the contact a link to accept or decline, good for a week; they are asked again each year."""
    keys = office.gateway.rt.keys

    def act(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
        invite(connection, keys, person, contact, now, rules)
        return {"contact": contact, "state": "invited"}

    return await about(request, office, user, act, new=False)


def _guardian_named(connection: Connection, person: User, by: str, guardian: str | None) -> None:
    if by != "guardian":
        return
    if guardian is None or guardian not in bound_guardians(connection, person.id):
        raise Forbidden("no such guardian of this person", field="guardian")


def _standing(connection: Connection, person: User, now: datetime, rules: Rulebook) -> Data:
    standing = standing_at(connection, person, now, rules)
    return {
        "user": person.ref,
        "audience": standing.audience,
        "ground": standing.ground,
        "band": standing.band,
        "mode": person.mode,
        "registered": standing.registered,
        "guardian_bound": standing.guardian_bound,
    }


def _limits(connection: Connection, person: User) -> Data:
    chosen = limits_of(connection, person.id)
    return {by: chosen.get(by, Limits()).chosen() for by in ("guardian", "self")}


def _blocked(connection: Connection, person: User) -> list[Data]:
    return [
        {"persona": each.persona, "by": each.by, "at": each.at.isoformat()}
        for each in blocked_of(connection, person.id)
    ]
