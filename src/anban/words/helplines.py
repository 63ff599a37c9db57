"""Where real people can be reached, by place, hour and need."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Literal

import msgspec

Lang = Literal["zh", "en"]
Audience = Literal["adult", "minor", "elder"]
Need = Literal["talk", "danger", "fraud", "harm-by-others", "report-content"]

HERE = "cn"
ELSEWHERE = "*"


class _Both(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    zh: str
    en: str

    def of(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en


class HelplineEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the directory. `verified_on: null` means not checked yet: never shown."""

    id: str
    number: str
    name: _Both
    short: _Both
    place: str
    hours: _Both
    who: _Both
    channel: Literal["call", "text", "visit"]
    cost: _Both
    source: str
    verified_on: date | None
    next_check: date | None
    need: dict[Need, int]
    audience: tuple[Audience, ...] = ("adult", "minor", "elder")
    always_open: bool = False
    never_hidden: bool = False
    answers: frozenset[Literal["medical", "police"]] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """One way to reach a real person. `stale` says that nobody has checked it for too long; show it, and check it.

    `number` is empty for a route without a number of its own (an emergency department, the local emergency number).
    """

    id: str
    place: str
    number: str
    name_zh: str
    name_en: str
    short_zh: str
    short_en: str
    hours_zh: str
    hours_en: str
    channel: str
    always_open: bool
    stale: bool = False
    verified_on: date | None = None

    def said(self, lang: Lang) -> str:
        """As spoken inside a sentence: a short name, then the number if there is one."""
        short = self.short_zh if lang == "zh" else self.short_en
        return f"{short} {self.number}".strip()

    def dialled(self, lang: Lang) -> str:
        """Only what to dial, or the short name when there is nothing to dial."""
        return self.number or (self.short_zh if lang == "zh" else self.short_en)


@dataclass(frozen=True, slots=True)
class Helplines:
    """The directory, read once."""

    entries: tuple[HelplineEntry, ...]

    def lines_for(
        self,
        place: str | None,
        at: datetime,
        need: Need,
        audience: Audience,
        *,
        stale_days: int,
        hidden_days: int,
        failed: Collection[str] = (),
    ) -> tuple[Line, ...]:
        """Two or three routes for `need`, best first, at least one of them open at every hour.

        `place` is a lower-case country code; None means the home country. `stale_days` and `hidden_days` are the law
        parameters `helpline-stale-days` and `helpline-hidden-days`: checked longer ago than the first a line is marked
        stale, longer than the second it is left out unless it is an emergency number. `failed` names lines the person
        could not reach; they come last.
        """
        today = at.date()
        seen = [entry for entry in self.entries if _may_show(entry, today, hidden_days) and audience in entry.audience]
        found = _ranked(seen, place or HERE, need, failed)
        if len(found) < 2:
            found += [entry for entry in _ranked(seen, ELSEWHERE, need, failed) if entry not in found]
        chosen = _with_one_open(found)
        return tuple(_line(entry, stale=_age(entry, today) > stale_days) for entry in chosen)

    def from_memory(self, need: Need = "talk", failed: Collection[str] = ()) -> tuple[Line, ...]:
        """The routes to say when nothing is known and nothing works: home country, emergency numbers, any date."""
        found = _ranked([entry for entry in self.entries if entry.never_hidden], HERE, need, failed)
        return tuple(_line(entry, stale=False) for entry in _with_one_open(found))

    def emergency(self, kind: Literal["medical", "police"], lines: tuple[Line, ...]) -> Line:
        """Who to call for a hurt body or a person in danger: where `lines` are, or at home when there are none."""
        place = next((line.place for line in lines), HERE)
        answering = sorted(
            (entry for entry in self.entries if kind in entry.answers and entry.place in (place, ELSEWHERE)),
            key=lambda entry: entry.place == ELSEWHERE,
        )
        return _line(answering[0], stale=False)


def load_helplines() -> Helplines:
    """Read the directory that ships with Anban; msgspec.ValidationError when it has a wrong shape."""
    raw = files("anban.words").joinpath("helplines.yaml").read_bytes()
    return Helplines(msgspec.yaml.decode(raw, type=tuple[HelplineEntry, ...]))


def say_lines(lines: Iterable[Line], lang: Lang) -> str:
    """Two or three routes as part of a sentence: 「心理援助 12356，或急救 120」."""
    said = [line.said(lang) for line in lines][:3]
    joint, last = ("、", "，或") if lang == "zh" else (", ", " or ")
    return last.join(filter(None, (joint.join(said[:-1]), said[-1]))) if said else ""


def _ranked(entries: Iterable[HelplineEntry], place: str, need: Need, failed: Collection[str]) -> list[HelplineEntry]:
    fitting = [entry for entry in entries if entry.place == place and need in entry.need]
    return sorted(fitting, key=lambda entry: (entry.id in failed, entry.need[need]))


def _with_one_open(found: list[HelplineEntry]) -> list[HelplineEntry]:
    """At most three; a line that is open at every hour is among them even when it ranks lower."""
    chosen = found[:3]
    if not any(entry.always_open for entry in chosen):
        chosen = [*chosen[:2], *[entry for entry in found[3:] if entry.always_open][:1]]
    return chosen


def _may_show(entry: HelplineEntry, today: date, hidden_days: int) -> bool:
    return entry.verified_on is not None and (entry.never_hidden or _age(entry, today) <= hidden_days)


def _age(entry: HelplineEntry, today: date) -> int:
    return (today - entry.verified_on).days if entry.verified_on else 0


def _line(entry: HelplineEntry, *, stale: bool) -> Line:
    return Line(
        id=entry.id,
        place=entry.place,
        number=entry.number,
        name_zh=entry.name.zh,
        name_en=entry.name.en,
        short_zh=entry.short.zh,
        short_en=entry.short.en,
        hours_zh=entry.hours.zh,
        hours_en=entry.hours.en,
        channel=entry.channel,
        always_open=entry.always_open,
        stale=stale,
        verified_on=entry.verified_on,
    )
