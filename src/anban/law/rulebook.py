"""Everything in force for one service at one moment; every decision takes it as an argument."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import cast

from anban.base.errors import Misconfigured
from anban.law.explain import said
from anban.law.model import Both, Duty, Instrument, NotInForce, Value
from anban.law.stricter import Why, is_laxer, same_shape, settle

_SECONDS = {"milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_CHOSEN = Both(zh="本部署自行选定，不低于法律要求", en="chosen by this deployment, no laxer than the law")


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """The numbers and duties of the packs a service has chosen, the stricter of them, for one group of people.

    `version` is a short digest of all that; ledger entries carry it so that a past decision can be replayed.
    """

    packs: tuple[str, ...]
    who: frozenset[str]
    texts: tuple[Instrument, ...]
    version: str
    _whys: Mapping[str, Why]
    _duties: Mapping[str, Duty]

    def sets(self, parameter: str) -> bool:
        """Whether this number is set at all; a duty of another place or another group may not set it here."""
        return parameter in self._whys

    def why(self, parameter: str) -> Why:
        """Which text won, what lost, with citations. Raises `NotInForce` for a number that is not set here."""
        try:
            return self._whys[parameter]
        except KeyError:
            raise NotInForce(f"no text in force sets {parameter!r} here", field=parameter) from None

    def value(self, parameter: str) -> Value:
        """The value in force, in the parameter's own unit. Raises `NotInForce`."""
        return self.why(parameter).value

    def number(self, parameter: str) -> float:
        """A value that is a number, in the parameter's own unit."""
        found = self.value(parameter)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise Misconfigured(f"{parameter} is not a number", field=parameter)
        return found

    def whole(self, parameter: str) -> int:
        """A value that is a whole number."""
        found = self.number(parameter)
        if int(found) != found:
            raise Misconfigured(f"{parameter} is not a whole number", field=parameter)
        return int(found)

    def lasting(self, parameter: str) -> timedelta:
        """A value that is a time, whatever its unit."""
        unit = self.why(parameter).parameter.unit
        if unit not in _SECONDS:
            raise Misconfigured(f"{parameter} is not a time: {unit}", field=parameter)
        return timedelta(seconds=self.number(parameter) * _SECONDS[unit])

    def holds(self, parameter: str) -> bool:
        """A value that is a switch; False when nothing in force sets it."""
        return self.sets(parameter) and self.value(parameter) is True

    def text(self, parameter: str) -> str:
        """A value that is a text, such as a time of day."""
        found = self.value(parameter)
        if not isinstance(found, str):
            raise Misconfigured(f"{parameter} is not a text", field=parameter)
        return found

    def names(self, parameter: str) -> tuple[str, ...]:
        """A value that is a list of names."""
        found = self.value(parameter)
        if not isinstance(found, tuple):
            raise Misconfigured(f"{parameter} is not a list", field=parameter)
        return tuple(str(each) for each in found)

    def table(self, parameter: str) -> Mapping[str, float]:
        """A value that is a table of numbers."""
        found = self.value(parameter)
        if not isinstance(found, Mapping):
            raise Misconfigured(f"{parameter} is not a table", field=parameter)
        return cast("Mapping[str, float]", found)

    def parameters(self) -> tuple[str, ...]:
        """The ids of all numbers that are set here."""
        return tuple(self._whys)

    def owes(self, duty: str) -> bool:
        return duty in self._duties

    def duty(self, duty: str) -> Duty:
        """The duty, when one of its clauses is in force here. Raises `NotInForce`."""
        try:
            return self._duties[duty]
        except KeyError:
            raise NotInForce(f"no text in force asks for {duty!r} here", field=duty) from None

    def duties(self) -> tuple[Duty, ...]:
        """All duties in force here, by id."""
        return tuple(self._duties.values())

    def with_choices(self, chosen: Mapping[str, Value]) -> "Rulebook":
        """This rulebook with a deployment's own values. Raises `Misconfigured` when one is laxer than the law."""
        if not chosen:
            return self
        if found := laxer(self, chosen):
            raise Misconfigured("; ".join(found), field=next(iter(chosen)))
        whys = dict(self._whys)
        for parameter, value in chosen.items():
            whys[parameter] = _chosen(whys[parameter], value)
        return bind(self.packs, self.who, self.texts, whys, self._duties)


def bind(
    packs: tuple[str, ...],
    who: frozenset[str],
    texts: tuple[Instrument, ...],
    whys: Mapping[str, Why],
    duties: Mapping[str, Duty],
) -> Rulebook:
    """A rulebook of these parts, frozen and with its version."""
    said = {
        "packs": packs,
        "who": sorted(who),
        "texts": [text.id for text in texts],
        "numbers": {name: _listable(why.value) for name, why in whys.items()},
        "duties": list(duties),
    }
    version = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]
    return Rulebook(packs, who, texts, version, MappingProxyType(dict(whys)), MappingProxyType(dict(duties)))


def laxer(rules: Rulebook, chosen: Mapping[str, Value]) -> list[str]:
    """One plain line for each chosen value that asks less than the law, or that cannot be compared with it.

    Only texts are the measure: a number that no law sets is the deployment's own affair. Settings refuses to start
    when any line comes back.
    """
    lines: list[str] = []
    for parameter, value in chosen.items():
        if not rules.sets(parameter):
            lines.append(f"{parameter}: no such parameter in force")
            continue
        why = rules.why(parameter)
        if not same_shape(value, why.value):
            lines.append(f"{parameter}: {said(value)} has the wrong shape, {said(why.value)} is in force")
        elif why.law is not None and is_laxer(why.parameter.stricter, value, why.law):
            texts = ", ".join(each.basis() for each in (*why.won, *why.lost) if each.cites)
            lines.append(f"{parameter}: {said(value)} is laxer than the law, {said(why.law)} ({texts})")
    return lines


def _chosen(why: Why, value: Value) -> Why:
    """The choice stands in for our own value; texts, and our own stricter values for a group, still count beside it."""
    heard = (*why.won, *why.lost)
    ours = [each for each in heard if not each.cites and each.who is None]
    if isinstance(value, Mapping):
        rows = {row: asked for each in ours if isinstance(each.value, Mapping) for row, asked in each.value.items()}
        value = MappingProxyType({**rows, **value})
    choice = replace(heard[0], value=value, cites=(), because=_CHOSEN, who=None, origin="deployment", confidence=None)
    settled = settle(why.parameter, [choice, *(each for each in heard if each not in ours)])
    return replace(settled, law=why.law, lost=(*settled.lost, *ours))


def _listable(value: Value) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
