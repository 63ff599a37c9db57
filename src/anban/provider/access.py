"""May this person read raw text outside a case that they hold? Two people, one case, one reason, an hour at most."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, cast, get_args

from sqlalchemy import Connection, Row, insert, select, update

from anban.base.clock import Clock
from anban.base.db import Database
from anban.base.durable import Piece, promise, still_ours
from anban.base.errors import BadInput, Conflict, Forbidden, NotFound
from anban.base.ids import new_id
from anban.base.keys import MasterKeys
from anban.base.times import aware
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.provider.access_models import access_grants
from anban.provider.roles import may
from anban.provider.services import Rules, find
from anban.provider.staff import Staff, find_staff

AccessReason = Literal["complaint", "safety", "legal-order", "incident", "review"]
State = Literal["asked", "approved", "refused", "ended", "lapsed"]

ACCESS = "access"
"""The kind of work that ends an access, and the beginning of its id."""

_BAND = 50
"""Behind every person in danger; an access that is over opens nothing even before this work is done."""

LEAST_WORDS, MOST_WORDS = 10, 1_000


@dataclass(frozen=True, slots=True)
class Grant:
    """One access: whose words, for which case, by whom, why, and until when. `words` are sealed at rest."""

    id: str
    service: str
    case: str
    user: str
    asked_by: str
    reason: AccessReason
    words: str
    minutes: int
    asked_at: datetime
    expires_at: datetime
    state: State
    decided_by: str | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None

    def is_open(self, at: datetime) -> bool:
        """Whether it lets its asker read at this moment."""
        return self.state == "approved" and at < self.expires_at

    def waits(self, at: datetime) -> bool:
        """Whether somebody can still decide."""
        return self.state == "asked" and at < self.expires_at


@performs("interaction-security")
def ask(
    connection: Connection,
    keys: MasterKeys,
    who: Staff,
    case: str,
    user: str,
    reason: str,
    words: str,
    minutes: int,
    at: datetime,
    rules: Rulebook,
) -> Grant:
    """Ask to read what was said to and by one person, for one case. Nothing opens before a second person approves.

    One at a time: nobody reads in bulk. Raises `Forbidden`, `BadInput` naming the field, `Conflict`.
    """
    if not may(who.role, "access.ask"):
        raise Forbidden("your role does not read raw text", code="role")
    if reason not in get_args(AccessReason):
        raise BadInput("a reason is one of " + ", ".join(get_args(AccessReason)), field="reason")
    text = words.strip()
    if not LEAST_WORDS <= len(text) <= MOST_WORDS:
        raise BadInput(f"say why, in {LEAST_WORDS} to {MOST_WORDS} characters", field="words")
    if not 1 <= minutes <= rules.whole("break-glass-minutes"):
        raise BadInput(f"1 to {rules.whole('break-glass-minutes')} minutes", field="minutes")
    for other in (each for each in grants_by(connection, keys, who.id) if each.waits(at) or each.is_open(at)):
        raise Conflict("one at a time: end the other one first", field="case", code=f"open_{other.state}")
    made = Grant(
        new_id("acc_"), who.service, case, user, who.id, cast("AccessReason", reason), text, minutes, at,
        at + rules.lasting("access-ask-hours"), "asked",
    )  # fmt: skip
    connection.execute(
        insert(access_grants).values(
            id=made.id, service=made.service, case=case, user=user, asked_by=who.id, reason=reason,
            sealed=_seal(keys, made), minutes=minutes, asked_at=at, expires_at=made.expires_at, state="asked",
        )
    )  # fmt: skip
    _told(connection, Kind.ACCESS_ASKED, made, who.id, at, rules.version, role=who.role, minutes=minutes)
    promise(connection, f"{ACCESS}|{made.id}", ACCESS, made.expires_at, _BAND)
    return made


@performs("interaction-security")
def approve(connection: Connection, keys: MasterKeys, who: Staff, grant: str, at: datetime, rules: Rulebook) -> Grant:
    """A second person agrees: from now on, for as long as was asked, the asker may read. Raises as `_decidable`."""
    found = _decidable(connection, keys, who, grant, at)
    minutes = min(found.minutes, rules.whole("break-glass-minutes"))
    until = at + timedelta(minutes=minutes)
    _change(connection, grant, "asked", state="approved", decided_by=who.id, decided_at=at, expires_at=until)
    _told(connection, Kind.ACCESS_APPROVED, found, who.id, at, rules.version, role=who.role, minutes=minutes)
    promise(connection, f"{ACCESS}|{grant}", ACCESS, until, _BAND)
    return find_grant(connection, keys, who.service, grant)


def refuse(connection: Connection, keys: MasterKeys, who: Staff, grant: str, at: datetime, rules: Rulebook) -> None:
    """A second person does not agree. Raises as `_decidable`."""
    found = _decidable(connection, keys, who, grant, at)
    _change(connection, grant, "asked", state="refused", decided_by=who.id, decided_at=at, ended_at=at)
    _told(connection, Kind.ACCESS_ENDED, found, who.id, at, rules.version, why="refused")


def end(connection: Connection, keys: MasterKeys, who: Staff, grant: str, at: datetime, rules: Rulebook) -> None:
    """End an access, or take back the asking, before its time: the asker, or whoever may decide. Raises `Forbidden`."""
    found = find_grant(connection, keys, who.service, grant)
    if who.id != found.asked_by and not may(who.role, "access.decide"):
        raise Forbidden("this is not yours to end", code="role")
    if found.state not in ("asked", "approved"):
        raise Conflict("this has ended already", code="over")
    _change(connection, grant, found.state, state="ended", ended_at=at)
    _told(connection, Kind.ACCESS_ENDED, found, who.id, at, rules.version, why="ended")


def end_of_access(connection: Connection, keys: MasterKeys, staff_id: str, at: datetime, rulebook: str) -> None:
    """Somebody's rights changed: whatever they asked for or were given is over."""
    for each in grants_by(connection, keys, staff_id):
        if each.state in ("asked", "approved"):
            _change(connection, each.id, each.state, state="ended", ended_at=at)
            _told(connection, Kind.ACCESS_ENDED, each, "anban", at, rulebook, why="rights-changed")


def find_grant(connection: Connection, keys: MasterKeys, service: str, grant: str) -> Grant:
    """One access of this service. Raises `NotFound`."""
    row = connection.execute(
        select(access_grants).where(access_grants.c.id == grant, access_grants.c.service == service)
    ).first()
    if row is None:
        raise NotFound("no such access", field="grant")
    return _opened(keys, row)


def grants_by(connection: Connection, keys: MasterKeys, staff_id: str) -> tuple[Grant, ...]:
    """What somebody asked for, newest first."""
    rows = select(access_grants).where(access_grants.c.asked_by == staff_id).order_by(access_grants.c.id.desc())
    return tuple(_opened(keys, row) for row in connection.execute(rows.limit(50)))


def open_grant(connection: Connection, keys: MasterKeys, staff_id: str, case: str, at: datetime) -> Grant | None:
    """The access that lets this person read for this case now, if there is one."""
    row = connection.execute(
        select(access_grants).where(
            access_grants.c.asked_by == staff_id,
            access_grants.c.case == case,
            access_grants.c.state == "approved",
            access_grants.c.expires_at > at,
        )
    ).first()
    return None if row is None else _opened(keys, row)


def grants_of(connection: Connection, keys: MasterKeys, service: str, at: datetime) -> tuple[Grant, ...]:
    """What waits for a decision or is open at this service now, oldest first."""
    wanted = select(access_grants).where(
        access_grants.c.service == service,
        access_grants.c.state.in_(("asked", "approved")),
        access_grants.c.expires_at > at,
    )
    return tuple(_opened(keys, row) for row in connection.execute(wanted.order_by(access_grants.c.id)))


async def carry_access(piece: Piece, *, db: Database, clock: Clock, keys: MasterKeys, rules: Rules) -> datetime | None:
    """An access ends by itself: write down that it did. Returns when it is due, where it was prolonged meanwhile."""
    return await db.write(partial(_lapse, piece=piece, keys=keys, rules=rules, at=clock.now()))


def _lapse(connection: Connection, piece: Piece, keys: MasterKeys, rules: Rules, at: datetime) -> datetime | None:
    still_ours(connection, piece)
    row = connection.execute(select(access_grants).where(access_grants.c.id == piece.id.partition("|")[2])).first()
    if row is None or row.state not in ("asked", "approved"):
        return None
    found = _opened(keys, row)
    if at < found.expires_at:
        return found.expires_at
    _change(connection, found.id, found.state, state="lapsed", ended_at=found.expires_at)
    rulebook = rules(find(connection, found.service), frozenset[str](), at).version
    why = "unanswered" if found.state == "asked" else "time-over"
    _told(connection, Kind.ACCESS_ENDED, found, "anban", at, rulebook, why=why)
    return None


def _decidable(connection: Connection, keys: MasterKeys, who: Staff, grant: str, at: datetime) -> Grant:
    found = find_grant(connection, keys, who.service, grant)
    if not may(who.role, "access.decide"):
        raise Forbidden("your role does not decide this", code="role")
    if found.asked_by == who.id:
        raise Forbidden("a second person decides, never the one who asked", code="second_person_needed")
    if not found.waits(at):
        raise Conflict("this waits for nobody any more", code="over")
    asker = find_staff(connection, keys, found.asked_by)
    if asker is None or asker.state != "active" or not may(asker.role, "access.ask"):
        raise Conflict("whoever asked may not read any more", code="over")
    return found


def _change(connection: Connection, grant: str, before: str, **values: object) -> None:
    mine = access_grants.c.id == grant, access_grants.c.state == before
    if connection.execute(update(access_grants).where(*mine).values(**values)).rowcount != 1:
        raise Conflict("somebody else was first", code="over")


def _told(
    connection: Connection, kind: Kind, grant: Grant, actor: str, at: datetime, rulebook: str, **facts: Fact
) -> None:
    told: dict[str, Fact] = {"grant": grant.id, "case": grant.case, "reason": grant.reason, **facts}
    write(connection, Entry(kind, at, grant.user, actor, grant.service, rulebook, told))


def _seal(keys: MasterKeys, grant: Grant) -> bytes:
    key = keys.derived(ACCESS)
    return key.version.to_bytes(4, "big") + key.seal(grant.words.encode(), _place(grant.id))


def _opened(keys: MasterKeys, row: Row[tuple[object, ...]]) -> Grant:
    key = keys.derived(ACCESS, int.from_bytes(row.sealed[:4], "big"))
    return Grant(
        row.id, row.service, row.case, row.user, row.asked_by, row.reason,
        key.open(row.sealed[4:], _place(row.id)).decode(), row.minutes, aware(row.asked_at), aware(row.expires_at),
        row.state, row.decided_by, _moment(row.decided_at), _moment(row.ended_at),
    )  # fmt: skip


def _moment(given: datetime | None) -> datetime | None:
    return aware(given) if given else None


def _place(grant: str) -> str:
    return f"access_grants|{grant}"
