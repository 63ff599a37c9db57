"""What somebody wrote down for themselves on a calm day, for one that is not; sealed under their own key.

`card_of` is for the person's own page, for the help card in their chat, and for whoever has claimed their case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

import orjson
from sqlalchemy import Connection, delete, insert, select

from anban.base.errors import BadInput
from anban.base.times import aware
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.family_models import safety_cards
from anban.people.models import User

Part = Literal["signs", "helps", "people", "lines"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
"""Warning signs, what helps, people, numbers: in the order in which they are of use."""

MOST_LINES = 8
LONGEST = 120
"""Lines of one part, and characters of one line: a card is read at a glance."""

NOTHING: Final[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class SafetyCard:
    """The card as last written, each part as short lines; `band` is how the self-check came out, if they kept it."""

    at: datetime
    signs: tuple[str, ...] = NOTHING
    helps: tuple[str, ...] = NOTHING
    people: tuple[str, ...] = NOTHING
    lines: tuple[str, ...] = NOTHING
    band: str = ""
    band_at: datetime | None = None

    def part(self, name: Part) -> tuple[str, ...]:
        """The lines of one part."""
        return {"signs": self.signs, "helps": self.helps, "people": self.people, "lines": self.lines}[name]

    @property
    def written(self) -> bool:
        """Whether anything stands on the card."""
        return any(self.part(name) for name in PARTS)


def lines_of(text: str) -> tuple[str, ...]:
    """What somebody typed, as the lines of one part. Raises `BadInput` for more than fits on a card."""
    found = tuple(line.strip() for line in text.replace("\x00", "").splitlines() if line.strip())
    if len(found) > MOST_LINES or any(len(line) > LONGEST for line in found):
        raise BadInput(f"at most {MOST_LINES} lines of {LONGEST} characters", field="card", code="too_long")
    return found


def card_of(connection: Connection, user: User) -> SafetyCard | None:
    """This person's card, or None when they never wrote one."""
    row = connection.execute(select(safety_cards).where(safety_cards.c.user == user.id)).first()
    if row is None:
        return None
    told = orjson.loads(user.key.of(row.key_version).open(row.sealed, _place(user.id, row.key_version)))
    kept = told.get("band_at")
    return SafetyCard(
        aware(row.at),
        *(tuple(told.get(name, NOTHING)) for name in PARTS),
        band=told.get("band", ""),
        band_at=datetime.fromisoformat(kept) if kept else None,
    )


def keep_card(
    connection: Connection, user: User, given: Mapping[Part, Sequence[str]], at: datetime, rules: Rulebook
) -> SafetyCard:
    """Put these lines in place of what the person had written; the self-check stays as it was kept."""
    before = card_of(connection, user)
    card = SafetyCard(
        at,
        *(tuple(given.get(name, NOTHING)) for name in PARTS),
        band=before.band if before else "",
        band_at=before.band_at if before else None,
    )
    _put(connection, user, card)
    _note(connection, user, "safety-card", at, rules)
    return card


def keep_band(connection: Connection, user: User, band: str, at: datetime, rules: Rulebook) -> None:
    """Remember how the self-check came out, because its owner asked for it; an empty band forgets it."""
    before = card_of(connection, user) or SafetyCard(at)
    parts = (before.part(name) for name in PARTS)
    _put(connection, user, SafetyCard(before.at, *parts, band=band, band_at=at if band else None))
    _note(connection, user, "self-check", at, rules)


def drop_card(connection: Connection, user: User, at: datetime, rules: Rulebook) -> None:
    """Take the card away, with everything on it."""
    connection.execute(delete(safety_cards).where(safety_cards.c.user == user.id))
    _note(connection, user, "safety-card", at, rules)


def _put(connection: Connection, user: User, card: SafetyCard) -> None:
    told = {name: card.part(name) for name in PARTS}
    text = orjson.dumps({**told, "band": card.band, "band_at": card.band_at})
    version = user.key.version
    connection.execute(delete(safety_cards).where(safety_cards.c.user == user.id))
    connection.execute(
        insert(safety_cards).values(
            user=user.id, key_version=version, sealed=user.key.seal(text, _place(user.id, version)), at=card.at
        )
    )


def _note(connection: Connection, user: User, what: str, at: datetime, rules: Rulebook) -> None:
    facts: dict[str, Fact] = {"changed": [what], "by": "self"}
    write(connection, Entry(Kind.PERSON_CHANGED, at, user.id, "self", user.service, rules.version, facts))


def _place(user: str, version: int) -> str:
    return f"safety_cards|{user}|{version}"
