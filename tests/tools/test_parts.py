"""The locks pin every part by digest, the bill names every part, and an audit that could not look never says: well."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tools.licences import UNKNOWN, licence_of, refused
from tools.locks import LOCKS, ROOT, Pinned, installed, locked, pinned
from tools.sbom import MODEL, bill

from tools import audit

PART = Pinned("jinja2", "3.1.2", "", ("0" * 64,))
SOUND = Pinned("orjson", "3.13.0", "", ("0" * 64,))


@pytest.mark.parametrize("lock", LOCKS.values(), ids=lambda lock: lock.name)
def test_every_line_of_a_lock_has_a_version_and_a_digest(lock: Path) -> None:
    found = pinned(lock)
    assert len(found) > 30
    assert [each.name for each in found if not each.hashes] == []
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text and "-e " not in text and "--index" not in text, "parts come by name, from no named place"


def test_an_unpinned_line_is_no_lock(tmp_path: Path) -> None:
    lock = tmp_path / "loose.txt"
    lock.write_text("jinja2>=3.1\n")
    with pytest.raises(ValueError, match="not pinned"):
        pinned(lock)


def test_what_tests_need_changes_no_version_of_what_runs() -> None:
    run = {(each.name, each.version) for each in pinned(LOCKS["required"])}
    assert run <= {(each.name, each.version) for each in pinned(LOCKS["excluded"])}


def test_what_installs_insists_on_the_digests() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in makefile.splitlines() if re.search(r"pip install .*-r requirements", line)]
    assert len(installs) == 4
    assert [line for line in installs if "--require-hashes" not in line] == []


def test_the_model_that_ships_is_the_one_its_card_names() -> None:
    card = orjson.loads((MODEL / "card.json").read_bytes())
    content = (MODEL / "weights.npz").read_bytes()
    assert hashlib.sha256(content).hexdigest() == card["sha256"]
    assert len(content) == card["bytes"]
    unpinned = [
        path.name for path in (ROOT / "src").rglob("*")
        if path.suffix in (".npz", ".onnx", ".bin", ".pt", ".safetensors", ".pkl") and path != MODEL / "weights.npz"
    ]  # fmt: skip
    assert unpinned == [], "a model file needs a card with its digest"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return bill()


def test_the_bill_is_one_as_the_standard_has_it(made: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(orjson.dumps(made).decode()) is None


def test_the_bill_names_every_locked_part_and_the_model(made: dict[str, Any]) -> None:
    named = {(part["name"], part["version"]) for part in made["components"] if part["type"] == "library"}
    assert named == {(part.name, part.version) for part, _ in locked()}
    assert [part["name"] for part in made["components"] if part["type"] == "machine-learning-model"] == ["anban-linear"]
    own = next(row for row in made["dependencies"] if row["ref"] == "anban")
    assert any(ref.startswith("litestar@") for ref in own["dependsOn"])


def test_the_bill_is_the_same_each_time(made: dict[str, Any]) -> None:
    assert bill() == made


def test_everything_that_runs_comes_under_a_licence_that_we_take() -> None:
    here = installed()
    licences = {part.name: licence_of(here[part.name]) for part, _ in locked() if part.name in here}
    assert [name for name, licence in licences.items() if licence == UNKNOWN] == []
    runs = {part.name for part, scope in locked() if scope == "required"}
    assert [name for name in runs & set(licences) if refused(licences[name])] == []


@pytest.mark.parametrize(
    ("licence", "no"),
    [("GPL-3.0-only", True), ("AGPL-3.0-only", True), ("MIT OR GPL-2.0-only", False), ("LGPL-2.1-or-later", False)],
)
def test_a_licence_is_refused_only_where_there_is_no_other_choice(licence: str, no: bool) -> None:
    assert refused(licence) is no


def osv(folder: Path, **affected: Any) -> Path:
    """A folder with one advisory about jinja2."""
    record = {"id": "TEST-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "Jinja2"}, **affected}]}
    (folder / "TEST-1.json").write_bytes(orjson.dumps(record))
    return folder


@pytest.mark.parametrize(
    "affected",
    [
        {"versions": ["3.1.1", "3.1.2"]},
        {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.3"}]}]},
        {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "3.0"}, {"last_affected": "3.1.2"}]}]},
    ],
)
def test_a_known_fault_in_a_locked_version_is_found(tmp_path: Path, affected: dict[str, Any]) -> None:
    results = audit.by_folder([PART, SOUND], osv(tmp_path, **affected))
    assert [each.known for each in results] == [("TEST-1",), ()]
    assert audit.code_of(results, unchecked_is_ok=True) == audit.FOUND
    assert audit.told(results)[0].startswith("KNOWN VULNERABLE  jinja2 3.1.2  TEST-1")


@pytest.mark.parametrize(
    "affected",
    [
        {"versions": ["3.1.1"]},
        {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.2"}]}]},
        {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "3.1.3"}]}]},
    ],
)
def test_a_fault_of_other_versions_is_none_of_ours(tmp_path: Path, affected: dict[str, Any]) -> None:
    results = audit.by_folder([PART], osv(tmp_path, **affected))
    assert audit.code_of(results, unchecked_is_ok=False) == 0


def test_an_empty_source_is_told_as_not_checked_and_never_as_well(tmp_path: Path) -> None:
    results = audit.by_folder([PART], tmp_path)
    assert audit.code_of(results, unchecked_is_ok=False) == audit.UNCHECKED
    assert audit.code_of(results, unchecked_is_ok=True) == 0
    assert "NOT CHECKED" in audit.told(results)[0]
    assert audit.told(results)[-1] == "1 parts: 0 checked, 0 known vulnerable, 1 not checked"


def test_a_source_that_does_not_know_what_we_know_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers, and has nothing against anything: just as one would that is cut off from its advisories."""

    def silent(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        lines = Path(command[command.index("-r") + 1]).read_text().split()
        found = [{"name": n, "version": v, "vulns": []} for n, _, v in (line.partition("==") for line in lines)]
        return subprocess.CompletedProcess(command, 0, orjson.dumps({"dependencies": found}), b"")

    monkeypatch.setattr(subprocess, "run", silent)
    results = audit.by_index([SOUND])
    assert [bool(each.why) for each in results] == [True]
    assert audit.code_of(results, unchecked_is_ok=False) == audit.UNCHECKED


def test_a_part_that_the_source_skips_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def skipping(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        found = [
            {"name": "jinja2", "version": "3.1.2", "vulns": [{"id": "X-1"}]},
            {"name": "orjson", "skip_reason": "not found"},
        ]
        return subprocess.CompletedProcess(command, 1, orjson.dumps({"dependencies": found}), b"")

    monkeypatch.setattr(subprocess, "run", skipping)
    assert [bool(each.why) for each in audit.by_index([SOUND])] == [True]


def test_a_source_that_cannot_be_asked_leaves_everything_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    results = audit.by_index([PART, SOUND])
    assert [each.known for each in results] == [(), ()]
    assert all(each.why for each in results)
