"""Binding a guardian in steps that somebody who only pretends does not get through.

Claim, code at another address, a wait in which the child and every guardian already bound may say no, and only then
bound. Somebody unknown, somebody grown up and somebody marked unsafe look the same to whoever claims.
"""

import hmac
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection

from anban.base.durable import promise
from anban.base.errors import Forbidden, NotFound
from anban.base.keys import MasterKeys
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.claims import (
    OPEN,
    WAITING_FOR_SOMEBODY,
    Claim,
    Claimant,
    claimant_of,
    claims_on,
    code_digest,
    minors_of,
    new_claim,
    read_claim,
    set_claim,
    within_limits,
)
from anban.people.consents import end_given_by
from anban.people.contacts import add_contact, drop_contact
from anban.people.guardian_sessions import end_sessions, new_link
from anban.people.home import home_marked
from anban.people.letters import put_letter
from anban.people.models import Contact, User
from anban.people.standing import standing_of
from anban.people.users import find

WORK: Final = "guardian-claim"
"""The kind of work that moves a claim on when its time comes; its id is the claim's."""

BAND: Final = 35

TOLD_WITHIN: Final = timedelta(days=3)
"""How long a letter about something that has happened is still worth sending."""


@performs("guardian-consent")
def claim(
    connection: Connection, keys: MasterKeys, service: str, ref: str, given: Claimant, at: datetime, rules: Rulebook
) -> tuple[str, User | None]:
    """Claim to be the guardian of whoever the service calls `ref`; the code goes to the claimant's other address.

    The claim's id, and the person to tell, if there is one: the answer to the claimant is the same either way. Every
    guardian already bound is told. Raises `BadInput` and `Conflict` as `within_limits` does.
    """
    within_limits(connection, keys, given, at, rules)
    user, held = _target(connection, keys, service, ref, at, rules)
    identifier, code = new_claim(connection, keys, service, user, given, held, at)
    until = at + rules.lasting("guardian-code-minutes")
    put_letter(
        connection, keys, user="" if user is None else user.id, service=service, template="family.code",
        about=identifier, ways=[given.code_to], slots={"code": code}, path="", at=at, until=until,
    )  # fmt: skip
    promise(connection, identifier, WORK, until, BAND)
    if user is not None:
        _note(connection, user.id, service, identifier, "claimed", "guardian", at, rules, {"evidence": given.evidence})
        _tell_bound(connection, keys, user, "family.claim-told", identifier, at)
    return identifier, user


def enter_code(
    connection: Connection, keys: MasterKeys, identifier: str, code: str, at: datetime, rules: Rulebook
) -> bool:
    """Whether this was the code, in time and within the tries; then the wait begins. False for every other reason.

    A wrong try is counted, so the caller commits and refuses afterwards.
    """
    found = read_claim(connection, identifier, locked=True)
    if found is None or found.state != "claimed" or at >= found.made_at + rules.lasting("guardian-code-minutes"):
        return False
    if not hmac.compare_digest(found.code, code_digest(keys, identifier, code)):
        tries = found.tries + 1
        over = tries >= rules.whole("guardian-code-tries")
        set_claim(connection, identifier, tries=tries, **({"state": "refused", "ended_at": at} if over else {}))
        if over:
            _noted(connection, found, "refused", "anban", at, rules, {"why": "tries"})
        return False
    waits = at + rules.lasting("guardian-wait-hours")
    set_claim(connection, identifier, state="waiting", waits_until=waits)
    promise(connection, identifier, WORK, waits, BAND)
    _noted(connection, found, "waiting", "guardian", at, rules, {})
    return True


def confirm_by_child(connection: Connection, user: User, identifier: str, at: datetime, rules: Rulebook) -> Claim:
    """The person themselves says yes, from their own session: the wait grows short. Raises `NotFound`.

    Nothing that the desk holds is freed by it: who is forced to press the button is not helped by that.
    """
    found = _open_on(connection, user, identifier)
    if found.state != "waiting" or found.waits_until is None:
        raise NotFound("no such claim")
    waits = min(found.waits_until, at + rules.lasting("guardian-wait-confirmed-hours"))
    set_claim(connection, identifier, waits_until=waits, held="" if found.held == "age" else found.held)
    promise(connection, identifier, WORK, waits, BAND)
    _noted(connection, found, "confirmed", "user", at, rules, {})
    return _again(connection, identifier)


def refuse_by_child(connection: Connection, user: User, identifier: str, at: datetime, rules: Rulebook) -> Claim:
    """The person says that this is not their guardian: time alone binds nobody any more, the desk looks at it."""
    found = _open_on(connection, user, identifier)
    set_claim(connection, identifier, held="child")
    _noted(connection, found, "held", "user", at, rules, {})
    return _again(connection, identifier)


def object_to(connection: Connection, identifier: str, guardian: str, at: datetime, rules: Rulebook) -> Claim:
    """A guardian already bound says no: the claim ends. Raises `NotFound`, also for a stranger to this person."""
    found = read_claim(connection, identifier, locked=True)
    own = read_claim(connection, guardian)
    if found is None or own is None or own.state != "bound" or found.user != own.user or found.state not in OPEN:
        raise NotFound("no such claim")
    set_claim(connection, identifier, state="refused", ended_at=at)
    _noted(connection, found, "refused", "guardian", at, rules, {"why": "objection", "guardian": guardian})
    return _again(connection, identifier)


def decide_by_desk(
    connection: Connection, identifier: str, granted: bool, by: str, at: datetime, rules: Rulebook, reason: str = ""
) -> Claim:
    """The desk lets a held claim go on, or ends it. Raises `NotFound`. What is let go on still waits its time.

    `reason` is a short code that stays in the evidence.
    """
    found = read_claim(connection, identifier, locked=True)
    if found is None or found.user is None or found.state not in OPEN:
        raise NotFound("no such claim")
    if granted:
        set_claim(connection, identifier, held="desk")
        if found.waits_until is not None:
            promise(connection, identifier, WORK, max(at, found.waits_until), BAND)
    else:
        set_claim(connection, identifier, state="refused", ended_at=at)
    facts: dict[str, Fact] = {"responder": by, **({"reason": reason} if reason else {})}
    _noted(connection, found, "released" if granted else "refused", "responder", at, rules, facts)
    return _again(connection, identifier)


@performs("guardian-consent")
def move_on(
    connection: Connection, keys: MasterKeys, user: User | None, identifier: str, at: datetime, rules: Rulebook
) -> datetime | None:
    """What time does to a claim: a code that was never entered expires, a wait that is over binds. When to look again.

    Only here does anybody become bound. A claim on nobody, one held and one too many end or stay without a word.
    """
    found = read_claim(connection, identifier, locked=True)
    if found is None or found.state not in OPEN:
        return None
    if found.state == "claimed":
        until = found.made_at + rules.lasting("guardian-code-minutes")
        if at < until:
            return until
        set_claim(connection, identifier, state="expired", ended_at=at)
        _noted(connection, found, "expired", "anban", at, rules, {})
        return None
    assert found.waits_until is not None
    if at < found.waits_until:
        return found.waits_until
    if user is None or minors_of(connection, {found.claimant, found.second}) >= rules.whole("guardian-minors-most"):
        set_claim(connection, identifier, state="refused", ended_at=at)
        _noted(connection, found, "refused", "anban", at, rules, {"why": "limit"})
        return None
    held = found.held
    if held != "desk" and home_marked(connection, user.id):
        held = "home"
        set_claim(connection, identifier, held=held)
    if held in WAITING_FOR_SOMEBODY:
        return None
    _bind(connection, keys, user, found, at, rules)
    return None


def revoke(
    connection: Connection,
    keys: MasterKeys,
    user: User,
    identifier: str,
    by: Literal["user", "guardian", "desk"],
    at: datetime,
    rules: Rulebook,
) -> None:
    """This guardian is one no longer: their sessions, their place among the contacts and what they consented to end.

    By themselves, by the desk, or by the person once they are of age. Raises `NotFound` and `Forbidden`.
    """
    found = read_claim(connection, identifier, locked=True)
    if found is None or found.user != user.id or found.state != "bound":
        raise NotFound("no such guardian")
    if by == "user" and _may_be_minor(user, at, rules):
        raise Forbidden("a guardian stays until you are of age; the care desk can help", code="of_age_only")
    set_claim(connection, identifier, state="revoked", ended_at=at)
    end_sessions(connection, identifier, at)
    if found.contact is not None:
        drop_contact(connection, user.id, found.contact)
    end_given_by(connection, user, identifier, at, rules)
    _noted(connection, found, "revoked", by, at, rules, {})


def _target(
    connection: Connection, keys: MasterKeys, service: str, ref: str, at: datetime, rules: Rulebook
) -> tuple[User | None, str]:
    """Who is claimed, and why time alone will not do. Nobody is a guardian of somebody who is known to be grown up."""
    user = find(connection, keys, service, ref)
    if user is None:
        return None, ""
    standing = standing_of(user, at, minor_age=rules.whole("minor-age"), elder_age=rules.whole("elder-age"))
    if standing.is_minor:
        return user, ""
    return (user, "age") if standing.ground == "unknown" else (None, "")


def _bind(connection: Connection, keys: MasterKeys, user: User, found: Claim, at: datetime, rules: Rulebook) -> None:
    who = claimant_of(keys, user, found)
    _tell_bound(connection, keys, user, "family.bound-told", found.id, at)
    contact = add_contact(
        connection,
        user,
        Contact("", "guardian", who.name, *who.code_to, state="accepted", also=(who.claims_from,), calls=who.calls),
    )
    set_claim(connection, found.id, state="bound", bound_at=at, contact=contact)
    put_letter(
        connection, keys, user=user.id, service=user.service, template="family.bound", about=found.id,
        ways=[who.code_to, who.claims_from], slots={"called": who.calls},
        path="/guardian", at=at, until=at + TOLD_WITHIN,
    )  # fmt: skip
    _noted(connection, found, "bound", "anban", at, rules, {"contact": contact})


def _tell_bound(connection: Connection, keys: MasterKeys, user: User, template: str, about: str, at: datetime) -> None:
    """Every guardian who is bound already hears of it, with a link by which they come in and may object.

    Not where the child is unsafe at home: who may be the danger does not learn who else comes to help.
    """
    if home_marked(connection, user.id):
        return
    for each in claims_on(connection, user.id, "bound"):
        who = claimant_of(keys, user, each)
        path = f"/guardian/enter/{new_link(connection, each.id, at, TOLD_WITHIN)}"
        put_letter(
            connection, keys, user=user.id, service=user.service, template=template, about=about,
            ways=[who.code_to, who.claims_from], slots={"called": who.calls}, path=path, at=at, until=at + TOLD_WITHIN,
        )  # fmt: skip


def _open_on(connection: Connection, user: User, identifier: str) -> Claim:
    found = read_claim(connection, identifier, locked=True)
    if found is None or found.user != user.id or found.state not in OPEN:
        raise NotFound("no such claim")
    return found


def _again(connection: Connection, identifier: str) -> Claim:
    found = read_claim(connection, identifier)
    assert found is not None
    return found


def _may_be_minor(user: User, at: datetime, rules: Rulebook) -> bool:
    standing = standing_of(user, at, minor_age=rules.whole("minor-age"), elder_age=rules.whole("elder-age"))
    return standing.is_minor or standing.ground == "unknown"


def _noted(
    connection: Connection, found: Claim, state: str, actor: str, at: datetime, rules: Rulebook, more: dict[str, Fact]
) -> None:
    if found.user is not None:
        _note(connection, found.user, found.service, found.id, state, actor, at, rules, more)


def _note(
    connection: Connection,
    user: str,
    service: str,
    identifier: str,
    state: str,
    actor: str,
    at: datetime,
    rules: Rulebook,
    more: dict[str, Fact],
) -> None:
    facts: dict[str, Fact] = {"claim": identifier, "state": state, **more}
    write(connection, Entry(Kind.GUARDIAN_CHANGED, at, user, actor, service, rules.version, facts))
