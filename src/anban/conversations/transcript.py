"""What was said, sealed under the user's key; nothing else in the house stores words."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select

from anban.base.keys import DataKey, Unreadable
from anban.base.times import aware
from anban.conversations.models import turns
from anban.law.performs import performs

Author = Literal["ai", "human", "system"]

TURN_INSERT = insert(turns)

_RECENT = (
    select(turns).where(turns.c.user == bindparam("of_user")).order_by(turns.c.id.desc()).limit(bindparam("newest"))
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message and its answer. `author` is whose words the answer is."""

    id: str
    user: str
    conversation: str
    persona: str
    session: str
    at: datetime
    said: str
    answer: str
    author: Author


def _place(user: str, turn: str, version: int) -> str:
    return f"turns|{user}|{turn}|{version}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


@performs("interaction-security")
def seal_turn(turn: Turn, key: DataKey) -> dict[str, Any]:
    """The row for `TURN_INSERT`: ids and times in the open, words sealed (draft art 14(1), final art 16)."""
    words = orjson.dumps([_bytes(turn.said).decode(), _bytes(turn.answer).decode()])
    return {
        "id": turn.id,
        "user": turn.user,
        "conversation": turn.conversation,
        "persona": turn.persona,
        "session": turn.session,
        "at": turn.at,
        "author": turn.author,
        "key_version": key.version,
        "sealed": key.seal(words, _place(turn.user, turn.id, key.version)),
    }


def answered_since(connection: Connection, user: str, since: datetime) -> int:
    """How many of the user's turns the companion itself answered from `since` on."""
    answered = select(func.count()).where(
        turns.c.user == user, turns.c.author == "ai", turns.c.at >= since.astimezone(UTC)
    )
    return connection.execute(answered).scalar_one()


def recent_turns(connection: Connection, user: str, key: DataKey, newest: int) -> tuple[Turn, ...]:
    """The user's last turns over all conversations, oldest first; without what a destroyed key sealed."""
    found: list[Turn] = []
    for row in connection.execute(_RECENT, {"of_user": user, "newest": newest}):
        try:
            found.append(opened_turn(row, key))
        except Unreadable:
            # It came late from a replica that could not write for long; erased, and no reason to know nobody any more.
            if row.key_version >= key.version:
                raise
    return tuple(reversed(found))


def opened_turn(row: Any, key: DataKey) -> Turn:
    """A stored row with its words. Raises `Unreadable` when the key that sealed it was destroyed."""
    said, answer = orjson.loads(key.of(row.key_version).open(row.sealed, _place(row.user, row.id, row.key_version)))
    at = aware(row.at)
    return Turn(row.id, row.user, row.conversation, row.persona, row.session, at, said, answer, row.author)
