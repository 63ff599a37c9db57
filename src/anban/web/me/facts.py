"""Everything of one person that their own page shows, read in one go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from anban.base.db import Connection
from anban.cases.usage_day import life_of
from anban.conversations.usage import Day, days_of
from anban.law.rulebook import Rulebook
from anban.people.contacts import every_contact
from anban.people.elder_setup import Occasion, SetUp, setup_due, setup_of
from anban.people.letters import letters_about
from anban.people.models import Contact, User
from anban.people.safety_card import SafetyCard, card_of
from anban.people.standing import Standing, family_of, standing_with
from anban.people.users import find
from anban.rails.limits import zone_of
from anban.rails.runtime import Runtime
from anban.risk.dependence import RECENT, USUAL, Index, index
from anban.risk.models import Held
from anban.risk.record import decayed, held_level
from anban.web.me.door import Asking
from anban.web.reads import looks_at


@dataclass(frozen=True, slots=True)
class ReadBy:
    """That somebody read this person's conversation: when, on the person's own clock, in which role, and why."""

    at: datetime
    reason: str
    role: str


@dataclass(frozen=True, slots=True)
class Mine:
    """What is known of the person whose page this is; of somebody who never spoke, nothing (`user` is None)."""

    now: datetime
    zone: tzinfo
    rules: Rulebook
    standing: Standing
    user: User | None = None
    days: tuple[Day, ...] = ()
    held: Held = Held()
    contacts: tuple[Contact, ...] = ()
    invited: Mapping[str, str] = field(default_factory=dict[str, str])
    """Contacts that were asked and have not answered: how far the letter to them has come (waiting, sent, given-up)."""

    setup: SetUp = SetUp()
    card: SafetyCard | None = None
    readings: tuple[ReadBy, ...] = ()
    habits: Index | None = None
    """How they live with the companion beside their own usual; None while that is too early to say."""

    @property
    def today(self) -> date:
        """The day on the person's own calendar."""
        return self.now.astimezone(self.zone).date()

    @property
    def elder(self) -> bool:
        return self.standing.audience == "elder"

    def week(self, number: int) -> tuple[Day, ...]:
        """The last `number` days up to today, also those without any use, oldest first."""
        used = {each.day: each for each in self.days}
        wanted = (self.today - timedelta(days=back) for back in range(number - 1, -1, -1))
        return tuple(used.get(day) or Day(day, 0.0, (0.0,) * 24, {}) for day in wanted)

    def asks_for_contact(self) -> Occasion | None:
        """Whether this person is to be led through naming a contact now."""
        since = self.user.first_seen if self.user is not None else self.now
        return setup_due(self.standing, self.setup, self.contacts, since, self.now, self.rules)


def mine_of(connection: Connection, who: Asking, rt: Runtime, now: datetime) -> Mine:
    """Read it all."""
    plain = rt.rules(who.service, frozenset[str](), now)
    user = find(connection, rt.keys, who.service.id, who.ref)
    if user is None:
        return Mine(now, zone_of(None, plain), plain, Standing())
    standing = standing_with(
        user, family_of(connection, user), now, minor_age=plain.whole("minor-age"), elder_age=plain.whole("elder-age")
    )
    rules = rt.rules(who.service, standing.groups, now)
    zone = zone_of(user, rules)
    today = now.astimezone(zone).date()
    contacts = every_contact(connection, user)
    held = decayed(held_level(connection, user.id), now, rules.lasting("risk-decay-hours"))
    said = held.set_by == "rule" and held.dependence > 0
    return Mine(
        now,
        zone,
        rules,
        standing,
        user,
        days_of(connection, user.id, today - timedelta(days=RECENT + USUAL - 1), today),
        held,
        contacts,
        {each.id: _letter(connection, each) for each in contacts if each.state == "invited"},
        setup_of(connection, user.id),
        card_of(connection, user),
        tuple(ReadBy(each.at.astimezone(zone), each.reason, each.role) for each in looks_at(connection, user.id)),
        index(life_of(connection, user.id, rules, today, now, words=said), rules),
    )


def _letter(connection: Connection, contact: Contact) -> str:
    asked = [state for template, state in letters_about(connection, contact.id) if template.startswith("family.invite")]
    return asked[-1] if asked else "waiting"
