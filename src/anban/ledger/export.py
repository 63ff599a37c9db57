"""Writes the ledger to a file that anybody can verify without us: one line a time, every byte accounted for."""

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from anban.base.errors import StorageFailed
from anban.ledger.checkpoint import verifier_key
from anban.ledger.ledger import microseconds
from anban.ledger.logs import Log, all_logs, last_signed
from anban.ledger.models import ledger_checkpoints, ledger_entries, ledger_keys
from anban.ledger.proofs import edge_at

FORMAT = 2
_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Part:
    """Entries `start` to `end` of one log; both stand at checkpoints."""

    log: Log
    start: int
    end: int


def whole(connection: Connection) -> tuple[Part, ...]:
    """Everything that is signed."""
    found: list[Part] = []
    for log in all_logs(connection):
        last = last_signed(connection, log)
        if last is not None:
            found.append(Part(log, 0, last.size))
    return tuple(found)


def between(connection: Connection, since: datetime | None, until: datetime | None) -> tuple[Part, ...]:
    """What was signed from `since` to `until`, widened to whole checkpoints; nothing given means no bound."""
    found: list[Part] = []
    for part in whole(connection):
        start, end = 0, part.end
        if since is not None:
            start = _checkpoint(connection, part, func.max(ledger_checkpoints.c.size), "<", since) or 0
        if until is not None:
            end = _checkpoint(connection, part, func.min(ledger_checkpoints.c.size), ">=", until) or part.end
        if start < end and not (until is not None and microseconds(part.log.opened_at) > microseconds(until)):
            found.append(Part(part.log, start, end))
    return tuple(found)


def export(
    connection: Connection, out: Path, *, deployment: str, at: datetime, parts: Sequence[Part] | None = None
) -> int:
    """Write all signed entries to `out`, or those of `parts`, and return how many; it appears whole or not at all.

    Entries written in the last second and not yet signed are left for the next export. The format is described in
    `docs/ledger.md`. Raises `StorageFailed` when the file cannot be written.
    """
    chosen = whole(connection) if parts is None else tuple(parts)
    part_file = out.with_name(out.name + ".part")
    try:
        with open(part_file, "wb") as file:
            file.write(_header(connection, chosen, deployment, at, slice_of=parts is not None))
            for part in chosen:
                file.writelines(_part(connection, part))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part_file, out)
    except OSError as error:
        part_file.unlink(missing_ok=True)
        raise StorageFailed("the export could not be written") from error
    return sum(part.end - part.start for part in chosen)


def _checkpoint(connection: Connection, part: Part, which: Any, side: str, at: datetime) -> int | None:
    """The newest or oldest checkpoint on one side of a moment, as a size of the part's log."""
    columns, stamp = ledger_checkpoints.c, microseconds(at)
    size = connection.execute(
        select(which).where(
            columns.at < stamp if side == "<" else columns.at >= stamp,
            columns.size > part.log.first,
            columns.size <= part.log.first + part.end,
        )
    ).scalar()
    return None if size is None else size - part.log.first


def _header(connection: Connection, parts: Sequence[Part], deployment: str, at: datetime, *, slice_of: bool) -> bytes:
    said = {
        "anban": "ledger",
        "checkpoints": sum(_notes(connection, part) for part in parts),
        "created": at.astimezone(UTC).isoformat(timespec="seconds")[:-6] + "Z",
        "deployment": deployment,
        "entries": sum(part.end - part.start for part in parts),
        "keys": verifier_keys(connection),
        "logs": len(parts),
        "part": "slice" if slice_of else "all",
        "v": FORMAT,
    }
    check = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return orjson.dumps(said | {"check": check}, option=orjson.OPT_SORT_KEYS) + b"\n"


def verifier_keys(connection: Connection) -> list[str]:
    """The keys that have signed, each under the name of its log, as other tools take them."""
    origins = [log.origin for log in all_logs(connection)]
    publics = set(connection.execute(select(ledger_keys.c.public)).scalars())
    known = set(connection.execute(select(ledger_keys.c.id)).scalars())
    every = (verifier_key(origin, public) for origin in origins for public in publics)
    return sorted(key for key in every if key.split("+")[1] in known)


def _notes(connection: Connection, part: Part) -> int:
    """How many checkpoints the part holds, with the one it begins behind."""
    columns, first = ledger_checkpoints.c, part.log.first
    counted = select(func.count()).where(columns.size > first, columns.size <= first + part.end)
    if part.start:
        counted = counted.where(columns.size >= first + part.start)
    return connection.execute(counted).scalar() or 0


def _part(connection: Connection, part: Part) -> Iterator[bytes]:
    """The lines of one log, each checkpoint right behind the last entry it signs."""
    log = part.log
    edge = edge_at(connection, log, part.start)
    peaks = [base64.b64encode(peak).decode() for peak in edge.peaks]
    said = {"first": log.first, "number": log.number, "origin": log.origin, "peaks": peaks, "size": part.start}
    yield orjson.dumps({"log": said}, option=orjson.OPT_SORT_KEYS) + b"\n"
    if part.start:
        anchor = last_signed(connection, log, part.start)
        yield _note(anchor.note if anchor else b"")
    done = part.start
    while done < part.end:
        page = connection.execute(
            select(ledger_checkpoints.c.size, ledger_checkpoints.c.note)
            .where(ledger_checkpoints.c.size > log.first + done, ledger_checkpoints.c.size <= log.first + part.end)
            .order_by(ledger_checkpoints.c.size)
            .limit(_PAGE)
        ).all()
        for size, note in page:
            for first in range(log.first + done, size, _PAGE):
                yield from _entries(connection, first, min(first + _PAGE, size))
            yield _note(note)
            done = size - log.first


def _note(note: bytes) -> bytes:
    return orjson.dumps({"checkpoint": note.decode()}) + b"\n"


def _entries(connection: Connection, start: int, end: int) -> Iterator[bytes]:
    columns = ledger_entries.c
    rows = connection.execute(
        select(columns.seq, columns.leaf, columns.body)
        .where(columns.seq >= start, columns.seq < end)
        .order_by(columns.seq)
    )
    for seq, leaf, body in rows:
        yield b'{"body":%b,"leaf":"%b","seq":%d}\n' % (body, leaf.hex().encode(), seq)
