"""What must reach the user outside the reply: notices, a person's words, retractions. Read by cursor, so replayable."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select, update

from anban.base.keys import DataKey, Unreadable
from anban.base.times import aware
from anban.conversations.models import mail

STATES = ("shown", "accepted", "closed")

SAID = "said"
"""The kind of mail that carries the person's own words to whoever holds their conversation."""

MAIL_INSERT = insert(mail)

_AFTER = (
    select(mail)
    .where(mail.c.user == bindparam("of_user"), mail.c.id > bindparam("cursor"))
    .order_by(mail.c.id)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One event for the user's app. `id` is the cursor; `key` makes putting it twice harmless."""

    id: int
    user: str
    conversation: str
    kind: str
    at: datetime
    payload: Mapping[str, Any]
    state: str = "sent"
    state_at: datetime | None = None


def _place(user: str, key: str, version: int) -> str:
    return f"mail|{user}|{key}|{version}"


def put(
    connection: Connection,
    user: str,
    key: DataKey,
    *,
    conversation: str,
    kind: str,
    at: datetime,
    payload: Mapping[str, Any],
    once: str,
) -> int | None:
    """Leave an event for the user; the new id, or None when `once` was left before. Words in `payload` are sealed."""
    known = select(mail.c.id).where(mail.c.user == user, mail.c.key == once)
    if connection.execute(known).first() is not None:
        return None
    result = connection.execute(
        MAIL_INSERT.values(
            user=user,
            conversation=conversation,
            kind=kind,
            at=at,
            key=once,
            key_version=key.version,
            sealed=key.seal(orjson.dumps(dict(payload)), _place(user, once, key.version)),
            state="sent",
        )
    )
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def put_care(
    connection: Connection, user: str, key: DataKey, *, text: str, about: str, at: datetime, once: str, **more: Any
) -> int | None:
    """Leave our own words for the person, outside any reply; `about` is a code that tells what they are about."""
    payload = {"author": "system", "text": text, "about": about, **more}
    return put(connection, user, key, conversation="", kind="care", at=at, payload=payload, once=once)


def read_after(connection: Connection, user: str, key: DataKey, cursor: int, most: int = 100) -> tuple[Mail, ...]:
    """Events after `cursor`, oldest first."""
    rows = connection.execute(_AFTER, {"of_user": user, "cursor": cursor, "most": most})
    return _all_opened(rows, key)


def latest(
    connection: Connection, user: str, key: DataKey, kinds: Collection[str], since: datetime, most: int
) -> tuple[Mail, ...]:
    """The newest events of these kinds since a moment, oldest first."""
    mine = (mail.c.user == user, mail.c.kind.in_(kinds), mail.c.at >= since)
    rows = connection.execute(select(mail).where(*mine).order_by(mail.c.id.desc()).limit(most)).all()
    return _all_opened(reversed(rows), key)


def read_one(connection: Connection, user: str, key: DataKey, identifier: int) -> Mail | None:
    """One of this user's events, or None."""
    row = connection.execute(select(mail).where(mail.c.user == user, mail.c.id == identifier)).first()
    return None if row is None else opened_mail(row, key)


def owner(connection: Connection, identifier: int) -> str | None:
    """Whose event it is, by our user id."""
    return connection.execute(select(mail.c.user).where(mail.c.id == identifier)).scalar()


def acknowledge(connection: Connection, identifier: int, state: str, at: datetime) -> bool:
    """Move an event to `state`; never back. True when this changed it."""
    earlier = ("sent", *STATES)[: STATES.index(state) + 1]
    result = connection.execute(
        update(mail).where(mail.c.id == identifier, mail.c.state.in_(earlier)).values(state=state, state_at=at)
    )
    return result.rowcount == 1


def _all_opened(rows: Iterable[Any], key: DataKey) -> tuple[Mail, ...]:
    """Without what was sealed under a key that is destroyed: one such row must not hide all that come after it.

    Raises `Unreadable` for a row of a newer key than `key`: then the person has to be read anew.
    """
    found: list[Mail] = []
    for row in rows:
        try:
            found.append(opened_mail(row, key))
        except Unreadable:
            if row.key_version >= key.version:
                raise
    return tuple(found)


def opened_mail(row: Any, key: DataKey) -> Mail:
    """A stored row with its words. Raises `Unreadable` when the key that sealed it was destroyed."""
    payload = orjson.loads(key.of(row.key_version).open(row.sealed, _place(row.user, row.key, row.key_version)))
    state_at = aware(row.state_at) if row.state_at else None
    return Mail(row.id, row.user, row.conversation, row.kind, aware(row.at), payload, row.state, state_at)


def newest(connection: Connection, user: str) -> int:
    """The cursor of the user's newest event, 0 when there is none."""
    return connection.execute(select(func.max(mail.c.id)).where(mail.c.user == user)).scalar() or 0
