"""The map of everything that is kept: each class of data, each table and column, each file, with why and how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

import msgspec
import yaml
from sqlalchemy import JSON, Column, LargeBinary, MetaData, String, Table

from anban.law.model import Both

Sealed = Literal["person", "house", "none"]
Reader = Literal["person", "guardian", "responder", "lead", "officer", "auditor", "engineer", "administrator", "nobody"]
Lasts = Literal["account", "service", "use", "sealed", "evidence"]
Open = Literal["app-id", "code", "digest", "figures", "provider", "staff", "reason", "wrapped", "evidence"]

HERE: Final = Path(__file__).parent
NARROW: Final = 40
"""Characters up to which a column holds an id or a code of ours; what is wider could hold words, and is explained."""

SEALED: Final = "sealed"
"""What every column is called in which words or addresses stand encrypted."""

DAYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "interaction-text": "retention-interaction-text-days",
        "usage-record": "retention-usage-record-days",
        "risk-record": "retention-risk-record-days",
        "notice-record": "retention-notice-record-days",
        "account-record": "retention-account-record-days",
        "consent-record": "retention-consent-record-days",
        "case-record": "retention-case-record-days",
        "erasure-record": "retention-erasure-record-days",
        "operations": "retention-operations-days",
        "network-log": "network-log-retention-days",
        "backup": "retention-backup-days",
    }
)
"""Class of data -> the parameter that holds its days. A class without one does not age."""

T = TypeVar("T")


class DataClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"kind": "id"}):
    """One class of data: why it is kept and why it goes, how it lies on the disk, who may read it."""

    kind: str
    title: Both
    why: Both
    clauses: tuple[str, ...]
    duty: str
    sealed: Sealed
    readers: tuple[Reader, ...]


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"goes_with": "with"}):
    """How one table ages: from the first of `since` that is set, with the row it refers to, or as long as `lasts`."""

    since: tuple[str, ...] = ()
    goes_with: str = ""
    lasts: Lasts | None = None
    open: Mapping[Open, tuple[str, ...]] = {}


class KeptFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"data_class": "class"}):
    """One file that the service writes, by its name under the data folder."""

    name: str
    data_class: str
    holds: Both


@dataclass(frozen=True, slots=True)
class DataMap:
    """What is declared, as read from the three files beside this module."""

    classes: Mapping[str, DataClass]
    tables: Mapping[str, Plan]
    files: tuple[KeptFile, ...]


@lru_cache(maxsize=1)
def data_map() -> DataMap:
    """The map as declared. Raises `msgspec.ValidationError` for an unknown word in it."""
    classes = _read("classes.yaml", tuple[DataClass, ...])
    return DataMap(
        MappingProxyType({each.kind: each for each in classes}),
        MappingProxyType(_read("tables.yaml", dict[str, Plan])),
        _read("files.yaml", tuple[KeptFile, ...]),
    )


def unregistered(tables: MetaData, declared: DataMap) -> list[str]:
    """One line for each table and column that the map does not know, and for what it knows that is not there."""
    lines = [f"{name}: no such table" for name in declared.tables.keys() - tables.tables.keys()]
    for table in tables.sorted_tables:
        plan = declared.tables.get(table.name)
        if plan is None:
            lines.append(f"{table.name}: stands nowhere in tables.yaml")
            continue
        if table.info["retention"] not in declared.classes:
            lines.append(f"{table.name}: no such class of data")
        lines += _of_table(table, plan)
    return lines


def openness(table: Table, plan: Plan) -> Mapping[str, Open]:
    """Wide column that is not sealed -> what stands in it."""
    return {column: kind for kind, columns in plan.open.items() for column in columns}


def _of_table(table: Table, plan: Plan) -> list[str]:
    name, lines = table.name, list[str]()
    ages = bool(plan.since or plan.goes_with)
    if ages == (plan.lasts is not None):
        lines.append(f"{name}: ages, or lasts as long as something; one of the two")
    if plan.since and table.info["retention"] not in DAYS:
        lines.append(f"{name}: its class has no days")
    named = openness(table, plan)
    lines += [f"{name}.{column}: no such column" for column in (*plan.since, *named) if column not in table.c]
    if plan.goes_with and not any(key.column.table.name == plan.goes_with for key in table.foreign_keys):
        lines.append(f"{name}: refers to no row of {plan.goes_with}")
    for column in table.c:
        if _wide(column) and column.name != SEALED and column.name not in named:
            lines.append(f"{name}.{column.name}: could hold words, is not sealed, and nothing says why")
    return lines


def _wide(column: Column[Any]) -> bool:
    if column.foreign_keys:
        return False
    if isinstance(column.type, String):
        return column.type.length is None or column.type.length > NARROW
    return isinstance(column.type, JSON | LargeBinary)


def _read(name: str, shape: type[T]) -> T:
    return msgspec.convert(yaml.safe_load((HERE / name).read_text(encoding="utf-8")), shape, strict=True)
