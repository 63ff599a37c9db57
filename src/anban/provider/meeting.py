"""Who may meet which character: pure, and the same for everybody who asks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import orjson
from sqlalchemy import Connection, select

from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.provider.persona_models import personas
from anban.provider.personas import UNREVIEWED
from anban.words.helplines import Audience, Lang

IMITATING = frozenset({"kin", "other-intimate"})
"""Relations in which a character stands for somebody in particular."""


class Visitor(Protocol):
    """What counts of the person who wants to talk: a `Standing` has it."""

    @property
    def audience(self) -> Audience: ...
    @property
    def blocked(self) -> Collection[str]: ...


@dataclass(frozen=True, slots=True)
class Character:
    """A character as far as a conversation needs it. `id` is empty for one that the service never registered.

    `registry` tells whether the service has registered any character at all; `framed` is the relation that the app's
    own prompt gives it in this conversation.
    """

    ref: str
    id: str = ""
    relation: str = UNREVIEWED
    state: str = ""
    sectors: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    limits: Mapping[Lang, str] = field(default_factory=dict[Lang, str])
    registry: bool = False
    framed: str = ""

    def framed_as(self, relation: str) -> "Character":
        """The same character, with the relation that an app's prompt gives it."""
        return replace(self, framed=relation)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody may not talk to a character now, and the words for it."""

    kind: Literal["blocked", "retired", "refused", "sector", "intimate", "imitation", "unreviewed"]
    template: str


@performs("no-virtual-intimacy-with-minors", "no-relative-imitation", "sector-rules")
def may_meet(character: Character, visitor: Visitor, rules: Rulebook) -> Refusal | None:
    """Why this person may not talk to this character, or None.

    No partner, kin or other intimate bond for a minor, known or suspected, whoever consents (final article 14); for an
    elder nobody who imitates a relative or somebody they know (draft article 13(2)).
    """
    if character.ref in visitor.blocked:
        return Refusal("blocked", "limit.blocked-character")
    if character.state == "retired":
        return Refusal("retired", "persona.retired")
    if character.state == "refused":
        return Refusal("refused", "persona.refused")
    if character.state in ("draft", "review") and set(character.topics) & set(rules.names("sector-packs")):
        return Refusal("sector", "persona.refused")
    are = {character.relation, character.framed}
    if visitor.audience == "minor":
        return _minor(character, are, rules)
    if visitor.audience == "elder" and are & IMITATING and rules.holds("relative-imitation-forbidden"):
        return Refusal("imitation", "persona.elder")
    return None


def _minor(character: Character, are: Collection[str], rules: Rulebook) -> Refusal | None:
    if rules.holds("virtual-intimacy-with-minors-forbidden") and set(are) & set(rules.names("minors-barred-relations")):
        return Refusal("intimate", "persona.minor")
    if character.state != "released" and character.registry and rules.holds("persona-review-required"):
        return Refusal("unreviewed", "persona.unreviewed")
    return None


def character_of(connection: Connection, service: str, ref: str) -> Character:
    """The character of that name, as registered or not."""
    row = connection.execute(select(personas).where(personas.c.service == service, personas.c.ref == ref)).first()
    if row is None:
        some = connection.execute(select(personas.c.id).where(personas.c.service == service).limit(1)).first()
        return Character(ref, registry=some is not None)
    card: dict[str, Any] = orjson.loads(row.card)
    return Character(
        ref,
        row.id,
        row.relation,
        row.state,
        tuple(filter(None, row.sector.split(","))),
        tuple(row.topics),
        card["limits"],
        registry=True,
    )
