"""What a legal text, a clause, a number and a duty are, once read: frozen and plain."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timezone
from typing import Literal, get_args

from anban.base.errors import Misconfigured, NotFound

Lang = Literal["zh", "en"]
Status = Literal["draft", "adopted", "in-force", "repealed"]
Stricter = Literal["lower", "higher", "either", "all"]
Mode = Literal["automated", "assisted", "procedural", "not-applicable", "pending"]
OwedBy = Literal["provider", "store", "regulator", "nobody"]
UsedBy = Literal["code", "pending"]
Confidence = Literal["H", "M", "L"]
Group = Literal["known-minors", "minors", "under-14", "elders"]
Unit = Literal[
    "milliseconds", "seconds", "minutes", "hours", "days", "working-days", "months", "years", "time-of-day",
    "characters", "turns", "count", "bytes", "pixels", "ratio", "percent", "probability", "switch", "names",
]  # fmt: skip

Single = int | float | str | bool
Value = Single | tuple[Single, ...] | Mapping[str, Single]

HOUSE = "anban"
EVERYONE = frozenset[str](get_args(Group))
"""All groups at once: the strictest rulebook there is, by which a deployment's own choices are measured."""


class NoText(Misconfigured):
    """The register holds no text in force for the packs and the moment asked for."""

    code = "no_text_in_force"


class NotInForce(NotFound):
    """The rulebook at hand sets no such number or duty."""

    code = "not_in_force"


@dataclass(frozen=True, slots=True)
class Both:
    """The same words in Chinese and in English."""

    zh: str
    en: str

    def said(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Cite:
    """A numbered place in a text, such as `cn-2026-final art 18`."""

    instrument: str
    place: str

    def __str__(self) -> str:
        return f"{self.instrument} {self.place}"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of an instrument, titled in our own words. `items` is how many numbered parts it has, 0 if unknown."""

    place: str
    title: Both
    items: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """Who compared our file with the official text, and when; empty until a person did."""

    by: str
    on: date | None


@dataclass(frozen=True, slots=True)
class Instrument:
    """A legal text. A draft has no `in_force` date: it binds only a service that adopts it."""

    id: str
    title: Both
    label: Both
    jurisdiction: str
    zone: timezone
    status: Status
    published: date
    in_force: date | None
    repealed: date | None
    follows: str | None
    source: str
    checked: Checked
    clauses: Mapping[str, Clause]
    note: str

    def begins(self) -> datetime | None:
        """When it starts to count for a service that has it among its packs; a draft counts from publication."""
        first = self.published if self.status == "draft" else self.in_force
        return None if first is None else midnight(first, self.zone)

    def ends(self) -> datetime | None:
        """When it ceases to count; None while it is not repealed."""
        return None if self.repealed is None else midnight(self.repealed, self.zone)

    def counts(self, at: datetime) -> bool:
        """Whether it counts at `at` for a service that has it among its packs."""
        begins, ends = self.begins(), self.ends()
        return begins is not None and begins <= at and (ends is None or at < ends)


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """One dated value with the clause it comes from (`cites`) or our own reason (`because`).

    `starts` is the day where the law applies, `since` that day's first moment in UTC, `origin` the instrument's id or
    `anban` for a number of our own, `who` the group it is limited to.
    """

    value: Value
    starts: date
    since: datetime
    origin: str
    cites: tuple[Cite, ...]
    because: Both | None
    who: Group | None
    confidence: Confidence | None

    def basis(self, lang: Lang = "en") -> str:
        """The citation, or our reason, in one line."""
        if self.because is not None:
            return self.because.said(lang)
        return ", ".join(str(cite) for cite in self.cites)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a law or we ourselves set, with every value it ever had. `stricter` is how two laws combine."""

    id: str
    about: Both
    unit: Unit
    stricter: Stricter
    values: tuple[ParameterValue, ...]
    used_by: UsedBy
    note: str


@dataclass(frozen=True, slots=True)
class Duty:
    """What is owed, by a name that never changes, and how honestly far it is done (`mode`)."""

    id: str
    title: Both
    owed_by: OwedBy
    clauses: tuple[Cite, ...]
    meets: tuple[str, ...]
    mode: Mode
    parameters: tuple[str, ...]
    signals: tuple[str, ...]
    evidence: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of the requirement matrix: a duty in plain words that some duty file must meet."""

    id: str
    says: str
    clauses: tuple[Cite, ...]


def midnight(day: date, zone: timezone = UTC) -> datetime:
    """The first moment of `day` where the law applies, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
