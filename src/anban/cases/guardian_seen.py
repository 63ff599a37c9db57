"""Reads what a guardian may see of a child: the one way to an overview, for the console, the mirror and the summary."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import Connection

from anban.base.errors import NotFound
from anban.base.keys import MasterKeys
from anban.cases.guardian_alerts import alerts_to
from anban.conversations.usage import days_of
from anban.law.rulebook import Rulebook
from anban.people.claims import OPEN, Claim, claimant_of, claims_on
from anban.people.consents import consents_of
from anban.people.family import family_of
from anban.people.home import home_marked_since
from anban.people.models import User
from anban.people.overview import DAYS, Facts, Fellow, Overview, overview
from anban.people.standing import Standing, standing_with
from anban.privacy.erasure import erasures_of
from anban.provider.models import Service
from anban.provider.personas import personas_of
from anban.provider.services import Rules


@dataclass(frozen=True, slots=True)
class Ward:
    """The child, as far as their guardian's page needs them, beside what it shows."""

    user: User = field(repr=False)
    standing: Standing
    rules: Rulebook

    @property
    def is_grown(self) -> bool:
        """Whether this is known to be an adult: then nobody sees anything of them any more."""
        return not self.standing.is_minor and self.standing.ground != "unknown"


def ward_of(connection: Connection, user: User, plain: Rulebook, rules: Rules, service: Service, at: datetime) -> Ward:
    """The child with their standing and the rules of their group. `plain` are the rules that tell who is a minor."""
    ages = {"minor_age": plain.whole("minor-age"), "elder_age": plain.whole("elder-age")}
    standing = standing_with(user, family_of(connection, user), at, **ages)
    return Ward(user, standing, rules(service, standing.groups, at))


def seen_by(
    connection: Connection, keys: MasterKeys, ward: Ward, guardian: str, zone: tzinfo, at: datetime
) -> Overview:
    """What the guardian of this claim may see now; `zone` is the child's. Raises `NotFound` for who is not bound.

    Of other guardians, and of people who claim to be one, nothing is here that came after the child was marked unsafe
    at home: the same is then true as if nobody had come.
    """
    user = ward.user
    bound = claims_on(connection, user.id, "bound")
    mine = next((each for each in bound if each.id == guardian), None)
    if mine is None or ward.is_grown:
        raise NotFound("nothing to see here")
    hidden_from = home_marked_since(connection, user.id)
    today = at.astimezone(zone).date()
    days = days_of(connection, user.id, today - timedelta(days=DAYS - 1), today)
    # The child's own requests are the child's own.
    asked = [each for each in erasures_of(connection, user.id) if each.by == "guardian"]
    return overview(
        Facts(
            called=claimant_of(keys, user, mine).calls,
            standing=ward.standing,
            rules=ward.rules,
            at=at,
            today=today,
            days=days,
            names={each.ref: each.given.name for each in personas_of(connection, user.service)},
            alerts=alerts_to(connection, user.id, mine.contact),
            consents=consents_of(connection, user.id),
            fellows=tuple(_fellows(keys, user, bound, mine, hidden_from)),
            claims=tuple(
                (each.id, each.made_at)
                for each in claims_on(connection, user.id, *OPEN)
                if hidden_from is None or each.made_at < hidden_from
            ),
            erasure_asked=asked[-1].asked_at if asked else None,
            erasure_ended=asked[-1].erased_at if asked else None,
        )
    )


def _fellows(
    keys: MasterKeys, user: User, bound: Iterable[Claim], mine: Claim, hidden_from: datetime | None
) -> Iterable[Fellow]:
    for each in bound:
        since = each.bound_at or each.made_at
        if each.id == mine.id or hidden_from is None or since < hidden_from:
            yield Fellow(each.contact or "", claimant_of(keys, user, each).name, since, each.id == mine.id)
