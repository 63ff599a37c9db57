"""The person behind a case as whoever carries it needs them: whom to tell, who is on duty, which rules hold."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from anban.base.errors import NotFound
from anban.base.keys import MasterKeys
from anban.cases.case import Case
from anban.cases.owed import Reach
from anban.conversations.mailbox import put_care
from anban.law.rulebook import Rulebook
from anban.outreach.channel import Letter
from anban.outreach.outreach import Outreach, Step
from anban.people.contacts import contacts_of
from anban.people.models import Contact, User
from anban.people.standing import Standing, standing_of
from anban.people.users import find_by_id
from anban.provider.models import Service
from anban.provider.rota import OnDuty, on_duty
from anban.provider.services import Rules
from anban.provider.services import find as find_service
from anban.words.helplines import Lang
from anban.words.promise import Contact as ContactSaid
from anban.words.promise import PromiseState
from anban.words.templates import Words


@dataclass(frozen=True)
class Carried:
    """A person in danger, whom to tell, who is on duty, and the rules that hold for them."""

    user: User
    service: Service
    standing: Standing
    rules: Rulebook
    contacts: tuple[Contact, ...]
    steps: dict[str, tuple[Step, ...]]
    duty: tuple[OnDuty, ...]

    @property
    def lang(self) -> Lang:
        """The language of whoever is told."""
        return self.service.lang

    @property
    def reach(self) -> Sequence[Reach]:
        minor = self.standing.is_minor
        return [
            Reach(each.id, len(self.steps[each.id]), each.unsafe, minor and each.kind == "guardian")
            for each in self.contacts
        ]

    @property
    def tiers(self) -> Collection[int]:
        return {each.tier for each in self.duty}

    def contact(self, identifier: str) -> Contact:
        return next(each for each in self.contacts if each.id == identifier)

    def channel_of(self, letter: Letter) -> str:
        """The channel that a letter of ours goes by; its step stands at the end of its id."""
        _, contact, tail = letter.send.split("|")
        return self.steps[contact][int(tail.split(".")[2])].channel

    def tell_person(self, connection: Connection, case: Case, template: str, words: Words, at: datetime) -> None:
        """Leave our own words for the person, outside any reply."""
        state = PromiseState(contact=_said_of_contact(template))
        text = words.render(template, lang=self.lang, audience=self.standing.audience, state=state).text
        once = f"{case.id}|{template}|{at:%Y%m%d%H}"
        put_care(connection, self.user.id, self.user.key, text=text, about=template, at=at, once=once)


def carried(
    connection: Connection,
    case: Case,
    keys: MasterKeys,
    rules: Rules,
    outreach: Outreach,
    now: datetime,
) -> Carried:
    """Read everything about the person that their case needs now. Raises `NotFound`."""
    user = find_by_id(connection, keys, case.user)
    if user is None:
        raise NotFound("the person of this case is not there")
    service = find_service(connection, case.service)
    plain = rules(service, frozenset(), now)
    standing = standing_of(user, now, minor_age=plain.whole("minor-age"), elder_age=plain.whole("elder-age"))
    known = contacts_of(connection, user)
    if not standing.is_minor:
        # A minor's guardian comes first; for everybody else, whom they named themselves.
        known = tuple(sorted(known, key=lambda each: each.kind != "emergency"))
    steps = {each.id: outreach.steps_for(each, drill=case.is_drill) for each in known}
    duty = on_duty(connection, service.id, now)
    return Carried(user, service, standing, rules(service, standing.groups, now), known, steps, duty)


def _said_of_contact(template: str) -> ContactSaid:
    match template:
        case "contact.told":
            return "sent"
        case "contact.answered":
            return "received"
        case "contact.held":
            return "held"
        case _:
            return "none"
