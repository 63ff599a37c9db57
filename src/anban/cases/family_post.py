"""Carries what guardians and contacts are owed on the slow clock: letters, claims, asking again each year."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection, select

from anban.base.durable import Piece, still_ours
from anban.cases.carrying import Carrying
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.outreach.channel import Letter, Outcome
from anban.outreach.outreach import Step
from anban.people.guardians import WORK as CLAIM
from anban.people.guardians import move_on, read_claim
from anban.people.invitations import RECHECK, recheck
from anban.people.letters import WORK as LETTER
from anban.people.letters import FamilyLetter, conclude_letter, waiting_letter
from anban.people.models import Contact, User, contacts
from anban.people.users import find_by_id
from anban.provider.services import find as find_service
from anban.words.helplines import Lang

__all__ = ["CLAIM", "LETTER", "RECHECK", "carry_claim", "carry_letter", "carry_recheck"]

log = structlog.get_logger("anban.family")

AGAIN = timedelta(seconds=60)
"""How soon a letter that nobody took is tried again, until its time is over."""


async def carry_letter(piece: Piece, c: Carrying) -> datetime | None:
    """Send one letter over the first channel that takes it; tried again until its time is over, then given up.

    The intent is written before, the result after. A letter whose fate is unknown is sent again under the same id.
    """
    found = await c.db.write(partial(_taken, piece=piece, c=c))
    if found is None:
        return None
    letter, steps, lang = found
    if c.clock.now() >= letter.until or not steps:
        log.error("family.letter_given_up", letter=letter.id, about=letter.about, channels=len(steps))
        await c.db.write(partial(_over, piece=piece, letter=letter, c=c, outcome=Outcome("refused", "", code="late")))
        return None
    words = c.words.page(lang)
    link = f"{c.public_url}{letter.path}" if letter.path else ""
    slots = {"service": words["service.name"], "link": link, **letter.slots}
    slots["called"] = slots.get("called") or words["family.called"]
    text = c.words.render(letter.template, lang=lang, slots=slots).text
    for number, step in enumerate(steps):
        sent = Letter(
            f"{letter.about}|{letter.id}|{number}", step.route, step.address, words["family.subject"], text, link,
            c.clock.now(),
        )  # fmt: skip
        outcome = await c.outreach.send(step.channel, sent)
        if outcome.state == "accepted":
            await c.db.write(partial(_over, piece=piece, letter=letter, c=c, outcome=outcome))
            return None
    return c.clock.now() + AGAIN


async def carry_claim(piece: Piece, c: Carrying, forget: Callable[[str, str], None]) -> datetime | None:
    """Let time do to a claim what it does: expire, or bind. `forget` has the person read anew, by service and ref."""

    def work(connection: Connection) -> tuple[User | None, datetime | None]:
        still_ours(connection, piece)
        found = read_claim(connection, piece.id)
        if found is None:
            return None, None
        user = None if found.user is None else find_by_id(connection, c.keys, found.user)
        rules = _rules(connection, found.service, c)
        return user, move_on(connection, c.keys, user, piece.id, c.clock.now(), rules)

    user, due_at = await c.db.write(work)
    if user is not None:
        forget(user.service, user.ref)
    return due_at


async def carry_recheck(piece: Piece, c: Carrying) -> datetime | None:
    """Ask a contact again when a year has passed, and note who does not answer."""

    def work(connection: Connection) -> datetime | None:
        still_ours(connection, piece)
        contact = piece.id.partition("|")[2]
        owner = connection.execute(select(contacts.c.user).where(contacts.c.id == contact)).scalar()
        user = None if owner is None else find_by_id(connection, c.keys, owner)
        if user is None:
            return None
        return recheck(connection, c.keys, user, contact, c.clock.now(), _rules(connection, user.service, c))

    return await c.db.write(work)


def _taken(connection: Connection, piece: Piece, c: Carrying) -> tuple[FamilyLetter, tuple[Step, ...], Lang] | None:
    still_ours(connection, piece)
    letter = waiting_letter(connection, c.keys, piece.id)
    if letter is None:
        return None
    (route, address), *also = letter.ways
    steps = c.outreach.steps_for(Contact("", "guardian", "", route, address, also=tuple(also)))
    if letter.user and letter.tries == 1:
        _note(connection, letter, Kind.OUTREACH_ATTEMPTED, c, {})
    return letter, steps, find_service(connection, letter.service).lang


def _over(connection: Connection, piece: Piece, letter: FamilyLetter, c: Carrying, outcome: Outcome) -> None:
    still_ours(connection, piece)
    conclude_letter(connection, letter.id, "sent" if outcome.state == "accepted" else "given-up")
    if letter.user:
        facts: dict[str, Fact] = {"outcome": outcome.state, "channel": outcome.channel, "code": outcome.code[:60]}
        _note(connection, letter, Kind.OUTREACH_SENT, c, facts)


def _note(connection: Connection, letter: FamilyLetter, kind: Kind, c: Carrying, more: dict[str, Fact]) -> None:
    facts: dict[str, Fact] = {"send": letter.id, "about": letter.about, "template": letter.template, **more}
    version = _rules(connection, letter.service, c).version
    write(connection, Entry(kind, c.clock.now(), letter.user, "anban", letter.service, version, facts))


def _rules(connection: Connection, service: str, c: Carrying) -> Rulebook:
    return c.rules(find_service(connection, service), frozenset(), c.clock.now())
