"""The map of what is kept as a page and as an answer: `python -m anban.privacy.document > docs/data-map.md`."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import MetaData, Table

from anban.base.clock import SystemClock
from anban.base.db import metadata
from anban.law.model import EVERYONE
from anban.law.performs import see_every_room
from anban.law.register import load
from anban.law.rulebook import Rulebook
from anban.privacy.data_map import DAYS, SEALED, DataMap, Plan, data_map, openness

OPEN: Final[Mapping[str, str]] = {
    "app-id": "an id that the app chose",
    "code": "ids and codes of ours",
    "digest": "a digest, keyed or of a secret",
    "figures": "numbers",
    "provider": "the provider's own text",
    "staff": "who works there",
    "reason": "a reason in staff's or a guardian's words",
    "wrapped": "a key, wrapped by the master key",
    "evidence": "codes, numbers and signatures; text is refused",
}
"""What stands in a wide column that is not sealed."""

LASTS: Final[Mapping[str, str]] = {
    "account": "as long as the account",
    "service": "as long as the service",
    "use": "while it is in use",
    "sealed": "while something is sealed with it",
    "evidence": "it only grows",
}


ERASE: Final[Mapping[str, str]] = {
    "words": "goes",
    "facts": "goes",
    "kept": "stays",
    "with-parent": "with its parent",
    "none": "about nobody",
}
STAYS: Final[Mapping[str, str]] = {
    "": "",
    "minor": "; stays in minors' mode",
    "count": "; in minors' mode the running count stays",
}


def shown(rules: Rulebook, tables: MetaData = metadata, declared: DataMap | None = None) -> dict[str, Any]:
    """The whole map with the days in force, for the API: classes, tables with their columns, files."""
    declared = declared or data_map()
    return {
        "classes": [
            {
                "id": each.kind,
                "title": {"zh": each.title.zh, "en": each.title.en},
                "why": {"zh": each.why.zh, "en": each.why.en},
                "clauses": list(each.clauses),
                "duty": each.duty,
                "days": days_of(each.kind, rules),
                "parameter": DAYS.get(each.kind),
                "sealed": each.sealed,
                "readers": list(each.readers),
            }
            for each in declared.classes.values()
        ],
        "tables": [_table_shown(table, declared.tables[table.name]) for table in _ours(tables, declared)],
        "files": [
            {"name": each.name, "class": each.data_class, "holds": {"zh": each.holds.zh, "en": each.holds.en}}
            for each in declared.files
        ],
    }


def days_of(kind: str, rules: Rulebook) -> int | None:
    """The days in force for a class of data; None for one that does not age."""
    return rules.whole(DAYS[kind]) if kind in DAYS else None


def document(rules: Rulebook, tables: MetaData, declared: DataMap) -> str:
    """The page. The same input gives the same page."""
    told = shown(rules, tables, declared)
    parts = [
        "# 数据地图 What is kept",
        "Made from `src/anban/privacy/*.yaml` and the tables with `python -m anban.privacy.document > "
        "docs/data-map.md`; not edited by hand. Days are those of the rules today; a deployment may choose fewer, and "
        "for network logs only more. While a case of somebody is open, nothing about them goes by time.",
        "## 类别 Classes",
        _grid(("Class", "What", "Why kept, why gone", "Clauses", "Days", "Sealed", "Read by"),
              map(_class, told["classes"])),
        "## 表 Tables",
        _grid(("Table", "Class", "Days count from", "An erasure of everything", "Sealed", "Wide and open"),
              map(_row, told["tables"])),
        "## 文件 Files",
        _grid(("File", "Class", "Holds"), (
            (f"`{each['name']}`", each["class"], f"{each['holds']['zh']}<br>{each['holds']['en']}")
            for each in told["files"]
        )),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _ours(tables: MetaData, declared: DataMap) -> list[Table]:
    return [tables.tables[name] for name in declared.tables if name in tables.tables]


def _table_shown(table: Table, plan: Plan) -> dict[str, Any]:
    named = openness(table, plan)
    return {
        "name": table.name,
        "class": table.info["retention"],
        "about": table.info["about"],
        "erase": table.info["erase"],
        "protects": table.info["protects"],
        "since": list(plan.since),
        "with": plan.goes_with or None,
        "lasts": plan.lasts,
        "columns": [
            {"name": column.name, "holds": "sealed" if column.name == SEALED else named.get(column.name, "plain")}
            for column in table.c
        ],
    }


def _class(each: Mapping[str, Any]) -> tuple[str, ...]:
    days = f"{each['days']} (`{each['parameter']}`)" if each["days"] else "-"
    why, title = each["why"], each["title"]
    return (
        f"`{each['id']}`", f"{title['zh']}<br>{title['en']}", f"{why['zh']}<br>{why['en']}",
        "<br>".join(each["clauses"]), days, each["sealed"], ", ".join(each["readers"]),
    )  # fmt: skip


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    ages = [" or ".join(each["since"]), f"with `{each['with']}`" if each["with"] else ""]
    wide = [f"{column['name']}: {OPEN[column['holds']]}" for column in each["columns"] if column["holds"] in OPEN]
    return (
        f"`{each['name']}`", each["class"], "; ".join(filter(None, ages)) or LASTS[each["lasts"]],
        ERASE[each["erase"]] + STAYS[each["protects"]],
        "yes" if any(column["holds"] == "sealed" for column in each["columns"]) else "-", "<br>".join(wide) or "-",
    )  # fmt: skip


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    see_every_room()
    packs = ("cn-2025-draft", "cn-2026-final")
    sys.stdout.write(document(load().in_force(packs, SystemClock().now(), EVERYONE), metadata, data_map()))
