"""The documents keep step with the house: what they name exists, and what exists they name."""

import re
from pathlib import Path

import pytest

from anban.law.register import load
from anban.settings import Settings

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "src" / "anban"
DOCS = ROOT / "docs"
NAMED_WHOLE = ("rails", "cases", "risk", "people", "conversations", "provider", "ledger", "outreach", "web")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("room", sorted(path.parent.name for path in HOUSE.glob("*/__init__.py")))
def test_the_floor_plan_names_every_room(room: str) -> None:
    assert re.search(rf"\b{room}/", page("docs/architecture.md"))


@pytest.mark.parametrize("room", NAMED_WHOLE)
def test_the_floor_plan_names_every_file_of_the_rooms_that_are_built(room: str) -> None:
    plan = page("docs/architecture.md").partition("## 2. Files")[2].partition("## 3.")[0]
    files = [path.name for path in (HOUSE / room).rglob("*.py") if path.name != "__init__.py"]
    assert [name for name in files if not re.search(rf"(?<!\w){re.escape(name)}", plan)] == []


def test_the_glossary_explains_every_word_of_the_floor_plan() -> None:
    words = page("docs/architecture.md").partition("## 9. Words we use")[2].partition("## 10.")[0]
    glossary = page("docs/glossary.md")
    for row in re.findall(r"^\| ([^|]+) \|", words, re.M)[2:]:
        for word in row.split(", "):
            assert re.search(rf"\*\*{re.escape(word.strip())}\*\*", glossary), word


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_front_page_counts_the_duties_truly(name: str) -> None:
    duties = load().duties.values()
    pending = sum(duty.mode == "pending" for duty in duties)
    found = re.search(r"<!-- duties -->(\d+)[^\d]+(\d+)", page(name))
    assert found, "the front page says how many duties are pending"
    assert (int(found[1]), int(found[2])) == (pending, len(duties))


def test_integrators_find_every_setting() -> None:
    told = page("docs/doors/integrator.md")
    assert [name for name in Settings.model_fields if f"`ANBAN_{name.upper()}`" not in told] == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.md")) + sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_every_link_inside_the_project_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [
        link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link and not link.startswith("mailto:")
    ]
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_licence_is_there_whole() -> None:
    licence = page("LICENSE")
    assert "Apache License" in licence and "END OF TERMS AND CONDITIONS" in licence
