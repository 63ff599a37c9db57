"""Loads every instrument, parameter and duty once, strictly, and says what is in force for given packs and day."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from anban.base.errors import Misconfigured
from anban.law.model import HOUSE, Duty, Instrument, NoText, Parameter, ParameterValue, Requirement
from anban.law.performs import performs
from anban.law.rulebook import Rulebook, bind
from anban.law.schema import read_duty, read_instrument, read_parameter, read_requirements
from anban.law.stricter import Why, settle

DEFAULT_PACKS = ("cn-2025-draft", "cn-2026-final")
_REMEMBERED = 256


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """All texts, numbers, duties and requirement rows this house knows, of every day and place."""

    instruments: Mapping[str, Instrument]
    parameters: Mapping[str, Parameter]
    duties: Mapping[str, Duty]
    requirements: Mapping[str, Requirement]
    _turning_points: tuple[datetime, ...]
    # A rulebook changes only at a turning point, so one made before is the same one: a turn must not pay for it.
    _made: dict[tuple[object, ...], Rulebook] = field(default_factory=dict[tuple[object, ...], Rulebook])

    @performs("dated-rules")
    def in_force(self, packs: Sequence[str], at: datetime, who: frozenset[str] = frozenset()) -> Rulebook:
        """The rulebook of `packs` at the aware moment `at` for people of the groups `who` (e.g. `known-minors`).

        Raises `NoText` for a pack we do not hold or a moment at which none of them was in force.
        """
        if at.tzinfo is None:
            raise NoText("a rulebook is asked for with an aware time", field="at")
        key = (tuple(packs), who, bisect_right(self._turning_points, at))
        if (known := self._made.get(key)) is not None:
            return known
        made = self._bound(tuple(packs), at, who)
        if len(self._made) >= _REMEMBERED:
            self._made.clear()
        return self._made.setdefault(key, made)

    def _bound(self, packs: tuple[str, ...], at: datetime, who: frozenset[str]) -> Rulebook:
        for pack in packs:
            if pack not in self.instruments:
                raise NoText(f"no text is held for the pack {pack!r}", field="packs")
        texts = tuple(text for pack in packs if (text := self.instruments[pack]).counts(at))
        if not texts:
            raise NoText(f"none of {', '.join(packs) or 'no packs'} was in force on {at.date()}", field="at")
        counted = {text.id for text in texts}
        heard = {name: _heard(each, counted, at, who) for name, each in self.parameters.items()}
        whys: dict[str, Why] = {name: settle(self.parameters[name], found) for name, found in heard.items() if found}
        owed = {name: duty for name, duty in self.duties.items() if any(c.instrument in counted for c in duty.clauses)}
        return bind(packs, who, texts, whys, owed)


def _heard(parameter: Parameter, counted: set[str], at: datetime, who: frozenset[str]) -> list[ParameterValue]:
    """The latest value of each text (and of the house) for each group, at `at`."""
    latest: dict[tuple[str, str | None], ParameterValue] = {}
    for each in parameter.values:
        if each.since > at or (each.who is not None and each.who not in who):
            continue
        if each.origin != HOUSE and each.origin not in counted:
            continue
        before = latest.get((each.origin, each.who))
        if before is None or before.since <= each.since:
            latest[each.origin, each.who] = each
    return list(latest.values())


def load(root: Path = Path(__file__).parent) -> Register:
    """Read every file under `root`. Raises `Misconfigured` naming file and key for the first thing that is wrong."""
    instruments = {text.id: text for text in map(read_instrument, _files(root, "instruments"))}
    for text in instruments.values():
        if text.follows is not None and text.follows not in instruments:
            raise Misconfigured(f"{text.id}.yaml: follows: {text.follows!r} is not in the register", field="follows")
    numbers = (read_parameter(path, instruments) for path in _files(root, "parameters"))
    parameters = {number.id: number for number in numbers}
    duties = {duty.id: duty for duty in (read_duty(path, instruments) for path in _files(root, "duties"))}
    requirements = read_requirements(root / "requirements.yaml", instruments)
    for duty in duties.values():
        _alive(duty, "parameters", duty.parameters, parameters)
        _alive(duty, "meets", duty.meets, requirements)
    return Register(
        instruments=MappingProxyType(instruments),
        parameters=MappingProxyType(parameters),
        duties=MappingProxyType(duties),
        requirements=MappingProxyType(requirements),
        _turning_points=_turning_points(instruments, parameters),
    )


def _files(root: Path, folder: str) -> list[Path]:
    found = sorted((root / folder).glob("*.yaml"))
    if not found:
        raise Misconfigured(f"{folder}/: holds no file")
    return found


def _alive(duty: Duty, key: str, named: Sequence[str], known: Mapping[str, object]) -> None:
    for each in named:
        if each not in known:
            raise Misconfigured(f"{duty.id}.yaml: {key}: {each!r} is not in the register", field=key)


def _turning_points(instruments: Mapping[str, Instrument], parameters: Mapping[str, Parameter]) -> tuple[datetime, ...]:
    """Every moment at which any rulebook may change."""
    moments = {each.since for parameter in parameters.values() for each in parameter.values}
    for text in instruments.values():
        moments |= {moment for moment in (text.begins(), text.ends()) if moment is not None}
    return tuple(sorted(moments))
