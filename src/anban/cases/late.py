"""Cases that could not be stored when they happened: written to the spool, entered late, marked as late."""

from dataclasses import replace

import msgspec
from sqlalchemy import Connection

from anban.base.keys import MasterKeys
from anban.cases.case import Case, read_case
from anban.cases.crisis import Danger, open_crisis
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.ledger.reading import of_decision
from anban.people.users import meet

UNKNOWN_SERVICE = "unknown"
"""What a process calls its service when it has never seen the database."""


class Spooled(msgspec.Struct, frozen=True):
    """One promise in the spool: the danger, and the service's name for the person, who may not have been readable."""

    ref: str
    danger: Danger
    v: int = 1


def to_record(danger: Danger, ref: str) -> bytes:
    """The bytes to seal into the spool."""
    return msgspec.json.encode(Spooled(ref, danger))


def enter_late(connection: Connection, keys: MasterKeys, record: bytes, own_service: str) -> Case:
    """Store one spooled promise. Entering it twice, or after it was stored after all, changes nothing more.

    `own_service` is the deployment's own, for promises made before it could be read.
    """
    spooled = msgspec.json.decode(record, type=Spooled)
    given = spooled.danger
    service = own_service if given.service == UNKNOWN_SERVICE else given.service
    user = meet(connection, keys, service, spooled.ref, given.at)
    danger = replace(given, service=service, user=user.id, late=True)
    # A write that was given up may have reached the database after all; its evidence says so.
    for recorded in of_decision(connection, danger.decision):
        if recorded.entry.kind is Kind.HELP_OFFERED and recorded.entry.subject == user.id:
            return read_case(connection, str(recorded.entry.facts["case"]))
    case = open_crisis(connection, danger)
    entry = Entry(
        kind=Kind.SPOOL_REPLAYED,
        at=danger.at,
        subject=user.id,
        actor="anban",
        service=danger.service,
        rulebook=danger.rulebook,
        facts={"case": case.id, "decision": danger.decision},
        late=True,
    )
    write(connection, entry)
    return case
