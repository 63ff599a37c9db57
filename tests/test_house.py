"""The floor plan, kept by machine: imports, owners of libraries, sizes, questions, clocks, and what no file may say."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from anban.app import every_table

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "src" / "anban"
ROOMS = sorted(path.parent.name for path in HOUSE.glob("*/__init__.py"))
LIMIT = 400
LONG = 250

OWNERS: dict[str, tuple[str, ...]] = {
    "ahocorasick_rs": ("detectors/",),
    "PIL": ("detectors/senses/",),
    "aiohttp": (
        "base/kms/", "rails/upstream.py", "rails/consult.py", "outreach/channels/", "outreach/safe_http.py",
        "web/oidc.py",
    ),
    "argon2": ("provider/passwords.py",),
    "apprise": ("outreach/channels/",),
    "alembic": ("base/migrate.py",),
    "cryptography": ("base/ciphers.py", "base/spill.py", "ledger/"),
    "cyclopts": ("cli/",),
    "jinja2": ("web/", "app.py"),
    "joserfc": ("web/tokens.py", "web/oidc.py"),
    "litestar": ("web/", "app.py"),
    "msgspec": ("web/", "words/", "cases/late.py", "privacy/"),
    "numpy": ("detectors/",),
    "opencc": ("detectors/",),
    "prometheus_client": ("rails/figures.py", "web/health.py"),
    "pydantic": ("settings.py", "parts.py", "outreach/"),
    "pydantic_settings": ("settings.py",),
    "pyotp": ("provider/passwords.py",),
    "rapidocr": ("detectors/senses/",),
    "re2": ("detectors/", "words/"),
    "rich": ("cli/",),
    "scipy": ("detectors/training/",),
    "sklearn": ("detectors/training/",),
    "stdnum": ("detectors/",),
    "sqlalchemy": (
        "base/", "ledger/", "people/", "conversations/", "provider/", "risk/", "cases/", "outreach/", "app.py",
        "rails/presence.py", "privacy/",
    ),
    "uvicorn": ("cli/",),
    "uvloop": ("cli/",),
    "yaml": ("law/", "detectors/", "rails/companion.py", "rails/marks.py", "web/description.py", "privacy/"),
    "yarl": ("outreach/safe_http.py",),
    "zxingcpp": ("detectors/senses/",),
}  # fmt: skip
"""Who may import each outside library (architecture section 1)."""

EVERYWHERE = {"orjson", "structlog"}
"""Two libraries without an owner: encoding JSON, and writing a line for whoever runs the machine."""

RETENTION = {
    "account-record", "case-record", "consent-record", "erasure-record", "evidence-ledger", "interaction-text",
    "network-log", "notice-record", "operations", "provider-record", "risk-record", "usage-record", "user-key",
}  # fmt: skip
"""The classes of data by how long they are kept."""

CLOCKS = {"base/clock.py", "base/ids.py"}
"""Where the machine's clock is read: everywhere else time comes in."""


def modules() -> list[str]:
    return [str(path.relative_to(HOUSE)) for path in sorted(HOUSE.rglob("*.py"))]


@cache
def tree(module: str) -> ast.Module:
    return ast.parse((HOUSE / module).read_text(encoding="utf-8"))


def imported(module: str) -> Iterator[str]:
    """The first part of everything that a module imports from outside the house and the standard library."""
    for node in ast.walk(tree(module)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in names:
            first = name.partition(".")[0]
            if first != "anban" and first not in sys.stdlib_module_names:
                yield first


def tracked() -> list[Path]:
    """Every file of the project, as git knows it; without git, as it lies here."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        names = [name for name in listed.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        hidden = {".git", ".venv", "__pycache__"}
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        names = [str(path) for path in found if not hidden & set(path.parts)]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    """The tracked files that hold text, by name."""
    for path in tracked():
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_imports_go_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True) == 0


def test_the_plan_names_every_room_and_every_file_beside_them() -> None:
    plan = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.importlinter]")[2]
    named = set(re.findall(r"anban\.(\w+)", plan))
    beside = {path.stem for path in HOUSE.glob("*.py")} - {"__init__", "__main__"}
    assert named == set(ROOMS) | beside


def test_every_outside_library_has_an_owner() -> None:
    used = {library for module in modules() for library in imported(module)}
    assert used - EVERYWHERE == set(OWNERS), "a new library needs an owner; one that nobody imports needs none"


@pytest.mark.parametrize("library", sorted(OWNERS))
def test_a_library_is_imported_only_by_its_owners(library: str) -> None:
    strangers = [m for m in modules() if library in imported(m) and not m.startswith(OWNERS[library])]
    assert strangers == []


def test_the_floor_plan_in_the_documents_has_the_same_owners() -> None:
    plan = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = plan.partition("| Library | Only imported by |")[2].partition("\n\n")[0]
    listed = {
        name for row in table.splitlines() for name in re.findall(r"`([^`]+)`", row.partition("|")[2].split("|")[0])
    }
    assert listed == set(OWNERS)


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("src", "tests", "benchmarks", "migrations")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
    long = {name: size for name, size in sizes.items() if size > LONG}
    assert {name: size for name, size in long.items() if size > LIMIT} == {}, f"worth a thought: {long}"


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in ("base", "cli")])
def test_the_first_line_of_a_room_is_the_question_it_answers(room: str) -> None:
    first = (HOUSE / room / "__init__.py").read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r'"""[A-Z][^"]*\?"""', first), first


@pytest.mark.parametrize("module", modules())
def test_a_module_says_in_its_first_words_what_it_is(module: str) -> None:
    said = ast.get_docstring(tree(module))
    assert said or not (HOUSE / module).read_text(encoding="utf-8").strip()


def test_there_is_no_drawer_for_everything_and_no_empty_name() -> None:
    drawers = {"utils", "util", "common", "helpers", "helper", "core", "manager", "misc", "shared"}
    assert [m for m in modules() if drawers & {part.removesuffix(".py") for part in Path(m).parts}] == []
    empty = ("Manager", "Helper", "Handler", "Processor")
    for module in modules():
        classes = [node.name for node in ast.walk(tree(module)) if isinstance(node, ast.ClassDef)]
        assert [name for name in classes if name.endswith(empty)] == [], module


def test_time_comes_in_and_is_not_looked_up() -> None:
    looked_up = {"now", "utcnow", "today", "time", "time_ns"}
    for module in modules():
        if module in CLOCKS:
            continue
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in looked_up:
                assert node.value.id not in ("datetime", "date", "time"), f"{module}:{node.lineno}"


def test_nothing_is_printed_and_nothing_is_swallowed_without_a_reason() -> None:
    for module in modules():
        source = (HOUSE / module).read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "print", f"{module}:{node.lineno}"
            if isinstance(node, ast.ExceptHandler):
                caught = node.type.id if isinstance(node.type, ast.Name) else "" if node.type else "everything"
                if caught in ("Exception", "BaseException", "everything"):
                    reason = source[node.lineno - 1].partition("noqa: BLE001 - ")[2]
                    assert len(reason) >= 8, f"{module}:{node.lineno}"
                    assert not isinstance(node.body[0], ast.Pass), f"{module}:{node.lineno}"


def test_every_table_says_how_long_it_is_kept() -> None:
    ours = [table for table in every_table().tables.values() if not table.name.startswith("test_")]
    kept = {table.name: table.info.get("retention") for table in ours}
    assert {name: each for name, each in kept.items() if each not in RETENTION} == {}
    assert set(kept.values()) == RETENTION


def test_every_table_says_whose_its_rows_are_and_what_an_erasure_does_to_them() -> None:
    ours = {name: table for name, table in every_table().tables.items() if not name.startswith("test_")}
    for name, table in ours.items():
        assert {"retention", "about", "erase", "protects"} <= set(table.info), name
        about, erase = table.info["about"], table.info["erase"]
        assert about is None or about in table.c, name
        people = [column.name for column in table.c for key in column.foreign_keys if key.target_fullname == "users.id"]
        assert about in people or not people, name
        assert erase != "none" or about is None, name
        parents = [key.target_fullname.split(".")[0] for column in table.c for key in column.foreign_keys]
        assert erase != "with-parent" or any(ours[parent].info["erase"] != "none" for parent in parents), name


HOSTS = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.", "//mirr" + "ors.", "index" + "-url")
MAKERS = ("clau" + "de", "anthro" + "pic", "co" + "pilot", "chat" + "gpt", "deep" + "mind")
PLACES = re.compile(r"(?<![\w.~}*-])/(?:work|root|home|Users|tmp)/")


def test_no_file_names_a_registry_a_machine_or_its_makers_tools() -> None:
    found: list[str] = []
    for name, text in texts():
        lowered = text.lower()
        found += [f"{name}: {host}" for host in HOSTS if host in lowered and name != "Makefile"]
        found += [f"{name}: {maker}" for maker in MAKERS if maker in lowered]
        found += [f"{name}: {place[0]}" for place in PLACES.finditer(text)]
    assert found == []


def test_nothing_is_left_for_later_in_a_comment() -> None:
    mark = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
    code = (".py", ".yaml", ".toml", ".js", ".css", ".html", ".sh")
    assert [f"{name}: {mark.search(text)}" for name, text in texts() if name.endswith(code) and mark.search(text)] == []
