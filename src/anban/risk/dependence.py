"""The dependence index: how somebody lives with the companion, beside their own usual. Pure; no diagnosis, no score to
rank people by, and nothing anybody but its owner is shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import cast

from anban.law.performs import performs
from anban.law.reading import read_yaml
from anban.law.rulebook import Rulebook
from anban.risk.models import Reason

DETECTOR, VERSION = "usage", "1"
"""How the index names itself in reasons, beside the detectors of words."""

RECENT, USUAL = 7, 28
"""Days that are looked at, and the days before them that they are compared with."""

NIGHT_BEGINS, NIGHT_ENDS = 23, 5

AMOUNT = "="


@dataclass(frozen=True, slots=True)
class UsedDay:
    """One local day: seconds of use, and how many of them in each of its 24 hours."""

    day: date
    seconds: float
    hours: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Life:
    """What the index goes by, up to and with `today`. Everything is the person's own.

    `since` is their first day. `returns`: times in the last week that they came straight back after leaving. `failed`:
    days of the last week beyond a limit they had set for themselves. `words`: they have lately said that only the
    companion understands them, or the like. `spent`, `spent_usually`: asked to spend in the last week, and in an
    average one before.
    """

    today: date
    since: date
    days: tuple[UsedDay, ...]
    returns: int = 0
    failed: int = 0
    words: bool = False
    spent: float = 0.0
    spent_usually: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """One sign: what was counted (`amount`, rounded for telling), the usual beside it, and what it adds, 0 to 1."""

    sign: str
    amount: float
    usual: float | None
    adds: float


@dataclass(frozen=True, slots=True)
class Index:
    """The level D0 to D3, the number behind it, and the signs that made it, the heaviest first."""

    level: int
    score: float
    parts: tuple[Part, ...]

    def reasons(self) -> tuple[Reason, ...]:
        """As reasons of the level: codes and figures, no words."""
        return tuple(
            Reason(
                f"dependence.D{self.level}", "dependence", round(part.adds, 3), DETECTOR, VERSION, "usage",
                f"{part.sign}{AMOUNT}{part.amount:g}",
            )
            for part in self.parts
        )  # fmt: skip


@performs("dependence-warning")
def index(life: Life, rules: Rulebook) -> Index | None:
    """How far somebody depends on the companion, from their own history; None while that is too short to say.

    Each sign adds at most its weight, so that no single one makes more than a gentle remark; what was always so for
    this person counts half (draft art 9, final art 10).
    """
    if (life.today - life.since).days < rules.whole("dependence-least-days"):
        return None
    weights = rules.table("dependence-weights")
    rests, parts = 1.0, list[Part]()
    for part in _parts(life, rules.table("dependence-scales")):
        adds = weights[part.sign] * part.adds
        if adds > 0:
            parts.append(Part(part.sign, part.amount, part.usual, adds))
            rests *= 1 - adds
    score = 1 - rests
    begins = rules.table("dependence-levels")
    level = max((each for each in (1, 2, 3) if score >= begins[f"D{each}"]), default=0)
    return Index(level, score, tuple(sorted(parts, key=lambda part: -part.adds)))


def measured(reasons: Iterable[Reason]) -> Mapping[str, float | int]:
    """The figures that the index wrote into reasons, by sign."""
    found: dict[str, float | int] = {}
    for each in reasons:
        if each.detector == DETECTOR:
            sign, _, amount = each.why.partition(AMOUNT)
            number = float(amount)
            found[sign] = int(number) if number.is_integer() else number
    return found


def explained_sign(part: Part) -> dict[str, str]:
    """One sign in a sentence for its owner, in both languages."""
    words = _signs()[part.sign]
    beside = _signs()["usual"] if part.usual is not None else {"zh": "", "en": ""}
    usual = f"{part.usual:g}" if part.usual is not None else ""
    return {
        lang: words[lang].replace("{amount}", f"{part.amount:g}") + beside[lang].replace("{usual}", usual)
        for lang in ("zh", "en")
    }


def _parts(life: Life, scales: Mapping[str, float]) -> Iterable[Part]:
    """Every sign with `adds` from 0 to 1, before its weight."""
    first = life.today - timedelta(days=RECENT - 1)
    recent = [each for each in life.days if first <= each.day <= life.today]
    before = [each for each in life.days if first - timedelta(days=USUAL) <= each.day < first]
    known = min(USUAL, (first - life.since).days)
    had_usual = known >= RECENT

    hours = sum(each.seconds for each in recent) / 3600 / RECENT
    usual = sum(each.seconds for each in before) / 3600 / known if had_usual else None
    yield Part(
        "hours", round(hours, 1), _rounded(usual), _ramp("hours", hours, scales) * _unusual(hours, usual, scales)
    )

    nights = _nights(life.days, first, life.today, scales)
    earlier = _nights(life.days, first - timedelta(days=known), first - timedelta(days=1), scales)
    usual = earlier / known * RECENT if had_usual else None
    yield Part("nights", nights, _rounded(usual), _ramp("nights", nights, scales) * _unusual(nights, usual, scales))

    row = _in_a_row(life)
    yield Part("row", row, None, _ramp("row", row, scales))
    yield Part("returns", life.returns, None, _ramp("returns", life.returns, scales))
    yield Part("failed", life.failed, None, _ramp("failed", life.failed, scales))
    yield Part("words", 1, None, 1.0 if life.words else 0.0)
    if had_usual and life.spent_usually > 0:
        times = life.spent / life.spent_usually
        yield Part("spending", round(times, 1), None, _ramp("spending", times, scales))


def _ramp(sign: str, amount: float, scales: Mapping[str, float]) -> float:
    least, full = scales[f"{sign}-from"], scales[f"{sign}-full"]
    return min(1.0, max(0.0, (amount - least) / (full - least)))


def _unusual(amount: float, usual: float | None, scales: Mapping[str, float]) -> float:
    """From a half, for what was always so or where nothing is known of before, to one for twice the usual and more."""
    if usual is None:
        return 0.5
    times = amount / usual if usual > 0 else scales["usual-full"]
    return 0.5 + 0.5 * _ramp("usual", times, scales)


def _nights(days: Iterable[UsedDay], first: date, last: date, scales: Mapping[str, float]) -> int:
    """Nights from the evening of `first` to that of `last` with some use between 23 and 5."""
    of_day = {each.day: each.hours for each in days}
    nothing = (0.0,) * 24
    count, evening = 0, first
    while evening <= last:
        late = sum(of_day.get(evening, nothing)[NIGHT_BEGINS:])
        early = sum(of_day.get(evening + timedelta(days=1), nothing)[:NIGHT_ENDS])
        count += late + early >= scales["night-minutes"] * 60
        evening += timedelta(days=1)
    return count


def _in_a_row(life: Life) -> int:
    used = {each.day for each in life.days if each.seconds > 0}
    count, day = 0, life.today
    while day in used:
        count, day = count + 1, day - timedelta(days=1)
    return count


def _rounded(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 1)


@cache
def _signs() -> dict[str, dict[str, str]]:
    return cast("dict[str, dict[str, str]]", read_yaml(Path(__file__).with_name("signs.yaml")))
