"""What goes to another company in this turn: whether it may, without what says who somebody is, and told afterwards."""

import asyncio
from dataclasses import replace
from typing import Final, NamedTuple

from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.models import User
from anban.people.standing import Standing
from anban.privacy.minimised import minimised_body
from anban.privacy.sharing import DUTY, Party, Sharing, may_share
from anban.rails.limits import Limit
from anban.rails.speech import UpstreamRequest

VITAL: Final = "vital-interest"


class Asked(NamedTuple):
    """Which of those who help us judge may be given this person's words."""

    guard: bool = True
    hearing: bool = True


@performs(DUTY)
def not_shared(standing: Standing, sharing: Sharing, rules: Rulebook) -> Limit | None:
    """The companion rests where another company's model would be given words that it may not have.

    Personal: whoever is in danger or asks for a real person passes it, as with every limit, and the exit stays open.
    Somebody held in a crisis is not left alone either: that rests on their vital interest, and is told so.
    """
    if may_share(sharing.model, standing, rules):
        return None
    return Limit("no-sharing", "limit.no-sharing" if standing.is_minor else "limit.no-sharing-own", personal=True)


def asked(standing: Standing, sharing: Sharing, rules: Rulebook) -> Asked:
    """Nobody outside hears of a minor without consent: our own detectors look all the same."""
    return Asked(may_share(sharing.guard, standing, rules), may_share(sharing.transcriber, standing, rules))


async def outgoing(request: UpstreamRequest, party: Party | None, user: User | None) -> UpstreamRequest:
    """The request as it may leave: identifiers masked, and at most a name that means nothing anywhere else.

    The pseudonym is keyed with the person's own key, so that it leads nowhere once that is destroyed.
    """
    if party is None:
        return request
    named = user.key.digest(f"pseudonym|{party.code}".encode()) if party.pseudonym and user is not None else None
    # In a thread: a long history that is new here takes a while to look through, and others are talking.
    body = await asyncio.to_thread(minimised_body, request.body) if party.mask else request.body
    return replace(request, body=body, pseudonym=named)


@performs(DUTY)
def disclosed(party: Party | None, standing: Standing, rules: Rulebook) -> dict[str, str]:
    """What the entry of the turn tells: who was given the words, on which basis, and whether they were masked."""
    if party is None:
        return {}
    given = "guardian-consent" if standing.is_minor else party.basis
    basis = given if may_share(party, standing, rules) else VITAL
    return {"shared": party.code, "basis": basis, "masked": "yes" if party.mask else "no"}
