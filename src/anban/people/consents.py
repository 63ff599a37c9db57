"""Consents: one purpose each, never bundled, withdrawn with effect at once, with a receipt for whoever gave them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, insert, select, update

from anban.base.errors import Forbidden, NotFound
from anban.base.ids import new_id
from anban.base.times import aware
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.ages import bound_guardians
from anban.people.family_models import consents
from anban.people.models import User, users
from anban.people.standing import Standing

Purpose = Literal["agreement", "use", "under-14-data", "sharing", "training"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
By = Literal["user", "guardian"]

GUARDIANS_ONLY: Final = frozenset({"under-14-data"})
"""Purposes that nobody consents to for themselves."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One line: a purpose, the version of its text, who gave it, and how long it holds."""

    id: str
    purpose: str
    version: str
    by: str
    guardian: str | None
    given_at: datetime
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return self.withdrawn_at is None and (self.expires_at is None or self.expires_at > at)

    def receipt(self, at: datetime) -> dict[str, Any]:
        """The facts of this consent as its giver may keep them."""

        def said(moment: datetime | None) -> str | None:
            return None if moment is None else moment.isoformat()

        ended = "withdrawn" if self.withdrawn_at else "expired"
        return {
            "receipt": self.id,
            "purpose": self.purpose,
            "version": self.version,
            "by": self.by,
            "state": "in-force" if self.holds(at) else ended,
            "given_at": said(self.given_at),
            "expires_at": said(self.expires_at),
            "withdrawn_at": said(self.withdrawn_at),
        }


def below(standing: Standing, age: float) -> bool:
    """Whether this may be somebody below `age`: a minor whose age nobody knows may be of any."""
    return standing.is_minor and (standing.youngest is None or standing.youngest < age)


@performs("guardian-consent", "under-14-consent")
def consents_missing(standing: Standing, rules: Rulebook) -> tuple[Purpose, ...]:
    """The purposes that a guardian must consent to before a companion is offered to this person at all."""
    owed: list[Purpose] = []
    if rules.sets("guardian-consent-age") and below(standing, rules.whole("guardian-consent-age")):
        owed.append("use")
    if rules.sets("under-14") and below(standing, rules.whole("under-14")):
        owed.append("under-14-data")
    return tuple(each for each in owed if each not in standing.consents)


@performs("guardian-consent", "under-14-consent")
def consent_stops(standing: Standing, rules: Rulebook) -> bool:
    """Whether a guardian's missing consent keeps this person from talking with a companion (final art 14, 17).

    It does once there is a guardian to ask. Where people register here, also before that for whoever is known to be
    under fourteen; a service that leaves registering to its app has the app's word that a guardian agreed. A minor who
    is only suspected, or may be fourteen as well, is not locked out before a guardian is there: a guess shuts no door.
    """
    owed = consents_missing(standing, rules)
    if "use" in owed and standing.guardian_bound:
        return True
    if "under-14-data" not in owed or not rules.holds("registration-required"):
        return False
    return not standing.suspected and standing.oldest is not None and standing.oldest < rules.whole("under-14")


@performs("service-agreement", "guardian-consent", "under-14-consent")
def give(
    connection: Connection,
    user: User,
    standing: Standing,
    purpose: Purpose,
    version: str,
    by: By,
    at: datetime,
    rules: Rulebook,
    *,
    guardian: str | None = None,
) -> Consent:
    """Consent to one purpose. A new one takes the place of the old; giving the same version twice changes nothing.

    Raises `Forbidden` where a guardian is needed, or is named who is not bound to this person. What a guardian gives
    ends after a while, so that it is asked again as the child grows.
    """
    _may_give(connection, user, standing, purpose, by, guardian, rules)
    connection.execute(select(users.c.id).where(users.c.id == user.id).with_for_update())
    before = [each for each in consents_of(connection, user.id) if each.purpose == purpose and each.holds(at)]
    same = next((each for each in before if (each.version, each.by) == (version, by)), None)
    if same is not None:
        return same
    _end(connection, [each.id for each in before], at)
    lasts = rules.lasting("guardian-consent-days") if by == "guardian" else None
    given = Consent(new_id("cst_"), purpose, version, by, guardian, at, None if lasts is None else at + lasts)
    connection.execute(
        insert(consents).values(
            id=given.id, user=user.id, purpose=purpose, version=version, by=by, guardian=guardian,
            given_at=at, expires_at=given.expires_at,
        )
    )  # fmt: skip
    facts: dict[str, Fact] = {"purpose": purpose, "version": version, "receipt": given.id}
    if guardian is not None:
        facts["guardian"] = guardian
    write(connection, Entry(Kind.CONSENT_GIVEN, at, user.id, by, user.service, rules.version, facts))
    return given


@performs("guardian-consent", "under-14-consent")
def withdraw(
    connection: Connection,
    user: User,
    purpose: Purpose,
    by: By,
    at: datetime,
    rules: Rulebook,
    *,
    guardian: str | None = None,
) -> tuple[Consent, ...]:
    """Take back what was given for one purpose; it counts no more from this moment on. Nothing in force: nothing done.

    Anybody may withdraw what they gave; a minor may also withdraw what a guardian gave for sharing and training, and a
    guardian whatever the minor gave. Raises `Forbidden` for all else.
    """
    if by == "guardian" and guardian not in bound_guardians(connection, user.id):
        raise Forbidden("no such guardian of this person")
    ended = [each for each in consents_of(connection, user.id) if each.purpose == purpose and each.holds(at)]
    if by == "user" and purpose in ("use", "under-14-data") and any(each.by == "guardian" for each in ended):
        raise Forbidden("a guardian gave this; a guardian takes it back", code="guardian_needed")
    _end(connection, [each.id for each in ended], at)
    for each in ended:
        facts: dict[str, Fact] = {"purpose": purpose, "version": each.version, "receipt": each.id}
        write(connection, Entry(Kind.CONSENT_WITHDRAWN, at, user.id, by, user.service, rules.version, facts))
    return tuple(ended)


def end_given_by(connection: Connection, user: User, guardian: str, at: datetime, rules: Rulebook) -> None:
    """A guardian is one no longer: what they consented to counts no more either."""
    ended = [each for each in consents_of(connection, user.id) if each.guardian == guardian and each.holds(at)]
    _end(connection, [each.id for each in ended], at)
    for each in ended:
        facts: dict[str, Fact] = {"purpose": each.purpose, "version": each.version, "receipt": each.id}
        write(connection, Entry(Kind.CONSENT_WITHDRAWN, at, user.id, "anban", user.service, rules.version, facts))


def consents_of(connection: Connection, user: str) -> tuple[Consent, ...]:
    """Every consent ever given, oldest first: those of the past are the record."""
    rows = connection.execute(select(consents).where(consents.c.user == user).order_by(consents.c.id))
    return tuple(
        Consent(
            row.id, row.purpose, row.version, row.by, row.guardian, aware(row.given_at),
            aware(row.expires_at) if row.expires_at else None,
            aware(row.withdrawn_at) if row.withdrawn_at else None,
        )
        for row in rows
    )  # fmt: skip


def in_force(connection: Connection, user: str, at: datetime) -> frozenset[str]:
    """The purposes consented to at `at`; asked by whoever is about to use data for one, row by row."""
    return frozenset(each.purpose for each in consents_of(connection, user) if each.holds(at))


def receipts(connection: Connection, user: str, at: datetime) -> list[dict[str, Any]]:
    """Every consent as a receipt, newest first: one page of facts for the person and for their guardian."""
    return [each.receipt(at) for each in reversed(consents_of(connection, user))]


def receipt(connection: Connection, user: str, identifier: str, at: datetime) -> dict[str, Any]:
    """One receipt. Raises `NotFound`, also for somebody else's."""
    for each in consents_of(connection, user):
        if each.id == identifier:
            return each.receipt(at)
    raise NotFound("no such receipt")


def _may_give(
    connection: Connection,
    user: User,
    standing: Standing,
    purpose: Purpose,
    by: By,
    guardian: str | None,
    rules: Rulebook,
) -> None:
    if by == "guardian":
        if guardian is None or guardian not in bound_guardians(connection, user.id):
            raise Forbidden("no such guardian of this person")
        return
    if purpose in GUARDIANS_ONLY:
        raise Forbidden("only a guardian consents to this", code="guardian_needed")
    if purpose == "use" and below(standing, rules.whole("guardian-consent-age")):
        raise Forbidden("a guardian consents to this for somebody so young", code="guardian_needed")
    if purpose in ("sharing", "training") and standing.is_minor:
        raise Forbidden("a guardian consents to this for a minor", code="guardian_needed")


def _end(connection: Connection, identifiers: list[str], at: datetime) -> None:
    if identifiers:
        connection.execute(update(consents).where(consents.c.id.in_(identifiers)).values(withdrawn_at=at))
