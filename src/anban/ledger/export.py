"""Writes the ledger to a file that anybody can verify without us: one line a time, every byte accounted for."""

import base64
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
from sqlalchemy import Connection, select

from anban.base.errors import StorageFailed
from anban.ledger.models import ledger_checkpoints, ledger_entries, ledger_keys

FORMAT = 1
_PAGE = 2000


def export(connection: Connection, out: Path, *, deployment: str, at: datetime) -> int:
    """Write all signed entries to `out` and return how many; `out` appears whole or not at all.

    Entries written in the last second and not yet signed are left for the next export. The format is described in
    `docs/ledger.md`. Raises `StorageFailed` when the file cannot be written.
    """
    checkpoints = select(ledger_checkpoints.c.size).order_by(ledger_checkpoints.c.size)
    sizes: list[int] = list(connection.execute(checkpoints).scalars())
    part = out.with_name(out.name + ".part")
    try:
        with open(part, "wb") as file:
            file.write(_header(connection, sizes, deployment, at))
            done = 0
            while done < len(sizes):
                some = sizes[done : done + _PAGE]
                file.writelines(_lines(connection, sizes[done - 1] if done else 0, some[-1]))
                done += len(some)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageFailed("the export could not be written") from error
    return sizes[-1] if sizes else 0


def _header(connection: Connection, sizes: list[int], deployment: str, at: datetime) -> bytes:
    keys = connection.execute(select(ledger_keys.c.id, ledger_keys.c.public)).all()
    said = {
        "anban": "ledger",
        "checkpoints": len(sizes),
        "created": at.astimezone(UTC).isoformat(timespec="seconds")[:-6] + "Z",
        "deployment": deployment,
        "entries": sizes[-1] if sizes else 0,
        "keys": {identifier: base64.b64encode(public).decode() for identifier, public in keys},
        "v": FORMAT,
    }
    check = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return orjson.dumps(said | {"check": check}, option=orjson.OPT_SORT_KEYS) + b"\n"


def _lines(connection: Connection, start: int, end: int) -> Iterator[bytes]:
    """The lines of entries `start` to `end`, each checkpoint right behind the last entry it signs."""
    notes = connection.execute(
        select(ledger_checkpoints.c.size, ledger_checkpoints.c.note)
        .where(ledger_checkpoints.c.size > start, ledger_checkpoints.c.size <= end)
        .order_by(ledger_checkpoints.c.size)
    ).all()
    for size, note in notes:
        for first in range(start, size, _PAGE):
            yield from _entries(connection, first, min(first + _PAGE, size))
        yield orjson.dumps({"checkpoint": note.decode()}) + b"\n"
        start = size


def _entries(connection: Connection, start: int, end: int) -> Iterator[bytes]:
    columns = ledger_entries.c
    rows = connection.execute(
        select(columns.seq, columns.leaf, columns.body)
        .where(columns.seq >= start, columns.seq < end)
        .order_by(columns.seq)
    )
    for seq, leaf, body in rows:
        yield b'{"body":%b,"leaf":"%b","seq":%d}\n' % (body, leaf.hex().encode(), seq)
