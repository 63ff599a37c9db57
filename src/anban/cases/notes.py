"""What staff write about a case: sealed under the person's own key, so that erasing the person erases it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select

from anban.base.ids import new_id
from anban.base.times import aware
from anban.cases.case import Case
from anban.cases.models import case_notes
from anban.people.models import User

NoteKind = Literal["note", "summary", "call", "debrief"]


@dataclass(frozen=True, slots=True)
class Note:
    """One note. `summary` is what the next person and the AI are told when a conversation is handed back."""

    id: str
    kind: NoteKind
    author: str
    at: datetime
    text: str


def add_note(
    connection: Connection, case: Case, user: User, kind: NoteKind, author: str, text: str, at: datetime
) -> str:
    """Keep a note; its id."""
    identifier = new_id("note_")
    sealed = user.key.seal(text.encode("utf-8", "replace"), _place(user, identifier, user.key.version))
    connection.execute(
        insert(case_notes).values(
            id=identifier, case=case.id, user=user.id, kind=kind, author=author, at=at,
            key_version=user.key.version, sealed=sealed,
        )
    )  # fmt: skip
    return identifier


def notes_of(connection: Connection, user: User, case: str | None = None) -> tuple[Note, ...]:
    """The notes about a person, oldest first; of one case, or of all."""
    wanted = select(case_notes).where(case_notes.c.user == user.id).order_by(case_notes.c.id)
    if case is not None:
        wanted = wanted.where(case_notes.c.case == case)
    return tuple(
        Note(row.id, row.kind, row.author, aware(row.at), _text(row.sealed, user, row.id, row.key_version))
        for row in connection.execute(wanted)
    )


def last_summary(connection: Connection, user: User) -> str:
    """What the responder who handed back last wants whoever goes on to know, the AI included; empty when none did."""
    return next((note.text for note in reversed(notes_of(connection, user)) if note.kind == "summary"), "")


def _text(sealed: bytes, user: User, note: str, version: int) -> str:
    return user.key.of(version).open(sealed, _place(user, note, version)).decode()


def _place(user: User, note: str, version: int) -> str:
    return f"case_notes|{user.id}|{note}|{version}"
