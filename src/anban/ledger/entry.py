"""One line of evidence: what happened, to whom, by whom, under which rules; never what was said."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from anban.base.errors import BadInput
from anban.base.ids import new_id
from anban.ledger.kinds import Kind

Scalar = str | int | float | bool | None
Fact = Scalar | list[str] | list[int] | list[float] | list[bool] | list[Scalar]

FORM: Final = 1
"""Version of the canonical form, `v` in every body."""

MAX_FACTS = 40
MAX_LENGTH = 200
MAX_INTEGER = 2**53 - 1
MAX_FLOAT = 1e9
DECIMALS = 4
MAX_SPACES = 3
"""A fact is a code, a digest or a number. More blanks than this look like something a person wrote."""

_KEY = re.compile(r"[a-z_.]{1,60}")


class NotEvidence(BadInput):
    """An entry that the ledger refuses: too large, or it looks like text somebody wrote."""

    code = "not_evidence"


def new_entry_id() -> str:
    """Sorts by time; the same id written twice is one entry."""
    return new_id("ent_")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened. Raises `NotEvidence` when it does not fit.

    `at` is aware; `subject` is an opaque id of the person or thing concerned, `actor` who did it (`anban`, a responder,
    the user), `rulebook` the version of the rules then in force. `facts`: at most 40, keys of `a-z_.`, strings of ASCII
    codes up to 200 characters with at most three blanks, integers within 53 bits, floats kept to four decimals.
    `late` marks what was kept in the spool while the ledger could not be written.
    """

    kind: Kind
    at: datetime
    subject: str
    actor: str
    service: str
    rulebook: str
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    id: str = field(default_factory=new_entry_id)
    late: bool = False

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise NotEvidence("a time without a zone", field="at")
        together = self.id + self.subject + self.actor + self.service + self.rulebook
        if len(together) > MAX_LENGTH or not together.isprintable():
            self._check_names()  # rare: tells which one, and lets several long ones pass that are each short enough
        if not 1 <= len(self.id) <= 40:
            raise NotEvidence("an id has 1 to 40 characters", field="id")
        _check_facts(self.facts)

    def _check_names(self) -> None:
        for name in ("id", "subject", "actor", "service", "rulebook"):
            text: str = getattr(self, name)
            if len(text) > MAX_LENGTH or not text.isprintable():
                raise NotEvidence(f"longer than {MAX_LENGTH} characters, or not printable", field=name)


def _check_facts(facts: Mapping[str, Fact]) -> None:
    if len(facts) > MAX_FACTS:
        raise NotEvidence(f"more than {MAX_FACTS} facts", field="facts")
    for key, fact in facts.items():
        if not _is_key(key):
            raise NotEvidence("a key uses a-z, _ and . only", field="facts")
        if isinstance(fact, list):
            if len(fact) > MAX_FACTS:
                raise NotEvidence(f"more than {MAX_FACTS} items", field=f"facts.{key}")
            for item in fact:
                _check_scalar(key, item)
        else:
            _check_scalar(key, fact)


def _check_scalar(key: str, fact: object) -> None:
    if isinstance(fact, str):
        if len(fact) > MAX_LENGTH or not (fact.isascii() and fact.isprintable()) or fact.count(" ") > MAX_SPACES:
            raise NotEvidence("a fact is a short code, not text", field=f"facts.{key}")
    elif fact is None or fact is True or fact is False:
        return
    elif isinstance(fact, int):
        if not -MAX_INTEGER <= fact <= MAX_INTEGER:
            raise NotEvidence("an integer has at most 53 bits", field=f"facts.{key}")
    elif isinstance(fact, float):
        if not -MAX_FLOAT <= fact <= MAX_FLOAT:  # NaN is refused here too
            raise NotEvidence("a float lies within a thousand million of zero", field=f"facts.{key}")
    else:
        raise NotEvidence("a fact is a string, a number, true, false, null or a list of those", field=f"facts.{key}")


@lru_cache(maxsize=2048)
def _is_key(key: str) -> bool:
    return _KEY.fullmatch(key) is not None


def canonical(entry: Entry) -> bytes:
    """The bytes that are hashed: JSON, keys sorted by code point, UTF-8, no blanks, no escapes but JSON's own.

    Floats are rounded to four decimals and never negative zero, so that every JSON library writes the same digits.
    Times are UTC with six decimals and `Z`.
    """
    return orjson.dumps(
        {
            "v": FORM,
            "id": entry.id,
            "kind": entry.kind.value,
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
            "subject": entry.subject,
            "actor": entry.actor,
            "service": entry.service,
            "rulebook": entry.rulebook,
            "facts": {key: _plain(fact) for key, fact in entry.facts.items()},
            "late": entry.late,
        },
        option=orjson.OPT_SORT_KEYS,
    )


def _plain(fact: Any) -> Any:
    if isinstance(fact, float):
        return float(round(fact, DECIMALS)) + 0.0  # adding zero turns -0.0 into 0.0
    if isinstance(fact, list):
        return [_plain(item) for item in fact]
    return fact


def leaf(body: bytes) -> bytes:
    """The leaf hash of a canonical body (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x00" + body).digest()


def parse(body: bytes) -> Entry:
    """The entry that a stored body says."""
    content = orjson.loads(body)
    return Entry(
        kind=Kind(content["kind"]),
        at=datetime.fromisoformat(content["at"]),
        subject=content["subject"],
        actor=content["actor"],
        service=content["service"],
        rulebook=content["rulebook"],
        facts=content["facts"],
        id=content["id"],
        late=content["late"],
    )
