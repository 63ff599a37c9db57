"""What each witness holds of each log, as we know it, and what we owe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import microseconds, moment, write
from anban.ledger.logs import Log, Signed, all_logs, last_signed
from anban.ledger.models import ledger_witnessed
from anban.ledger.tree import Frontier


@dataclass(frozen=True, slots=True)
class Standing:
    """One witness and one log. `failing_since` is None after a success, and `code` then empty.

    `told` is the state that the ledger tells of: kept, away, contradicted, or nothing yet.
    """

    witness: str
    log: int
    size: int
    frontier: bytes
    note: bytes
    at: datetime
    tried_at: datetime
    failing_since: datetime | None
    code: str
    told: str

    @property
    def edge(self) -> Frontier:
        """The tree's edge at what the witness holds, to prove from there what comes next."""
        return Frontier.from_bytes(self.size, self.frontier)


@dataclass(frozen=True, slots=True)
class Owed:
    """A checkpoint that a witness should hold and, as far as we know, does not."""

    log: Log
    signed: Signed
    standing: Standing | None


def standings(connection: Connection, witness: str | None = None) -> list[Standing]:
    """What is known of one witness, or of all, by log."""
    wanted = select(ledger_witnessed).order_by(ledger_witnessed.c.witness, ledger_witnessed.c.log)
    if witness is not None:
        wanted = wanted.where(ledger_witnessed.c.witness == witness)
    return [
        Standing(
            row.witness, row.log, row.size, row.frontier, row.note, moment(row.at), moment(row.tried_at),
            None if row.failing_since is None else moment(row.failing_since), row.code, row.told,
        )
        for row in connection.execute(wanted)
    ]  # fmt: skip


def owed_to(connection: Connection, witness: str) -> list[Owed]:
    """The newest checkpoint of each log that this witness does not hold yet, oldest log first."""
    known = {each.log: each for each in standings(connection, witness)}
    found: list[Owed] = []
    for log in all_logs(connection):
        held, signed = known.get(log.number), last_signed(connection, log)
        if signed is not None and (held is None or held.size < signed.size or held.failing_since is not None):
            found.append(Owed(log, signed, held))
    return found


def note_kept(
    connection: Connection, witness: str, kind: str, owed: Owed, edge: Frontier, note: bytes, at: datetime
) -> None:
    """The witness holds this checkpoint, as `note` with its lines. The first time in a log is evidence itself, and so
    is that it came back after the ledger had told that it was away."""
    told = owed.standing.told if owed.standing else ""
    values = {
        "size": edge.size, "frontier": edge.to_bytes(), "note": note, "at": microseconds(at),
        "tried_at": microseconds(at), "failing_since": None, "code": "", "told": "kept",
    }  # fmt: skip
    _store(connection, witness, owed, values)
    if told != "kept":
        _tell(connection, Kind.CHECKPOINT_WITNESSED, witness, kind, owed, "", at)


def note_failed(
    connection: Connection, witness: str, kind: str, owed: Owed, code: str, at: datetime, *, told: str
) -> None:
    """The witness did not take it, for the reason `code`. `told`: what the ledger must tell of now, once; empty for
    nothing yet."""
    before = owed.standing
    since = before.failing_since if before and before.failing_since else at
    said = before.told if before else ""
    tells = bool(told) and told != said
    values: dict[str, object] = {
        "tried_at": microseconds(at), "failing_since": microseconds(since), "code": code[:64],
        "told": told if tells else said,
    }  # fmt: skip
    if before is None:
        values |= {"size": 0, "frontier": b"", "note": b"", "at": microseconds(at)}
    _store(connection, witness, owed, values)
    if tells:
        kind_of = Kind.CHECKPOINT_CONTRADICTED if told == "contradicted" else Kind.CHECKPOINT_UNWITNESSED
        _tell(connection, kind_of, witness, kind, owed, code, at)


def _store(connection: Connection, witness: str, owed: Owed, values: Mapping[str, object]) -> None:
    changed = connection.execute(
        update(ledger_witnessed)
        .where(ledger_witnessed.c.witness == witness, ledger_witnessed.c.log == owed.log.number)
        .values(**values)
    )
    if not changed.rowcount:
        connection.execute(insert(ledger_witnessed).values(witness=witness, log=owed.log.number, **values))


def _tell(connection: Connection, what: Kind, witness: str, kind: str, owed: Owed, code: str, at: datetime) -> None:
    facts = {
        "witness": witness, "witness_kind": kind, "log": owed.log.origin, "size": owed.signed.size,
        "root": owed.signed.root.hex(), "code": code,
    }  # fmt: skip
    write(connection, Entry(what, at, witness, "anban", "anban", "", facts))
