"""A copy of everything about one person: asked for, made, fetched once by a link, and gone."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, delete, insert, select, update

from anban.base.durable import promise
from anban.base.errors import Conflict, NotFound
from anban.base.ids import new_id
from anban.base.times import aware
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.models import User, users
from anban.privacy.copy_models import copies
from anban.words.helplines import Lang

COPY: Final = "copy"
"""The kind of work that makes copies and takes their files away."""

BAND: Final = 80
"""Its place among all work: behind everything that protects somebody."""

By = Literal["self", "service"]
NEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy. `state`: asked, writing, ready, fetched (once, and still there for a while) or over."""

    id: str
    user: str
    state: str
    by: str
    lang: Lang
    asked_at: datetime
    done: int
    total: int
    size: int
    file: str
    key_version: int | None
    expires_at: datetime | None

    @property
    def percent(self) -> int:
        """How much of it is made."""
        if self.state in ("ready", "fetched"):
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def under_way(self) -> bool:
        return self.state in ("asked", "writing")

    @property
    def place(self) -> str:
        """What its sealed file is bound to."""
        return place_of(self.user, self.id, self.key_version or 0)


@performs("copy-and-erasure")
def ask_copy(connection: Connection, user: User, by: By, lang: Lang, at: datetime) -> Copy:
    """Ask for a copy of everything; it is promised in the same transaction (final art 16, draft art 14(3)).

    While one is being made, that is the answer. One that lay ready gives way to the new one.
    """
    connection.execute(select(users.c.id).where(users.c.id == user.id).with_for_update())
    for each in copies_of(connection, user.id):
        if each.under_way:
            return each
        if each.state != "over":
            _end(connection, each.id, at)
    identifier = new_id("copy_")
    connection.execute(
        insert(copies).values(
            id=identifier, user=user.id, state="asked", by=by, lang=lang, asked_at=at, done=0, total=0, size=0, file="",
        )
    )  # fmt: skip
    promise(connection, identifier, COPY, at, BAND)
    return copy_of(connection, user.id, identifier)


def copies_of(connection: Connection, user: str) -> tuple[Copy, ...]:
    """A person's copies, the newest first."""
    rows = connection.execute(
        select(copies).where(copies.c.user == user).order_by(copies.c.id.desc()).limit(NEWEST)
    ).all()
    return tuple(_copy(row) for row in rows)


def copy_of(connection: Connection, user: str, identifier: str) -> Copy:
    """One of a person's copies. Raises `NotFound`, also for somebody else's."""
    row = connection.execute(select(copies).where(copies.c.id == identifier, copies.c.user == user)).first()
    if row is None:
        raise NotFound("no such copy", field="copy")
    return _copy(row)


@dataclass(frozen=True, slots=True)
class Link:
    """What fetches a copy, once, until `until`; only its digest is kept."""

    token: str
    until: datetime


def link_for(connection: Connection, user: str, identifier: str, at: datetime, rules: Rulebook) -> Link:
    """A new link for a copy that lies ready; an earlier one opens nothing any more. Raises `NotFound`, `Conflict`."""
    copy = copy_of(connection, user, identifier)
    if copy.state not in ("ready", "fetched") or copy.expires_at is None or copy.expires_at <= at:
        raise Conflict("the copy is not ready, or gone", field="copy", code="copy_not_ready")
    link = Link(secrets.token_urlsafe(32), min(copy.expires_at, at + rules.lasting("copy-link-minutes")))
    changed = connection.execute(
        update(copies)
        .where(copies.c.id == copy.id, copies.c.state.in_(("ready", "fetched")))
        .values(link=_digest(link.token), link_until=link.until)
    )
    if changed.rowcount != 1:
        raise Conflict("the copy is gone", field="copy", code="copy_not_ready")
    return link


@performs("copy-and-erasure")
def use_link(connection: Connection, token: str, at: datetime, rules: Rulebook) -> Copy:
    """Use a link: it opens nothing again. From the first use on the file stays for a short while, then goes.

    For that while a new link may be had, so that a download that broke off is no loss. Raises `NotFound` for a link
    that is unknown, used or too old: they look the same.
    """
    row = connection.execute(
        select(copies, users.c.service).join(users, users.c.id == copies.c.user).where(copies.c.link == _digest(token))
    ).first()
    gone = NotFound("this link opens nothing, or nothing any more")
    if row is None or aware(row.link_until) <= at or row.state not in ("ready", "fetched"):
        raise gone
    expires_at = min(aware(row.expires_at), at + rules.lasting("copy-link-minutes"))
    used = connection.execute(
        update(copies)
        .where(copies.c.id == row.id, copies.c.link == _digest(token))
        .values(link=None, link_until=None, state="fetched", expires_at=expires_at)
    )
    if used.rowcount != 1:
        raise gone
    promise(connection, row.id, COPY, expires_at, BAND)
    note(connection, row.user, row.service, row.id, "fetched", at, rules, {"bytes": row.size})
    return _copy(row)


def drop_copies(connection: Connection, user: str, at: datetime) -> tuple[str, ...]:
    """Every copy of a person goes with an erasure: rows now, and the files, whose names are given back, soon.

    Whoever erases may take the files away at once; the work that each copy left does it in any case.
    """
    rows = connection.execute(delete(copies).where(copies.c.user == user).returning(copies.c.id, copies.c.file)).all()
    for row in rows:
        promise(connection, row.id, COPY, at, BAND)
    return tuple(row.file for row in rows if row.file)


def place_of(user: str, copy: str, version: int) -> str:
    """What the file of a copy is bound to: whose it is, which, and the key's version."""
    return f"copies|{user}|{copy}|{version}"


def unlink_copies(folder: Path, identifier: str, but: str = "") -> None:
    """Take away every file of one copy, finished or not, but the one named `but`."""
    for path in folder.glob(f"{identifier}-*.sealed"):
        if path.name != but:
            path.unlink(missing_ok=True)


def note(
    connection: Connection, user: str, service: str, copy: str, state: str, at: datetime, rules: Rulebook,
    facts: dict[str, Fact],
) -> None:  # fmt: skip
    """Write down that a copy was made (`state` made) or fetched."""
    told: dict[str, Fact] = {"copy": copy, "state": state, **facts}
    write(connection, Entry(Kind.RECORD_COPIED, at, user, "user", service, rules.version, told))


def _end(connection: Connection, identifier: str, at: datetime) -> None:
    """A copy is over: no link opens it, and its work takes the file away."""
    connection.execute(update(copies).where(copies.c.id == identifier).values(state="over", link=None, link_until=None))
    promise(connection, identifier, COPY, at, BAND)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _copy(row: Any) -> Copy:
    expires_at = aware(row.expires_at) if row.expires_at else None
    return Copy(
        row.id, row.user, row.state, row.by, row.lang, aware(row.asked_at), row.done, row.total, row.size, row.file,
        row.key_version, expires_at,
    )  # fmt: skip
