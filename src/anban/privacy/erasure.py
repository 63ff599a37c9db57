"""Erasure: asked for, held where the law asks for it, carried to the end, and proven without a word of what went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, insert, select, update

from anban.base.durable import promise
from anban.base.errors import BadInput, NotFound
from anban.base.ids import new_id
from anban.base.times import aware, working_days_after
from anban.conversations.models import mail, turns
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import moment, write
from anban.ledger.models import ledger_entries
from anban.people.models import User, users
from anban.people.standing import standing_of
from anban.privacy.models import erasures, legal_holds
from anban.privacy.scope import SCOPES, WHOLE, Scope, Wanted

ERASURE: Final = "erasure"
"""The kind of work; one row a person, so that several requests are carried together."""

BAND: Final = 90
"""Behind everybody in danger, before what happens once a day."""

LONGEST_TARGET: Final = 256

By = Literal["user", "guardian", "service", "administrator"]
State = Literal["asked", "held", "erasing", "erased", "done"]
OPEN: Final = ("asked", "held", "erasing", "erased")


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an erasure waits: a code for words, the clause, and until when; None: until what holds it has ended."""

    code: str
    clause: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """One request and how far it has come. `counts` is rows by table."""

    id: str
    service: str
    user: str
    scope: Scope
    target: str = field(repr=False)
    by: By
    asked_at: datetime
    state: State
    held: str
    key_to: int | None
    counts: Mapping[str, int]
    erased_at: datetime | None
    done_at: datetime | None


@performs("copy-and-erasure")
def ask_erasure(
    connection: Connection, user: User, scope: str, target: str, by: By, at: datetime, rules: Rulebook
) -> Erasure:
    """Somebody asks that records go; asking twice is asking once (draft art 14(3), final art 16-17).

    What was said since an earlier request that still waits is no part of that one: then it is asked anew.

    Raises `BadInput` for no such scope, a target that is missing, too long or not theirs, and for ending an account
    that minors' mode protects, which is the guardian's or the service's to ask for.
    """
    wanted = _scope(scope)
    target = "" if wanted in WHOLE else _target(connection, user, wanted, target)
    if wanted == "account" and by == "user" and is_protected(user, at, rules):
        raise BadInput("in minors' mode a guardian or the service ends the account", field="scope", code="guardian")
    same = (erasures.c.user == user.id, erasures.c.scope == wanted, erasures.c.target == target)
    waiting = select(erasures).where(*same, erasures.c.state.in_(("asked", "held"))).order_by(erasures.c.id.desc())
    found = connection.execute(waiting.limit(1)).first()
    if found is not None and (wanted == "message" or not _said_since(connection, user, aware(found.asked_at))):
        return _erasure(found)
    identifier = new_id("era_")
    connection.execute(
        insert(erasures).values(
            id=identifier, service=user.service, user=user.id, scope=wanted, target=target, by=by, asked_at=at,
            state="asked", held="", counts={},
        )
    )  # fmt: skip
    promise(connection, f"{ERASURE}|{user.id}", ERASURE, at, BAND)
    note(
        connection,
        Kind.RECORD_ERASURE_ASKED,
        user.id,
        user.service,
        by,
        at,
        rules,
        {"erasure": identifier, "scope": wanted},
    )
    return read_erasure(connection, identifier)


def read_erasure(connection: Connection, identifier: str) -> Erasure:
    """One erasure. Raises `NotFound`."""
    row = connection.execute(select(erasures).where(erasures.c.id == identifier)).first()
    if row is None:
        raise NotFound("no such erasure")
    return _erasure(row)


def erasures_of(connection: Connection, user: str, states: Sequence[str] = ()) -> tuple[Erasure, ...]:
    """A person's erasures, oldest first; in these states, or all."""
    wanted = select(erasures).where(erasures.c.user == user).order_by(erasures.c.id)
    if states:
        wanted = wanted.where(erasures.c.state.in_(states))
    return tuple(_erasure(row) for row in connection.execute(wanted))


def move(connection: Connection, erasure: str, **values: Any) -> None:
    """Write down how far an erasure has come."""
    connection.execute(update(erasures).where(erasures.c.id == erasure).values(**values))


def due_by(erasure: Erasure, rules: Rulebook) -> datetime:
    """When it has to be done at the latest; what the law holds back waits longer."""
    return working_days_after(erasure.asked_at, rules.whole("erasure-working-days"))


def waiting_erasures(connection: Connection, service: str) -> tuple[Erasure, ...]:
    """Every erasure of a service that is not done, oldest first."""
    still = (erasures.c.service == service, erasures.c.state.in_(("asked", "held", "erasing")))
    return tuple(_erasure(row) for row in connection.execute(select(erasures).where(*still).order_by(erasures.c.id)))


def is_protected(user: User, at: datetime, rules: Rulebook) -> bool:
    """Whether what protects a minor protects this person: it outlives whatever they have erased."""
    stated = standing_of(user, at, minor_age=rules.whole("minor-age"), elder_age=rules.whole("elder-age"))
    return stated.is_minor


def wanted_of(erasure: Erasure, user: User, rules: Rulebook) -> Wanted:
    """Which rows this erasure takes."""
    minor = is_protected(user, erasure.asked_at, rules)
    return Wanted(user.id, erasure.scope, erasure.target, erasure.asked_at, minor)


def legal_holds_on(connection: Connection, user: str, at: datetime) -> tuple[Hold, ...]:
    """What an authority or a court has asked to keep of this person, while it runs."""
    running = (legal_holds.c.user == user, legal_holds.c.ended_at.is_(None), legal_holds.c.until > at)
    rows = connection.execute(select(legal_holds).where(*running).order_by(legal_holds.c.until))
    return tuple(Hold("legal", row.clause, aware(row.until)) for row in rows)


def put_hold(
    connection: Connection, user: User, clause: str, by: str, until: datetime, at: datetime, rules: Rulebook
) -> str:
    """Keep everything of this person until `until`, because `clause` asks for it; they are told. The hold's id."""
    identifier = new_id("hold_")
    connection.execute(
        insert(legal_holds).values(id=identifier, user=user.id, clause=clause, by=by, at=at, until=until)
    )
    facts: dict[str, Fact] = {"hold": identifier, "clause": clause, "until": until.isoformat(), "state": "put"}
    note(connection, Kind.RECORD_HELD, user.id, user.service, by, at, rules, facts)
    return identifier


def end_hold(connection: Connection, user: User, hold: str, by: str, at: datetime, rules: Rulebook) -> None:
    """The hold ends early. Raises `NotFound`."""
    mine = (legal_holds.c.id == hold, legal_holds.c.user == user.id, legal_holds.c.ended_at.is_(None))
    if connection.execute(update(legal_holds).where(*mine).values(ended_at=at)).rowcount != 1:
        raise NotFound("no such hold")
    note(connection, Kind.RECORD_HELD, user.id, user.service, by, at, rules, {"hold": hold, "state": "ended"})


def forget_person(connection: Connection, user: User, *, protected: bool, account: bool = False) -> None:
    """Empty the facts on the person's own row; with `account`, nothing leads from the service's name to it any more.

    Where a minor is `protected`, age and mode stay while the account does: erasing is no way out of protection.
    """
    facts: dict[str, Any] = {"quiet_until": None}
    if account or not protected:
        facts["time_zone"] = None
        facts |= {"birth_year": None, "age_band": None, "mode": None, "mode_ground": None}
    if account:
        facts["ref"] = f"erased:{user.id}"
    connection.execute(update(users).where(users.c.id == user.id).values(**facts))


def note(
    connection: Connection, kind: Kind, user: str, service: str, actor: str, at: datetime, rules: Rulebook,
    facts: dict[str, Fact],
) -> None:  # fmt: skip
    """One line of evidence about somebody's records."""
    write(connection, Entry(kind, at, user, actor, service, rules.version, facts))


def _scope(given: str) -> Scope:
    for scope in SCOPES:
        if scope == given:
            return scope
    raise BadInput(f"scope is one of {', '.join(SCOPES)}", field="scope")


def _target(connection: Connection, user: User, scope: Scope, given: str) -> str:
    if not given or len(given) > LONGEST_TARGET or "\x00" in given:
        raise BadInput(f"say which {scope}, in 1 to {LONGEST_TARGET} characters", field="target")
    if scope != "message":
        return given
    if not given.startswith("dec_"):
        # A copy names what was said and the answer to it apart; they are one message.
        return given.partition(".")[0]
    # An app knows a message by the decision that came with its answer.
    decided = (ledger_entries.c.decision == given, ledger_entries.c.subject == user.id)
    at = connection.execute(select(ledger_entries.c.at).where(*decided).limit(1)).scalar()
    said = None if at is None else select(turns.c.id).where(turns.c.user == user.id, turns.c.at == moment(at)).limit(1)
    found = None if said is None else connection.execute(said).scalar()
    if found is None:
        raise BadInput("no such message of this person", field="target")
    return str(found)


def _said_since(connection: Connection, user: User, asked_at: datetime) -> bool:
    return any(
        connection.execute(select(table.c.id).where(table.c.user == user.id, table.c.at > asked_at).limit(1)).first()
        for table in (turns, mail)
    )


def _erasure(row: Row[Any]) -> Erasure:
    def known(stored: datetime | None) -> datetime | None:
        return None if stored is None else aware(stored)

    return Erasure(
        row.id, row.service, row.user, row.scope, row.target, row.by, aware(row.asked_at), row.state, row.held,
        row.key_to, row.counts, known(row.erased_at), known(row.done_at),
    )  # fmt: skip
