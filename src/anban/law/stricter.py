"""How two laws combine: the stricter wins, part by part where a number is a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from anban.law.model import Parameter, ParameterValue, Single, Stricter, Value
from anban.law.performs import performs


@dataclass(frozen=True, slots=True)
class Why:
    """What a parameter is now and how it came to be: `won` gave the value, `lost` was in force too but laxer.

    `law` is what the texts alone ask, without our own values; None when no text sets this number.
    """

    parameter: Parameter
    value: Value
    law: Value | None
    won: tuple[ParameterValue, ...]
    lost: tuple[ParameterValue, ...]


@performs("rule-precedence")
def settle(parameter: Parameter, heard: Sequence[ParameterValue]) -> Why:
    """The stricter of all values in force (`heard`, at least one)."""
    value = _combine(parameter.stricter, [each.value for each in heard])
    texts = [each.value for each in heard if each.cites]
    won = tuple(each for each in heard if _gave(each.value, value))
    return Why(
        parameter=parameter,
        value=value,
        law=_combine(parameter.stricter, texts) if texts else None,
        won=won,
        lost=tuple(each for each in heard if each not in won),
    )


def is_laxer(stricter: Stricter, chosen: Value, law: Value) -> bool:
    """Whether `chosen` asks less than `law`. A table is laxer when any row that the law has is missing or laxer."""
    if isinstance(law, Mapping):
        table = chosen if isinstance(chosen, Mapping) else {}
        return any(row not in table or is_laxer(stricter, table[row], asked) for row, asked in law.items())
    if isinstance(law, tuple):
        return not set(law) <= set(chosen if isinstance(chosen, tuple) else ())
    return _combine(stricter, [chosen, law]) != chosen


def same_shape(one: Value, other: Value) -> bool:
    """Whether two values are of one kind, so that they can be compared."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(same_shape(one[row], other[row]) for row in one.keys() & other.keys())
    return _kind(one) == _kind(other)


def _kind(value: Value) -> str:
    if isinstance(value, bool | str | tuple):
        return type(value).__name__
    return "table" if isinstance(value, Mapping) else "number"


def _combine(stricter: Stricter, values: Sequence[Value]) -> Value:
    if len(values) == 1:
        return values[0]
    if any(isinstance(each, Mapping) for each in values):
        return _combine_tables(stricter, [cast("Mapping[str, Single]", each) for each in values])
    match stricter:
        case "lower":
            return min(cast("Sequence[float]", values))
        case "higher":
            return max(cast("Sequence[float]", values))
        case "either":
            return any(values)
        case "all":
            lists = cast("Sequence[tuple[Single, ...]]", values)
            return tuple(dict.fromkeys(item for each in lists for item in each))


def _combine_tables(stricter: Stricter, tables: Sequence[Mapping[str, Single]]) -> Value:
    rows = dict.fromkeys(row for table in tables for row in table)
    settled = {row: _combine(stricter, [table[row] for table in tables if row in table]) for row in rows}
    return MappingProxyType(cast("dict[str, Single]", settled))


def _gave(value: Value, settled: Value) -> bool:
    """Whether `value` is where the settled one, or a part of it, comes from."""
    if isinstance(settled, Mapping):
        return isinstance(value, Mapping) and any(settled[row] == each for row, each in value.items())
    return isinstance(settled, tuple) or value == settled
