"""Everything that was ever said with one person, conversation by conversation, read a page at a time."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from anban.base.keys import DataKey, Unreadable
from anban.base.times import aware
from anban.conversations.mailbox import SAID, Mail, opened_mail
from anban.conversations.models import mail, turns
from anban.conversations.transcript import Turn, opened_turn

Ref = str | int
"""A turn by its id, or a letter by its number."""

SILENT: Final = ("typing",)
"""Kinds of mail that say nothing to anybody afterwards."""

ROWS: Final = 2_000
"""Rows that one look brings while the outline is drawn."""


@dataclass(slots=True)
class Talk:
    """One conversation in outline: which character, from when to when, and what it consists of, in order."""

    conversation: str
    began: datetime
    ended: datetime
    personas: list[str] = field(default_factory=list[str])
    refs: list[Ref] = field(default_factory=list[Ref])


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said or shown. `by` is user, ai, human or system; `kind` tells what it was.

    said, answer, message (a person's), care, notice, takeover, retract. `text` is None where nothing opens it any more.
    """

    id: str
    at: datetime
    conversation: str
    persona: str
    by: str
    kind: str
    text: str | None
    state: str = ""


def outline(connection: Connection, user: str) -> tuple[Talk, ...]:
    """Every conversation of a person, the oldest first; no words are opened.

    What reached them outside a reply without naming a conversation stands in the one they were in then.
    """
    found: dict[str, Talk] = {}
    now_in = ""
    rows = heapq.merge(_turns(connection, user), _mail(connection, user), key=lambda row: row[0])
    for at, ref, conversation, persona in rows:
        now_in = conversation or now_in
        talk = found.get(now_in)
        if talk is None:
            talk = found[now_in] = Talk(now_in, at, at)
        talk.ended = at
        talk.refs.append(ref)
        if persona and persona not in talk.personas:
            talk.personas.append(persona)
    return tuple(found.values())


def lines_of(
    connection: Connection, user: str, key: DataKey, talk: Talk, refs: Sequence[Ref], last: Line | None
) -> tuple[Line, ...]:
    """What these parts of a conversation say, in their order.

    While a person held the conversation, the user's words stand in a letter and in a turn: they are given once. `last`
    is the line before, where there is one. What was erased meanwhile is left out.
    """
    spoken = _named(connection, turns, user, [ref for ref in refs if isinstance(ref, str)])
    letters = _named(connection, mail, user, [ref for ref in refs if isinstance(ref, int)])
    found: list[Line] = []
    persona = last.persona if last is not None else (talk.personas[0] if talk.personas else "")
    for ref in refs:
        row = spoken.get(ref) if isinstance(ref, str) else letters.get(ref)
        if row is None:
            continue
        persona = row.persona if isinstance(ref, str) else persona
        for line in _opened(row, key, talk.conversation, persona):
            before = found[-1] if found else last
            if before is None or not _again(before, line):
                found.append(line)
    return tuple(found)


def _again(before: Line, line: Line) -> bool:
    return (before.by, before.at, before.text) == (line.by, line.at, line.text) == ("user", line.at, line.text)


def _opened(row: Any, key: DataKey, conversation: str, persona: str) -> Iterator[Line]:
    is_turn = hasattr(row, "author")
    try:
        if is_turn:
            yield from _of_turn(opened_turn(row, key), conversation)
        else:
            yield _of_mail(opened_mail(row, key), conversation, persona)
    except Unreadable:
        name, by = (row.id, row.author) if is_turn else (f"mail_{row.id}", "system")
        yield Line(name, aware(row.at), conversation, persona, by, "unreadable", None)


def _of_turn(turn: Turn, conversation: str) -> Iterator[Line]:
    if turn.said:
        yield Line(f"{turn.id}.said", turn.at, conversation, turn.persona, "user", "said", turn.said)
    # A person's words came as letters, each under its own time.
    if turn.answer and turn.author != "human":
        yield Line(f"{turn.id}.answer", turn.at, conversation, turn.persona, turn.author, "answer", turn.answer)


def _of_mail(letter: Mail, conversation: str, persona: str) -> Line:
    by = {SAID: "user", "message": "human"}.get(letter.kind, "system")
    text, state = str(letter.payload.get("text", "")), str(letter.payload.get("state", ""))
    return Line(f"mail_{letter.id}", letter.at, conversation, persona, by, letter.kind, text, state)


def _turns(connection: Connection, user: str) -> Iterator[tuple[datetime, Ref, str, str]]:
    after = ""
    columns = turns.c
    while rows := connection.execute(
        select(columns.id, columns.at, columns.conversation, columns.persona)
        .where(columns.user == user, columns.id > after)
        .order_by(columns.id)
        .limit(ROWS)
    ).all():
        yield from ((aware(row.at), row.id, row.conversation, row.persona) for row in rows)
        after = rows[-1].id


def _mail(connection: Connection, user: str) -> Iterator[tuple[datetime, Ref, str, str]]:
    after = 0
    columns = mail.c
    while rows := connection.execute(
        select(columns.id, columns.at, columns.conversation, columns.kind)
        .where(columns.user == user, columns.id > after)
        .order_by(columns.id)
        .limit(ROWS)
    ).all():
        yield from ((aware(row.at), row.id, row.conversation, "") for row in rows if row.kind not in SILENT)
        after = rows[-1].id


def _named(connection: Connection, table: Any, user: str, identifiers: Sequence[Any]) -> dict[Any, Any]:
    if not identifiers:
        return {}
    rows = connection.execute(select(table).where(table.c.user == user, table.c.id.in_(identifiers)))
    return {row.id: row for row in rows}
