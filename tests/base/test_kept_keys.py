"""Keys of purposes: the list is what the code asks for, each is random, and none is made up before it was read."""

import ast
import importlib
from functools import partial

import pytest

import anban
from anban.base.db import Database
from anban.base.kept_keys import PURPOSES, keep_purposes
from anban.base.keys import PASSING, KeysAway, MasterKeys
from tests.test_house import HOUSE, modules, tree


def asked(module: str) -> set[str]:
    """The purposes that a module asks a key for."""
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "derived":
            wanted = node.args[0]
            if isinstance(wanted, ast.Constant):
                found.add(str(wanted.value))
            elif isinstance(wanted, ast.Name):
                name = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                found.add(str(vars(importlib.import_module(f"anban.{name}"))[wanted.id]))
            else:
                raise AssertionError(f"{module}:{node.lineno}: a purpose is a text or a constant")
    return found


def test_every_purpose_that_the_code_asks_for_is_kept_and_no_other() -> None:
    assert HOUSE.name == anban.__name__
    assert {purpose for module in modules() for purpose in asked(module)} == set(PURPOSES)
    assert set(PURPOSES) >= PASSING


async def test_no_purpose_has_the_key_of_another_or_one_that_comes_from_the_master_key(db: Database) -> None:
    keys = MasterKeys({1: b"m" * 32})
    await db.write(partial(keep_purposes, keys=keys, fresh=True))
    secrets = {keys.derived(purpose).secret for purpose in PURPOSES}
    assert len(secrets) == len(PURPOSES)
    assert not secrets & {keys.of_master(purpose, 1).secret for purpose in PURPOSES}
    again = MasterKeys({1: b"m" * 32})
    await db.write(partial(keep_purposes, keys=again, fresh=True))
    assert {again.derived(purpose).secret for purpose in PURPOSES} == secrets


def test_before_the_database_was_read_nothing_is_sealed_with_a_key_made_up() -> None:
    keys = MasterKeys({1: b"m" * 32})
    keys.expect_kept()
    for purpose in set(PURPOSES) - PASSING:
        with pytest.raises(KeysAway):
            keys.derived(purpose)
