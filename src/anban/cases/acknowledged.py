"""A contact has said that they know: the calling ends, and the person may be told so."""

from datetime import datetime

from sqlalchemy import Connection

from anban.base.keys import MasterKeys
from anban.cases.case import CaseEvent, append, locked_case
from anban.cases.course import course
from anban.cases.crisis import case_entry
from anban.conversations.mailbox import put_care
from anban.law.performs import performs
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.outreach.receipts import use
from anban.people.standing import standing_at
from anban.people.users import find_by_id
from anban.provider.services import Rules
from anban.provider.services import find as find_service
from anban.words.promise import PromiseState
from anban.words.templates import Words


@performs("contact-told")
def acknowledged(
    connection: Connection, keys: MasterKeys, words: Words, rules: Rules, token: str, at: datetime
) -> str | None:
    """Use the link up: the case learns that its contact knows. The person's id, or None when the link opens nothing.

    That a contact knows is told to the person, except where the danger may be that contact.
    """
    receipt = use(connection, token, at)
    if receipt is None:
        return None
    return contact_knows(connection, keys, words, rules, receipt.case, receipt.contact, receipt.made_at, at)


def contact_knows(
    connection: Connection,
    keys: MasterKeys,
    words: Words,
    rules: Rules,
    identifier: str,
    contact: str,
    told_at: datetime,
    at: datetime,
) -> str:
    """This contact, told at `told_at`, knows of the case; saying it again changes nothing. The person's id.

    For whoever has proven to be that contact: by the link of a message, or by being logged in as the guardian.
    """
    case = locked_case(connection, identifier)
    so_far = course(case.events)
    if contact in so_far.confirmed:
        return case.user
    event = CaseEvent(f"confirmed|{contact}|{so_far.cycle}", "confirmed", at, "contact", {"contact": contact})
    changed = append(connection, case, event)
    service = find_service(connection, case.service)
    rulebook = rules(service, frozenset(), at).version
    facts = {"contact": contact, "seconds": (at - told_at).total_seconds()}
    write(connection, case_entry(changed, Kind.OUTREACH_CONFIRMED, at, rulebook, dict(facts), "contact"))
    user = find_by_id(connection, keys, case.user)
    if user is not None and so_far.theme != "threat":
        whom = standing_at(connection, user, at, rules(service, frozenset(), at)).audience
        state = PromiseState(contact="received")
        text = words.render("contact.answered", lang=service.lang, audience=whom, state=state).text
        once = f"{case.id}|answered|{so_far.cycle}"
        put_care(connection, user.id, user.key, text=text, about="contact.answered", at=at, once=once)
    return case.user
