"""`anban words`: seen, previewed, linted, drafted, approved and signed from the command line."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anban.cli import main
from tests.service import Running

Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("words")).start() as running:
        yield running


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, service: Running) -> Run:
    def command(*arguments: str, asks: bool = True) -> tuple[int, str]:
        at = ("--data", str(service.data)) if asks else ()
        monkeypatch.setattr(sys, "argv", ["anban", "words", *arguments, *at])
        monkeypatch.setenv("NO_COLOR", "1")
        with pytest.raises(SystemExit) as ended:
            main()
        told = capfd.readouterr()
        return int(ended.value.code or 0), told.out + told.err

    return command


def test_the_linter_needs_no_service(run: Run) -> None:
    code, said = run("lint", "--text", "想开点。", asks=False)
    assert code == 1 and "platitude" in said and "想开点" in said
    assert run("lint", "--text", "我在看，你慢慢说。", asks=False)[0] == 0


def test_a_preview_shows_the_words_of_a_state_and_refuses_untrue_ones(run: Run) -> None:
    code, said = run("preview", "crisis.l3", "--takeover", "asked")
    assert code == 0 and "已经请值班同事加入" in said
    code, said = run("preview", "takeover.joined", "--takeover", "asked")
    assert code == 1 and "not be true" in said


def test_own_words_go_from_a_file_to_use_by_two_leads_and_the_sign_off_follows(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"adult": ["好，晚安，好梦。"]}), "utf-8")
    code, said = run("draft", "goodbye.night", str(file), "--by", "wang")
    assert code == 0, said
    wording = said.partition(":")[0].strip()
    assert run("live", wording, "--by", "wang")[0] != 0
    assert "one more lead" in run("approve", wording, "--by", "wang")[1]
    code, said = run("approve", wording, "--by", "wang")
    assert code != 0 and "second person" in said
    digest = json.loads(run("list", "--json")[1])["digest"]
    signing = ("--name", "李医生", "--profession", "精神科医师", "--registration", "110-1", "--by", "wang")
    assert run("sign", "--digest", digest, *signing)[0] == 0
    code, said = run("list")
    assert code == 0 and "signed by 李医生" in said and wording in said


def test_a_draft_with_findings_says_so(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"adult": ["一切都会好起来的。"]}), "utf-8")
    code, said = run("draft", "goodbye.night", str(file), "--by", "wang")
    assert code == 1 and "outcome" in said
