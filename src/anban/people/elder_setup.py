"""Elders name somebody to be called, with help: when that is asked, what was skipped, and when guidance is due."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection

from anban.base.keys import MasterKeys
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.ledger.reading import about
from anban.people.contacts import SAID_NO, add_contact
from anban.people.invitations import invite
from anban.people.models import Contact, User
from anban.people.standing import Standing

Occasion = Literal["first", "again", "yearly"]
"""Nobody was ever named; skipped before and asked again; a year after they last looked at it."""

REMEMBERED: Final = 200
"""Changes of contacts that are looked back over; far more than anybody makes in a year."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """When an elder last finished or confirmed the set-up, and when they last skipped it."""

    done_at: datetime | None = None
    skipped_at: datetime | None = None


@performs("elder-contact")
def setup_due(
    standing: Standing, so_far: SetUp, contacts: Sequence[Contact], first_seen: datetime, at: datetime, rules: Rulebook
) -> Occasion | None:
    """Whether an elder is to be led through naming a contact now (draft art 13(1), final art 12, 15).

    At first use, and yearly as long as somebody is on file; who skipped it is asked again at their next visit.
    """
    if standing.audience != "elder":
        return None
    skipped = so_far.skipped_at
    if skipped is not None and at - skipped < rules.lasting("elder-setup-again-hours"):
        return None
    if not any(each.state not in SAID_NO for each in contacts):
        return "first" if skipped is None else "again"
    looked = so_far.done_at or first_seen
    return "yearly" if at - looked >= rules.lasting("contact-recheck-days") else None


def may_be_elder(user: User, at: datetime, elder_age: int) -> bool:
    """Whether what was stated leaves room for an elder: spares everybody else a look into the ledger."""
    aged = user.birth_year is not None and at.year - user.birth_year >= elder_age
    return user.mode == "elder" or user.age_band == "elder" or aged


@performs("elder-help")
def guidance_due(standing: Standing, given: Collection[datetime], at: datetime, rules: Rulebook) -> bool:
    """Whether an elder is owed the card on healthy use, money and health: at first use and monthly (final art 15).

    `given` are the times at which they had it before.
    """
    if standing.audience != "elder":
        return False
    return not given or at - max(given) >= rules.lasting("elder-guidance-days")


def setup_of(connection: Connection, user: str) -> SetUp:
    """How far this person has come, as the ledger tells it."""
    done: datetime | None = None
    skipped: datetime | None = None
    for each in about(connection, user, Kind.CONTACT_CHANGED, REMEMBERED):
        match each.entry.facts.get("setup"):
            case "done" | "confirmed":
                done = each.entry.at
            case "skipped":
                skipped = each.entry.at
            case _:
                pass
    return SetUp(done, skipped)


@performs("elder-contact")
def name_contact(
    connection: Connection, keys: MasterKeys, user: User, contact: Contact, at: datetime, rules: Rulebook
) -> str:
    """Keep somebody whom the person named, and ask them whether they agree; the contact's id."""
    identifier = add_contact(connection, user, contact)
    invite(connection, keys, user, identifier, at, rules)
    _note(connection, user, at, rules, setup="done", contact=identifier)
    return identifier


def confirm_contacts(connection: Connection, user: User, at: datetime, rules: Rulebook) -> None:
    """The yearly look: they are still the right ones."""
    _note(connection, user, at, rules, setup="confirmed")


def skip_setup(connection: Connection, user: User, at: datetime, rules: Rulebook) -> None:
    """Not now: that is kept, and asked again at the next visit."""
    _note(connection, user, at, rules, setup="skipped")


def _note(connection: Connection, user: User, at: datetime, rules: Rulebook, **facts: Fact) -> None:
    write(connection, Entry(Kind.CONTACT_CHANGED, at, user.id, "self", user.service, rules.version, facts))
