"""Nothing is kept that the map does not know: no table, no column, no file."""

import ast
import re
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table

from anban.app import every_table
from anban.base.clock import SystemClock
from anban.base.db import kept
from anban.law.model import EVERYONE
from anban.law.register import load
from anban.privacy.data_map import DAYS, data_map, unregistered
from anban.privacy.document import document, shown
from tests.house import open_house

REGISTER = load()
RULES = REGISTER.in_force(("cn-2025-draft", "cn-2026-final"), SystemClock().now(), EVERYONE)
SOURCE = Path(__file__).parents[2] / "src" / "anban"


def ours() -> MetaData:
    """The house's tables without those that other tests made for themselves."""
    found = MetaData()
    for name, table in every_table().tables.items():
        if not name.startswith("test_"):
            table.to_metadata(found)
    return found


def test_every_table_and_every_column_that_could_hold_words_is_on_the_map() -> None:
    assert unregistered(ours(), data_map()) == []


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (None, "strange: stands nowhere in tables.yaml"),
        (Column("words", String(400)), "tenants.words: could hold words, is not sealed, and nothing says why"),
    ],
)
def test_what_nobody_declared_is_found(column: Column[str] | None, told: str) -> None:
    tables = ours()
    before = set(unregistered(tables, data_map()))
    if column is None:
        info = kept(retention="operations", about=None, erase="none")
        Table("strange", tables, Column("id", Integer, primary_key=True), info=info)
    else:
        tables.tables["tenants"].append_column(column)
    assert set(unregistered(tables, data_map())) - before == {told}


def test_every_class_names_clauses_and_a_duty_that_exist_and_is_used() -> None:
    declared = data_map()
    used = {table.info["retention"] for table in ours().tables.values()} | {each.data_class for each in declared.files}
    assert set(declared.classes) == used | {"backup"}
    for each in declared.classes.values():
        assert each.duty in REGISTER.duties
        for clause in each.clauses:
            text, _, place = clause.partition(" ")
            assert (
                place in REGISTER.instruments[text].clauses or place.split("(")[0] in REGISTER.instruments[text].clauses
            )
    assert set(DAYS) <= set(declared.classes)


@pytest.mark.parametrize(("name", "stands"), [("tables", r"^(\w+):"), ("classes", r"^- id: (\S+)")])
def test_nothing_stands_on_the_map_twice(name: str, stands: str) -> None:
    """Of two the second would win without a word."""
    text = (SOURCE / "privacy" / f"{name}.yaml").read_text(encoding="utf-8")
    found = re.findall(stands, text, re.MULTILINE)
    assert found and [each for each, number in Counter(found).items() if number > 1] == []


def test_a_row_goes_before_the_row_that_it_refers_to() -> None:
    """What ages is referred to by nothing that would stay behind, or the database would refuse."""
    plans = data_map().tables
    for table in ours().tables.values():
        for key in table.foreign_keys:
            parent = key.column.table.name
            if plans[parent].since:
                assert plans[table.name].goes_with == parent, f"{table.name} refers to {parent}, which ages"


async def test_every_file_that_a_day_of_use_leaves_is_on_the_map(tmp_path: Path) -> None:
    async with open_house(tmp_path / "data") as house:
        await house.chat("我不想活了")
        await house.get("/anban/v1/ledger/export")
        await house.work(minutes=60 * 24)
        found = [str(path.relative_to(tmp_path / "data")) for path in (tmp_path / "data").rglob("*") if path.is_file()]
    known = [each.name for each in data_map().files]
    assert {"admin.key", "anban.db"} <= set(found)
    assert [name for name in found if not any(fnmatch(name, pattern) for pattern in known)] == []


def test_every_name_that_the_code_puts_into_the_data_folder_is_on_the_map() -> None:
    known = [each.name for each in data_map().files]
    named: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        if "training" in path.parts or path.name == "training.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant):
                left = ast.unparse(node.left)
                if left.split(".")[-1] == "data" and isinstance(node.right.value, str):
                    named.add(node.right.value)
    assert {"admin.key", "demo-master.key", "spool.bin"} <= named
    missing = [name for name in named if not any(fnmatch(name, each) or each.startswith(f"{name}/") for each in known)]
    assert missing == []


async def test_the_map_is_an_answer_and_a_page(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "data-map.md"
    assert page.read_text(encoding="utf-8") == document(RULES, ours(), data_map())
    async with open_house(tmp_path / "data") as house:
        answer = await house.get("/anban/v1/data-map")
    assert answer.status_code == 200
    told = answer.json()
    assert told == shown(RULES, ours(), data_map())
    words = next(each for each in told["tables"] if each["name"] == "turns")
    assert {"name": "sealed", "holds": "sealed"} in words["columns"] and words["since"] == ["at"]
    days = {each["id"]: each["days"] for each in told["classes"]}
    assert days["network-log"] >= 185 > days["interaction-text"]
