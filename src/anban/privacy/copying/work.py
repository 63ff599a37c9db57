"""Carrying a copy: made beside everything else, begun anew after a crash, its file taken away when its time is up."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select, update

from anban.base.clock import Clock
from anban.base.crashpoint import crashpoint
from anban.base.db import Database
from anban.base.durable import Piece, still_ours
from anban.base.errors import NotFound
from anban.base.keys import MasterKeys
from anban.conversations.history import outline
from anban.law.performs import performs
from anban.people.models import User
from anban.people.users import find_by_id
from anban.privacy.copies import Copy, copy_of, note, place_of, unlink_copies
from anban.privacy.copy_models import copies
from anban.privacy.copying.archive import Archive
from anban.privacy.copying.facts import facts_of
from anban.privacy.copying.labels import aigc, as_text
from anban.privacy.copying.writing import Told, Whole, write_copy
from anban.provider.services import Rules, find
from anban.words.templates import Words

AT_ONCE: Final = 2
"""Copies that one process writes side by side: what protects somebody never waits for one."""

AGAIN: Final = timedelta(seconds=2)
"""How long a copy waits for room."""


@dataclass(frozen=True)
class Copying:
    """What making copies needs. `beyond` tells what rooms above know; `producer` stands in the labels of AI content."""

    db: Database
    clock: Clock
    keys: MasterKeys
    rules: Rules
    words: Words
    folder: Path
    producer: str
    beyond: Callable[[Connection, User], Told]
    writing: set[str] = field(default_factory=set[str])


@performs("copy-and-erasure")
async def carry_copy(piece: Piece, c: Copying) -> datetime | None:
    """Make a copy that was asked for; later take its file away. Whatever was half done is begun anew."""
    copy = await c.db.read(partial(_stored, identifier=piece.id))
    if copy is None or copy.state == "over":
        await asyncio.to_thread(unlink_copies, c.folder, piece.id)
        return None
    now = c.clock.now()
    if copy.under_way:
        if len(c.writing) >= AT_ONCE:
            return now + AGAIN
        c.writing.add(copy.id)
        try:
            return await _make(piece, copy.user, c)
        finally:
            c.writing.discard(copy.id)
    if copy.expires_at is not None and now < copy.expires_at:
        return copy.expires_at
    # The file first: a row that says "over" beside a file that is still there would be a lie.
    await asyncio.to_thread(unlink_copies, c.folder, copy.id)
    crashpoint("copy.dropped")
    await c.db.write(partial(_over, piece=piece))
    return None


async def _make(piece: Piece, user: str, c: Copying) -> datetime | None:
    """Write the file, then say that it is there; when everything of the person goes meanwhile, leave nothing."""
    name = f"{piece.id}-{piece.fence}.sealed"
    try:
        await c.db.settled()
        await c.db.write(partial(_begun, piece=piece, file=name))
        crashpoint("copy.begun")
        whole = await c.db.read(partial(_read, identifier=piece.id, user=user, c=c))
        size = await _written(c.folder / name, whole, piece, c)
        expires_at = await c.db.write(partial(_ready, piece=piece, whole=whole, size=size, now=c.clock.now()))
    except NotFound:
        await asyncio.to_thread(unlink_copies, c.folder, piece.id)
        return None
    crashpoint("copy.ready")
    await asyncio.to_thread(unlink_copies, c.folder, piece.id, name)
    return expires_at


async def _written(path: Path, whole: Whole, piece: Piece, c: Copying) -> int:
    """The archive on the disk, sealed; its size as it is handed over. A file that is not finished is not left."""

    async def progress(done: int, total: int) -> None:
        await c.db.write(partial(_progressed, piece=piece, done=done, total=total))

    place = place_of(whole.user.id, piece.id, whole.user.key.version)
    comment = as_text(aigc(c.producer, piece.id))
    archive = await asyncio.to_thread(Archive, path, whole.user.key, place, comment, whole.at.timetuple()[:6])
    finished = False
    try:
        await write_copy(archive, whole, c.db, c.words, progress)
        finished = True
    finally:
        if not finished:
            archive.give_up()
            await asyncio.to_thread(path.unlink, missing_ok=True)
    crashpoint("copy.written")
    return archive.size


def _read(connection: Connection, identifier: str, user: str, c: Copying) -> Whole:
    person = find_by_id(connection, c.keys, user)
    if person is None:
        raise NotFound("no such person")
    copy, now = copy_of(connection, user, identifier), c.clock.now()
    rules = c.rules(find(connection, person.service), frozenset[str](), now)
    told = {**facts_of(connection, person, now), **c.beyond(connection, person)}
    return Whole(copy, person, rules, outline(connection, user), told, now, c.producer)


def _stored(connection: Connection, identifier: str) -> Copy | None:
    user = connection.execute(select(copies.c.user).where(copies.c.id == identifier)).scalar()
    return None if user is None else copy_of(connection, user, identifier)


def _begun(connection: Connection, piece: Piece, file: str) -> None:
    still_ours(connection, piece)
    _set(connection, piece.id, state="writing", done=0, total=0, file=file)


def _progressed(connection: Connection, piece: Piece, done: int, total: int) -> None:
    still_ours(connection, piece)
    _set(connection, piece.id, done=done, total=total)


def _ready(connection: Connection, piece: Piece, whole: Whole, size: int, now: datetime) -> datetime:
    still_ours(connection, piece)
    user, expires_at = whole.user, now + whole.rules.lasting("copy-kept-days")
    _set(connection, piece.id, state="ready", size=size, key_version=user.key.version, expires_at=expires_at)
    facts = {"by": whole.copy.by, "parts": whole.parts, "bytes": size}
    note(connection, user.id, user.service, piece.id, "made", now, whole.rules, dict(facts))
    return expires_at


def _over(connection: Connection, piece: Piece) -> None:
    still_ours(connection, piece)
    connection.execute(
        update(copies).where(copies.c.id == piece.id).values(state="over", file="", link=None, link_until=None)
    )


def _set(connection: Connection, identifier: str, **values: Any) -> None:
    """Raises `NotFound` when the copy was dropped, or is over, meanwhile."""
    mine = update(copies).where(copies.c.id == identifier, copies.c.state.in_(("asked", "writing")))
    if connection.execute(mine.values(**values)).rowcount != 1:
        raise NotFound("the copy was dropped")
