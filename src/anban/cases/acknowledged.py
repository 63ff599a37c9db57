"""A contact has said that they know: the calling ends, and the person may be told so."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from anban.base.keys import MasterKeys
from anban.cases.case import CaseEvent, append, locked_case
from anban.cases.course import course
from anban.cases.crisis import case_entry
from anban.conversations.mailbox import put
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.outreach.receipts import use
from anban.people.users import find, service_and_ref
from anban.provider.models import Service
from anban.provider.services import find as find_service
from anban.words.promise import PromiseState
from anban.words.templates import Words

Rules = Callable[[Service, frozenset[str], datetime], Rulebook]


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
    named = service_and_ref(connection, case.user)
    user = None if named is None else find(connection, keys, case.service, named[1])
    if user is not None and so_far.theme != "threat":
        lang = "zh" if service.place == "cn" else "en"
        text = words.render("contact.answered", lang=lang, state=PromiseState(contact="received")).text
        put(
            connection, user.id, user.key, conversation="", kind="care", at=at,
            payload={"author": "system", "text": text, "about": "contact.answered"},
            once=f"{case.id}|answered|{so_far.cycle}",
        )  # fmt: skip
    return case.user
