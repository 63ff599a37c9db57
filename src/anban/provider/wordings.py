"""What does this service say in its own words, who wrote it, and which two people let it be said?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

import orjson
import structlog
from sqlalchemy import Connection, Row, func, insert, select, update

from anban.base.errors import BadInput, Conflict, NotFound
from anban.base.ids import new_id
from anban.base.times import aware
from anban.provider.desk_models import wordings
from anban.words.faults import Fault, Wording, faults
from anban.words.helplines import Audience, Lang
from anban.words.reading import LANGS, Template, reworded
from anban.words.templates import Words

log = structlog.get_logger("anban.words")

State = Literal["draft", "approved", "live", "retired"]
OWN_VERSIONS_FROM = 1001
"""Own wording is numbered from here, so that a version in a record tells it from a packaged one."""

MOST_CHARACTERS = 4_000
MOST_VARIANTS = 12


class NotFit(BadInput):
    """The words may not be approved; `faults` says why, the message names the first."""

    code = "wording_not_fit"

    def __init__(self, found: Sequence[Fault]) -> None:
        first = found[0]
        super().__init__(f"{first.rule}: {first.why_en}", field=f"{first.audience}.{first.variant}")
        self.faults = tuple(found)


@dataclass(frozen=True, slots=True)
class OwnWording:
    """One version of a service's own words for one template. The words of a version never change."""

    id: str
    service: str
    template: str
    lang: Lang
    version: int
    text: Mapping[Audience, tuple[str, ...]]
    state: State
    author: str
    approved_by: tuple[str, ...]
    made_at: datetime
    decided_at: datetime | None


def draft(
    connection: Connection,
    words: Words,
    *,
    service: str,
    template: str,
    lang: str,
    text: Wording,
    author: str,
    at: datetime,
) -> OwnWording:
    """Keep a new version that nobody hears yet; it may still have faults.

    Raises `NotFound` for a template that is not spoken to people, `BadInput` for words of a wrong shape.
    """
    known = _base(words, template, lang)
    _fits(text)
    newest = select(func.max(wordings.c.version)).where(
        wordings.c.service == service, wordings.c.template == template, wordings.c.lang == known.lang
    )
    last = connection.execute(newest).scalar()
    identifier = new_id("wrd_")
    connection.execute(
        insert(wordings).values(
            id=identifier,
            service=service,
            template=template,
            lang=known.lang,
            version=OWN_VERSIONS_FROM if last is None else last + 1,
            body=orjson.dumps({audience: list(said) for audience, said in text.items()}).decode(),
            state="draft",
            author=author,
            approved_by="",
            made_at=at,
        )
    )
    return find_wording(connection, service, identifier)


def approve(connection: Connection, words: Words, service: str, identifier: str, by: str, at: datetime) -> OwnWording:
    """One person's word for a draft; with the second, different person it is approved.

    The author may be one of the two, never both. Raises `NotFit` when the linter or the promise check holds something,
    `Conflict` when this person has approved already or it is no draft.
    """
    found = find_wording(connection, service, identifier)
    if found.state != "draft":
        raise Conflict("only a draft is approved; write a new version")
    if by in found.approved_by:
        raise Conflict("a second person has to approve", code="second_person_needed")
    if holding := faults(words, _base(words, found.template, found.lang), found.text):
        raise NotFit(holding)
    people = (*found.approved_by, by)
    state = "approved" if len(people) >= 2 else "draft"
    _change(connection, found, state=state, approved_by=",".join(people), decided_at=at)
    return find_wording(connection, service, identifier)


def go_live(connection: Connection, words: Words, service: str, identifier: str, at: datetime) -> OwnWording:
    """Say these words from now on; what was live before for the same template is retired.

    Raises `Conflict` unless two people approved, `NotFit` when the rules have changed since.
    """
    found = find_wording(connection, service, identifier)
    if found.state != "approved" or len(set(found.approved_by)) < 2:
        raise Conflict("two different people have to approve first", code="second_person_needed")
    if holding := faults(words, _base(words, found.template, found.lang), found.text):
        raise NotFit(holding)
    connection.execute(
        update(wordings)
        .where(
            wordings.c.service == service,
            wordings.c.template == found.template,
            wordings.c.lang == found.lang,
            wordings.c.state == "live",
        )
        .values(state="retired", decided_at=at)
    )
    _change(connection, found, state="live", decided_at=at)
    return find_wording(connection, service, identifier)


def retire(connection: Connection, service: str, identifier: str, at: datetime) -> OwnWording:
    """Stop saying these words, or give a draft up; the packaged ones are said again. Raises `Conflict` if it was."""
    found = find_wording(connection, service, identifier)
    if found.state == "retired":
        raise Conflict("this version is retired already")
    _change(connection, found, state="retired", decided_at=at)
    return find_wording(connection, service, identifier)


def find_wording(connection: Connection, service: str, identifier: str) -> OwnWording:
    """One version. Raises `NotFound`, also for another service's."""
    row = connection.execute(select(wordings).where(wordings.c.id == identifier, wordings.c.service == service)).first()
    if row is None:
        raise NotFound("no such wording")
    return _wording(row)


def wordings_of(connection: Connection, service: str, template: str | None = None) -> tuple[OwnWording, ...]:
    """Every version of a service's own words, the newest first."""
    query = select(wordings).where(wordings.c.service == service)
    if template is not None:
        query = query.where(wordings.c.template == template)
    return tuple(_wording(row) for row in connection.execute(query.order_by(wordings.c.made_at.desc(), wordings.c.id)))


def live_templates(connection: Connection, service: str, words: Words) -> tuple[Template, ...]:
    """The own wording that is said now. One that no longer fits its template is left out and logged: help goes on."""
    rows = connection.execute(select(wordings).where(wordings.c.service == service, wordings.c.state == "live"))
    found: list[Template] = []
    for each in (_wording(row) for row in rows):
        try:
            base = _base(words, each.template, each.lang)
            found.append(reworded(base, each.text, each.version, each.approved_by))
        except (ValueError, NotFound):
            log.error("wording.left_out", wording=each.id, template=each.template, version=each.version)
    return tuple(found)


def _base(words: Words, template: str, lang: str) -> Template:
    found = words.templates.get((template, lang)) if lang in LANGS else None
    if found is None or found.spoken_to != "person":
        raise NotFound("no such template", field="template")
    return found


def _fits(text: Wording) -> None:
    if not text or any(audience not in ("adult", "minor", "elder") for audience in text):
        raise BadInput("words are for adult, minor or elder", field="text")
    for said in text.values():
        if not 0 < len(said) <= MOST_VARIANTS:
            raise BadInput(f"between one and {MOST_VARIANTS} variants", field="text")
        if any(not each.strip() or len(each) > MOST_CHARACTERS for each in said):
            raise BadInput(f"a variant has between one and {MOST_CHARACTERS} characters", field="text")


def _change(connection: Connection, found: OwnWording, **values: Any) -> None:
    """Move on from the state that was read; two people who act at once do not both win."""
    done = connection.execute(
        update(wordings)
        .where(
            wordings.c.id == found.id,
            wordings.c.state == found.state,
            wordings.c.approved_by == ",".join(found.approved_by),
        )
        .values(**values)
    )
    if done.rowcount != 1:
        raise Conflict("somebody else changed this at the same moment; look again")


def _wording(row: Row[Any]) -> OwnWording:
    body: dict[Audience, list[str]] = orjson.loads(row.body)
    return OwnWording(
        id=row.id,
        service=row.service,
        template=row.template,
        lang=cast(Lang, row.lang),
        version=row.version,
        text={audience: tuple(said) for audience, said in body.items()},
        state=cast(State, row.state),
        author=row.author,
        approved_by=tuple(filter(None, row.approved_by.split(","))),
        made_at=aware(row.made_at),
        decided_at=aware(row.decided_at) if row.decided_at else None,
    )
