"""Shows what grew of the ledger to every witness outside, each minute, for as long as it takes (reliability A7)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, assert_never

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection

from anban.base.clock import Clock
from anban.base.db import Database
from anban.base.durable import Piece, promise, still_ours
from anban.base.errors import Misconfigured
from anban.law.performs import performs
from anban.ledger.held import Owed, note_failed, note_kept, owed_to
from anban.ledger.logs import Log, last_signed
from anban.ledger.proofs import edge_at, growth
from anban.ledger.tree import Frontier
from anban.outreach.channels.choice import Choice
from anban.outreach.channels.oncall import door_of
from anban.outreach.safe_http import SafeHttp
from anban.outreach.witnesses import (
    Away,
    Bundle,
    BundleChoice,
    Contradicts,
    FileChoice,
    HttpsChoice,
    Kept,
    Notes,
    Server,
    Witness,
    with_lines,
)

log: Any = structlog.get_logger("anban.witnesses")

WITNESS: Final = "witness"
"""The kind of work, and the beginning of its id: one row for each witness."""

LAST: Final = 98
"""The place of witnesses among all work: behind every person."""

_CHOICES: Final[Mapping[str, type[Choice]]] = {"file": FileChoice, "bundle": BundleChoice, "https": HttpsChoice}


@dataclass(frozen=True)
class Witnessing:
    """What showing needs. `every`: how often; `away`: after how long the ledger says that a witness is gone.

    `counted` takes a witness's name, how it ended and the seconds for which it has been failing, for the metrics.
    """

    db: Database
    clock: Clock
    witnesses: Mapping[str, Witness]
    every: timedelta
    away: timedelta
    counted: Callable[[str, str, float], None] = field(default=lambda _name, _how, _seconds: None)

    async def close(self) -> None:
        for witness in self.witnesses.values():
            await witness.close()


def build_witnesses(given: Sequence[Mapping[str, Any]], *, demo: bool, within: float) -> dict[str, Witness]:
    """The witnesses of a deployment, by name. Raises `Misconfigured` for the first setting that is wrong.

    A demonstration has no witness beyond this machine, whatever is set.
    """
    found: dict[str, Witness] = {}
    for number, each in enumerate(given):
        place = f"witnesses.{number}"
        choice = _choice(each, place)
        if demo and isinstance(choice, HttpsChoice):
            log.warning("witness.demo", unused=choice.name)
            continue
        witness = _made(choice, within)
        if witness.name in found:
            raise Misconfigured(f"{place}.name: two witnesses have this name", field=f"{place}.name")
        found[witness.name] = witness
    return found


def _choice(given: Mapping[str, Any], place: str) -> Choice:
    kind = given.get("kind")
    shape = _CHOICES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        raise Misconfigured(f"{place}.kind: must be one of {', '.join(_CHOICES)}", field=f"{place}.kind")
    try:
        choice = shape.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join([place, *(str(part) for part in first["loc"])])
        raise Misconfigured(f"{where}: {first['msg'].removeprefix('Value error, ')}", field=where) from None
    if isinstance(choice, HttpsChoice) and choice.protocol == "tlog-witness" and not choice.key:
        raise Misconfigured(f"{place}.key: the key that this witness cosigns with is missing", field=f"{place}.key")
    return choice


def _made(choice: Choice, within: float) -> Witness:
    match choice:
        case BundleChoice():
            return Bundle(choice, within)
        case FileChoice():
            return Notes(choice, within)
        case HttpsChoice():
            host, port = door_of(choice.url)
            return Server(choice, SafeHttp([host], within, ports=[port]))
        case _:
            raise Misconfigured("no such kind of witness", field="kind")


def promise_witnesses(connection: Connection, names: Sequence[str], at: datetime) -> None:
    """Every witness is shown what grew, from now on."""
    for name in names:
        promise(connection, f"{WITNESS}|{name}", WITNESS, at, LAST)


@performs("interaction-security")
async def carry_witness(piece: Piece, c: Witnessing) -> datetime | None:
    """Show one witness the newest checkpoint of each log that it lacks; one that was away is caught up by that."""
    witness = c.witnesses.get(piece.id.partition("|")[2])
    if witness is None:
        return None  # no longer set
    for owed in await c.db.read(partial(owed_to, witness=witness.name)):
        await _show(witness, owed, piece, c)
    return c.clock.now() + c.every


async def _show(witness: Witness, owed: Owed, piece: Piece, c: Witnessing) -> None:
    held = owed.standing.size if owed.standing else 0
    answer = await witness.show(owed.log.origin, owed.signed, held, _Ours(c.db, owed))
    now = c.clock.now()
    since = owed.standing.failing_since if owed.standing and owed.standing.failing_since else now
    match answer:
        case Kept(lines):
            edge = await c.db.read(partial(_edge, owed=owed))
            note = with_lines(owed.signed.note, lines)

            def kept(connection: Connection) -> None:
                still_ours(connection, piece)
                note_kept(connection, witness.name, witness.kind, owed, edge, note, now)

            await c.db.write(kept)
            c.counted(witness.name, "kept", 0.0)
        case Away(code) | Contradicts(code):
            contradicts = isinstance(answer, Contradicts)
            told = "contradicted" if contradicts else "away" if now - since >= c.away else ""

            def failed(connection: Connection) -> None:
                still_ours(connection, piece)
                note_failed(connection, witness.name, witness.kind, owed, code, now, told=told)

            await c.db.write(failed)
            how = "contradicted" if contradicts else "away"
            c.counted(witness.name, how, (now - since).total_seconds())
            tell = log.critical if contradicts else log.warning
            tell(f"witness.{how}", witness=witness.name, log=owed.log.origin, code=code)
        case _:
            assert_never(answer)


def _edge(connection: Connection, owed: Owed) -> Frontier:
    """The edge at what the witness holds now, from what it held before on."""
    known = owed.standing.edge if owed.standing else None
    return edge_at(connection, owed.log, owed.signed.size, known)


@dataclass(frozen=True)
class _Ours:
    db: Database
    owed: Owed

    async def root(self, size: int) -> bytes | None:
        """From our own checkpoint of that size where there is one; else computed."""

        def work(connection: Connection) -> bytes | None:
            log: Log = self.owed.log
            if size > self.owed.signed.size:
                return None
            signed = last_signed(connection, log, size)
            if signed is not None and signed.size == size:
                return signed.root
            return edge_at(connection, log, size).root()

        return await self.db.read(work)

    async def proof(self, size: int) -> Sequence[bytes]:
        def work(connection: Connection) -> list[bytes]:
            standing = self.owed.standing
            known = standing.edge if standing and standing.size == size else None
            edge = known or edge_at(connection, self.owed.log, size)
            return growth(connection, self.owed.log, edge, self.owed.signed.size)

        return await self.db.read(work)
