"""One conversation as somebody at the desk reads it: turns, a person's words and ours, in the order they were said."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection

from anban.base.keys import DataKey
from anban.conversations.mailbox import SAID, Mail, latest
from anban.conversations.transcript import Turn, recent_turns

By = Literal["user", "ai", "human", "system"]

READ = (SAID, "message", "care", "takeover")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MOST_MAIL = 400
"""Events read besides the turns: what a long talk with a person leaves in one night."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said. `state` marks no words but a change: `joined` or `handed-back`."""

    id: str
    at: datetime
    by: By
    text: str
    state: str = ""


def conversation(connection: Connection, user: str, key: DataKey, newest: int) -> tuple[Line, ...]:
    """The last `newest` turns of a person over all their conversations, with what reached them outside a reply.

    While a person holds the conversation their words stand in the mailbox at once, and in a turn once it is over: each
    is shown once.
    """
    turns = recent_turns(connection, user, key, newest)
    since = turns[0].at if len(turns) == newest else LONG_AGO
    letters = latest(connection, user, key, READ, since, MOST_MAIL)
    handed_over = {(letter.at, str(letter.payload.get("text", ""))) for letter in letters if letter.kind == SAID}
    lines = [*_of_mail(letters), *(line for turn in turns for line in _of_turn(turn, handed_over))]
    return tuple(sorted(lines, key=lambda line: (line.at, not line.state)))


def _of_turn(turn: Turn, handed_over: set[tuple[datetime, str]]) -> Iterator[Line]:
    if turn.said and (turn.at, turn.said) not in handed_over:
        yield Line(f"{turn.id}.said", turn.at, "user", turn.said)
    # A responder's words came by mail, each under its own time.
    if turn.answer and turn.author != "human":
        yield Line(f"{turn.id}.answer", turn.at, turn.author, turn.answer)


def _of_mail(letters: tuple[Mail, ...]) -> Iterator[Line]:
    for letter in letters:
        text = str(letter.payload.get("text", ""))
        match letter.kind:
            case "takeover":
                yield Line(f"m{letter.id}", letter.at, "system", "", str(letter.payload.get("state", "")))
            case "message":
                yield Line(f"m{letter.id}", letter.at, "human", text)
            case "care":
                yield Line(f"m{letter.id}", letter.at, "system", text)
            case _:
                yield Line(f"m{letter.id}", letter.at, "user", text)
