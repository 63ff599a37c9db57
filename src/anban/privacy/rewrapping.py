"""Puts what older master keys wrap under the current one, batch by batch, beside people who are talking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Row, bindparam, select, tuple_, update

from anban.base.crashpoint import crashpoint
from anban.base.durable import Piece, still_ours
from anban.base.kept_keys import rewrap_kept
from anban.base.keys import KeysAway, Unreadable
from anban.law.rulebook import Rulebook
from anban.people.models import user_keys
from anban.privacy.key_models import master_keys
from anban.privacy.key_room import KeyRoom
from anban.privacy.key_states import change_version

BATCHES: Final = 40
"""Batches at a stretch, before other work may go first."""

log: Any = structlog.get_logger("anban.keys")


async def rewrap(c: KeyRoom, piece: Piece, rules: Rulebook) -> datetime | None:
    """Some batches; None when all is done, else when to go on."""
    most, pause = rules.whole("rotation-batch"), rules.lasting("rotation-pause-milliseconds").total_seconds()
    after, unreadable = ("", 0), 0
    for _ in range(BATCHES):
        # Looked for beside whoever writes: there may be a million keys that are done already.
        rows = await c.db.read(partial(_older, current=c.keys.current, after=after, most=most))
        batch = await c.db.write(partial(_batch, c=c, piece=piece, after=after, rows=rows))
        crashpoint("rotation.batched")
        after, unreadable = batch.after, unreadable + batch.unreadable
        if batch.seen < most:
            break
        await c.rest(pause)
    else:
        return c.clock.now()
    if unreadable:
        log.critical("keys.unreadable", keys=unreadable)
        return c.clock.now() + timedelta(hours=1)
    return None


@dataclass(frozen=True, slots=True)
class _Batch:
    seen: int
    unreadable: int
    after: tuple[str, int]


_REWRAPPED = (
    update(user_keys)
    # Under the version that was read: a key that was destroyed or replaced meanwhile stays so.
    .where(
        user_keys.c.user == bindparam("of_user"),
        user_keys.c.version == bindparam("of_version"),
        user_keys.c.master == bindparam("of_master"),
    )
    .values(master=bindparam("new_master"), wrapped=bindparam("new_wrapped"))
)


def _older(connection: Connection, current: int, after: tuple[str, int], most: int) -> Sequence[Row[Any]]:
    columns = user_keys.c
    return connection.execute(
        select(user_keys)
        .where(columns.master != current, tuple_(columns.user, columns.version) > after)
        .order_by(columns.user, columns.version)
        .limit(most)
    ).all()


def _batch(
    connection: Connection, c: KeyRoom, piece: Piece, after: tuple[str, int], rows: Sequence[Row[Any]]
) -> _Batch:
    still_ours(connection, piece)
    keys = c.keys
    purposes = rewrap_kept(connection, keys)
    changed: list[dict[str, Any]] = []
    for row in rows:
        try:
            master, wrapped = keys.rewrap(row.wrapped, row.user, row.version, row.master, row.suite)
        except KeysAway:
            raise
        except Unreadable:
            continue
        changed.append(
            {"of_user": row.user, "of_version": row.version, "of_master": row.master,
             "new_master": master, "new_wrapped": wrapped}
        )  # fmt: skip
    if changed:
        connection.execute(_REWRAPPED, changed)
    if changed or purposes:
        change_version(connection, keys.current, rewrapped=_plus(len(changed) + purposes))
    crashpoint("rotation.rewrapped")
    last = (rows[-1].user, rows[-1].version) if rows else after
    return _Batch(len(rows), len(rows) - len(changed), last)


def _plus(more: int) -> Any:
    return master_keys.c.rewrapped + more
