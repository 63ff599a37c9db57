"""Which characters does this service have, who reviewed them, and what are they to people?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast, get_args

import orjson
from sqlalchemy import Connection, Row, insert, select, update

from anban.base.errors import BadInput, Conflict, NotFound
from anban.base.ids import new_id
from anban.base.times import aware
from anban.law.performs import performs
from anban.provider.persona_lint import FORBIDDEN, Finding, lint_card, proposed
from anban.provider.persona_models import personas
from anban.words.helplines import Lang

State = Literal["draft", "review", "released", "refused", "retired"]
Relation = Literal["friend", "mentor", "companion", "tool", "partner", "kin", "other-intimate"]
RELATIONS: tuple[str, ...] = get_args(Relation)
UNREVIEWED = "unreviewed"
"""The relation of a character that no second person has looked at yet."""


class NotFit(BadInput):
    """The character may not be released as it stands; the message says why."""

    code = "persona_not_fit"


@dataclass(frozen=True, slots=True)
class Card:
    """What a character is made of. `limits` are its own declared limits, a short line by language, said to people."""

    prompt: str
    limits: Mapping[Lang, str] = field(default_factory=dict[Lang, str])


@dataclass(frozen=True, slots=True)
class Given:
    """What a provider tells of a character. `claimed` is the relation that they say it has; review decides."""

    name: str
    card: Card
    claimed: str = ""
    topics: tuple[str, ...] = ()
    scenario: str = ""
    aims: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Everything that the linter and the reviewer read, as one text."""
        return "\n".join((self.name, *self.aims, self.card.prompt, *self.card.limits.values()))


@dataclass(frozen=True, slots=True)
class Decided:
    """What a reviewer says on release: the relation, the sector packs, that each forbidden aim was looked for, and a
    reason for every finding that they set aside."""

    relation: str
    sectors: tuple[str, ...] = ()
    looked: tuple[str, ...] = ()
    set_aside: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Persona:
    """One character as it stands. `relation` is what review said; before that it is `unreviewed`."""

    id: str
    service: str
    ref: str
    given: Given
    relation: str
    sectors: tuple[str, ...]
    state: State
    set_aside: Mapping[str, str]
    reason: str
    made_by: str
    reviewed_by: str
    made_at: datetime
    decided_at: datetime | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the linter holds against the card today."""
        return lint_card(self.given.text)


def put_persona(connection: Connection, service: str, ref: str, given: Given, by: str, at: datetime) -> Persona:
    """Make a character, or change it: either way it is a draft again, and has to be reviewed anew.

    Raises `Conflict` for one that is retired: whoever talked to it was told that it is gone.
    """
    row = connection.execute(select(personas).where(personas.c.service == service, personas.c.ref == ref)).first()
    card = orjson.dumps({"prompt": given.card.prompt, "limits": given.card.limits}).decode()
    values = {
        "name": given.name, "relation": UNREVIEWED, "topics": list(given.topics), "scenario": given.scenario,
        "aims": list(given.aims), "card": card,
        "findings": {"claimed": given.claimed, "rules": sorted(each.rule for each in lint_card(given.text))},
        "state": "draft", "sector": "", "made_by": by, "reviewed_by": "", "made_at": at, "decided_at": None,
    }  # fmt: skip
    if row is None:
        connection.execute(insert(personas).values(id=new_id("prs_"), service=service, ref=ref, **values))
    elif row.state == "retired":
        raise Conflict("this character is retired; give the new one another ref", field="ref")
    else:
        _move(connection, row, **values)
    return find_persona(connection, service, ref)


def submit(connection: Connection, service: str, ref: str) -> Persona:
    """Hand a draft to the reviewers. Raises `Conflict` when it is no draft."""
    row = _row(connection, service, ref, "draft")
    _move(connection, row, state="review")
    return find_persona(connection, service, ref)


@performs("no-addictive-goals", "sector-rules")
def release(
    connection: Connection,
    service: str,
    ref: str,
    decided: Decided,
    by: str,
    at: datetime,
    *,
    sector_packs: Sequence[str],
) -> Persona:
    """Let people meet a character that was reviewed by somebody else than its author.

    Raises `Conflict` for the author or outside of review, `NotFit` while a finding stands, a forbidden aim was not
    looked for, or a sector pack is missing (draft articles 9 and 31, final articles 10 and 31).
    """
    row = _row(connection, service, ref, "review")
    if row.made_by == by:
        raise Conflict("somebody else than the author has to review it", code="second_person_needed")
    given = _given(row)
    _fits(given, decided, lint_card(given.text), sector_packs)
    noted = {**row.findings, "set_aside": dict(decided.set_aside), "looked": sorted(decided.looked)}
    _move(
        connection, row, state="released", relation=decided.relation, sector=",".join(sorted(set(decided.sectors))),
        reviewed_by=by, decided_at=at, findings=noted,
    )  # fmt: skip
    return find_persona(connection, service, ref)


def refuse(connection: Connection, service: str, ref: str, reason: str, by: str, at: datetime) -> Persona:
    """Nobody meets this character; changed, it may come back for review. Raises `Conflict` for the author."""
    row = _row(connection, service, ref, "review")
    if row.made_by == by:
        raise Conflict("somebody else than the author has to review it", code="second_person_needed")
    noted = {**row.findings, "reason": reason}
    _move(connection, row, state="refused", reviewed_by=by, decided_at=at, findings=noted)
    return find_persona(connection, service, ref)


def retire(connection: Connection, service: str, ref: str, at: datetime) -> Persona:
    """End a character for good. What was said with it stays with the people who said it."""
    row = _row(connection, service, ref, "draft", "review", "released", "refused")
    _move(connection, row, state="retired", decided_at=at)
    return find_persona(connection, service, ref)


def find_persona(connection: Connection, service: str, ref: str) -> Persona:
    """One character. Raises `NotFound`."""
    return _persona(_row(connection, service, ref))


def ref_of(connection: Connection, service: str, identifier: str) -> str:
    """What the service calls the character with this id of ours. Raises `NotFound`, also for another service's."""
    ref = connection.execute(
        select(personas.c.ref).where(personas.c.id == identifier, personas.c.service == service)
    ).scalar()
    if ref is None:
        raise NotFound("no such character")
    return ref


def personas_of(connection: Connection, service: str) -> tuple[Persona, ...]:
    """Every character of a service: those that wait for review first, then by name."""
    rows = connection.execute(select(personas).where(personas.c.service == service)).all()
    order = {"review": 0, "draft": 1, "released": 2, "refused": 3, "retired": 4}
    return tuple(_persona(row) for row in sorted(rows, key=lambda row: (order[row.state], row.name, row.ref)))


def _fits(given: Given, decided: Decided, found: Sequence[Finding], packs: Sequence[str]) -> None:
    if decided.relation not in RELATIONS:
        raise BadInput(f"relation is one of {', '.join(RELATIONS)}", field="relation")
    if unknown := set(decided.sectors) - set(packs):
        raise BadInput(f"there is no sector pack for {', '.join(sorted(unknown))}", field="sectors")
    if missing := [rule for rule in FORBIDDEN if rule not in decided.looked]:
        raise NotFit(f"look for this too, and say that you did: {', '.join(missing)}", field="looked")
    for each in found:
        if each.gravity == "never":
            raise NotFit(f"{each.rule}: {each.why_en}", field="card")
        settled = each.gives in decided.sectors or each.gives == decided.relation
        if each.gravity == "forbidden" or not settled:
            _needs_reason(each, decided)
    asked = {*proposed(found, "sector"), *given.topics} & set(packs)
    spared = {each.gives for each in found if each.gravity == "sector" and each.rule in decided.set_aside}
    if open_ := asked - set(decided.sectors) - (spared - set(given.topics)):
        raise NotFit(f"choose the sector pack first: {', '.join(sorted(open_))}", field="sectors")


def _needs_reason(found: Finding, decided: Decided) -> None:
    if not decided.set_aside.get(found.rule, "").strip():
        raise NotFit(f"{found.rule}: {found.why_en}; change the card, or say why this is not so", field="set_aside")


def _row(connection: Connection, service: str, ref: str, *states: str) -> Row[Any]:
    row = connection.execute(select(personas).where(personas.c.service == service, personas.c.ref == ref)).first()
    if row is None:
        raise NotFound("no such character", field="ref")
    if states and row.state not in states:
        raise Conflict(f"this character is {row.state}; it would have to be {' or '.join(states)}", field="state")
    return row


def _move(connection: Connection, row: Row[Any], **values: Any) -> None:
    """Change what was read; two people who act at once do not both win."""
    same = (personas.c.id == row.id, personas.c.state == row.state, personas.c.made_at == row.made_at)
    if connection.execute(update(personas).where(*same).values(**values)).rowcount != 1:
        raise Conflict("somebody else changed this at the same moment; look again")


def _given(row: Row[Any]) -> Given:
    card = orjson.loads(row.card)
    return Given(
        row.name,
        Card(card["prompt"], card["limits"]),
        row.findings.get("claimed", ""),
        tuple(row.topics),
        row.scenario,
        tuple(row.aims),
    )


def _persona(row: Row[Any]) -> Persona:
    return Persona(
        id=row.id,
        service=row.service,
        ref=row.ref,
        given=_given(row),
        relation=row.relation,
        sectors=tuple(filter(None, row.sector.split(","))),
        state=cast("State", row.state),
        set_aside=row.findings.get("set_aside", {}),
        reason=row.findings.get("reason", ""),
        made_by=row.made_by,
        reviewed_by=row.reviewed_by,
        made_at=aware(row.made_at),
        decided_at=aware(row.decided_at) if row.decided_at else None,
    )
