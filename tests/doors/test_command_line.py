"""The command line against a running service: drills, evidence, verification, and wrong use."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anban.cli import main
from tests.service import COMMAND, Running

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("command")).start() as running:
        yield running


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run one command in this process; its exit code, output and errors."""

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["anban", *arguments])
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as ended:
            main()
        told = capfd.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return command


def at(service: Running) -> tuple[str, str]:
    return "--data", str(service.data)


KINDS = {
    "exit": ["session.left"],
    "break": ["notice.break.shown"],
    "crisis": [
        "case.crisis.opened", "help.offered", "desk.paged", "takeover.claimed", "takeover.joined", "outreach.attempted",
        "outreach.sent", "outreach.confirmed", "takeover.handed_back", "case.closed", "case.reviewed",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_a_drill_passes_and_tells_its_evening_in_ledger_kinds(service: Running, run: Run, name: str) -> None:
    code, out, err = run("drill", name, "--json", *at(service))
    timeline: list[dict[str, Any]] = json.loads(out)
    assert code == 0, err
    kinds = [each["kind"] for each in timeline]
    assert [kind for kind in kinds if kind in KINDS[name]][: len(KINDS[name])]
    assert set(KINDS[name]) <= set(kinds)
    assert [each["at"] for each in timeline] == sorted(each["at"] for each in timeline)
    if name == "break":
        assert kinds.count("notice.break.shown") == 2
    assert "不想活" not in out


def test_a_drill_is_drawn_for_people(service: Running, run: Run) -> None:
    code, out, _ = run("drill", "exit", *at(service))
    assert code == 0 and "session.left" in out and "passed" in out


def test_the_crisis_drill_draws_its_timeline_and_the_doctor_knows_of_it(
    service: Running, run: Run, tmp_path: Path
) -> None:
    code, out, _ = run("drill", "crisis", "--picture", str(tmp_path / "drill.svg"), *at(service))
    picture = (tmp_path / "drill.svg").read_text(encoding="utf-8")
    assert code == 0 and "outreach.confirmed" in out and "of 60 s" in out and "passed" in out
    assert picture.startswith("<svg") and "联系人回执" in picture and "不想活" not in picture
    found = {each["what"]: each for each in json.loads(run("doctor", "--json", *at(service))[1])}
    assert found["drills"]["state"] == "ok"
    assert run("drill", "exit", "--picture", str(tmp_path / "no.svg"), *at(service))[0] == 2


def test_why_explains_one_decision_without_a_word_of_it(service: Running, run: Run) -> None:
    said = service.say("我不想活了，药已经买好了", user="why")
    code, out, _ = run("why", said.meta["decision"], *at(service))
    assert code == 0 and "life." in out and "case.crisis.opened" in out and "药" not in out
    code, out, _ = run("why", said.meta["decision"], "--json", *at(service))
    assert code == 0 and {entry["facts"]["decision"] for entry in json.loads(out)} == {said.meta["decision"]}


def test_the_ledgers_tail_shows_the_newest_entries(service: Running, run: Run) -> None:
    service.say("今天把阳台的花浇了。", user="tail")
    code, out, _ = run("ledger", "tail", "-n", "5", "--json", *at(service))
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and len(lines) == 5 and lines[-1]["kind"]
    assert run("ledger", "tail", *at(service))[0] == 0


def test_an_export_is_whole_and_one_flipped_bit_is_found_and_named(service: Running, run: Run, tmp_path: Path) -> None:
    service.say("我不想活了，药已经买好了", user="export")
    while any(entry["seq"] is None for entry in service.ledger()):
        time.sleep(0.1)
    path = tmp_path / "ledger.jsonl"
    code, out, _ = run("ledger", "export", str(path), *at(service))
    lines = path.read_bytes().splitlines(keepends=True)
    assert code == 0 and str(len(lines)) in out
    assert run("verify", str(path))[0] == 0
    size = len(lines[3])
    for spot in (size // 3, size // 2, size - 9):
        broken = bytearray(lines[3])
        broken[spot] ^= 1
        path.write_bytes(b"".join([*lines[:3], bytes(broken), *lines[4:]]))
        code, out, _ = run("verify", str(path))
        assert code == 1 and "line 4" in out
    path.write_bytes(b"".join([*lines[:3], *lines[4:]]))
    code, out, _ = run("verify", str(path), "--json")
    report = json.loads(out)
    assert code == 1 and report["whole"] is False and report["problems"]


def test_doctor_looks_at_the_running_service(service: Running, run: Run) -> None:
    code, out, _ = run("doctor", "--json", *at(service))
    found = {each["what"]: each for each in json.loads(out)}
    assert code == 0 and found["streaming"]["state"] == "ok" and found["storage"]["state"] in ("ok", "note")
    assert run("doctor", *at(service))[0] == 0


def test_doctor_says_when_nothing_runs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANBAN_URL", "http://127.0.0.1:9")
    code, out, _ = run("doctor", "--json")
    assert code == 1 and {each["what"]: each["state"] for each in json.loads(out)}["service"] == "wrong"


def test_duties_are_listed_narrowed_and_counted(service: Running, run: Run) -> None:
    code, out, _ = run("duties", "18", "--json", *at(service))
    listed = {duty["id"]: duty for duty in json.loads(out)}
    assert code == 0 and "break-reminder" in listed
    assert listed["break-reminder"]["evidence_found"]["notice.break.shown"]["count"] > 0
    code, out, _ = run("duties", *at(service))
    assert code == 0 and "crisis-takeover" in out
    assert run("duties", "999", *at(service))[0] == 1, "the answer is no"


def test_check_judges_one_text(run: Run) -> None:
    code, out, _ = run("check", "--text", "我不想活了，药已经买好了")
    found = json.loads(out)
    assert code == 0 and found["level"] in ("L3", "L4") and found["scores"]["self-harm"] > 0.5 and found["why"]


def test_check_masks_identifiers_when_asked(run: Run) -> None:
    code, out, _ = run("check", "--mask", "--text", "我的手机是13800138000")
    assert code == 0 and json.loads(out)["masked"] == "我的手机是[cn-mobile 138****8000]"
    code, out, _ = run("check", "--text", "我的手机是13800138000")
    assert code == 0 and "13800138000" not in out and "masked" not in json.loads(out)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "own.txt").write_text("# risk: A.1.a\n测试禁词甲\n测试禁词甲\n天气\n", encoding="utf-8")
    return folder


def test_wordlists_tells_what_would_be_loaded_without_a_word_of_it(run: Run, lists: Path) -> None:
    code, out, _ = run("wordlists", str(lists), "--json")
    told = json.loads(out)
    assert code == 0 and told["entries"] == 2 and told["risks"]["A.1.a"] == 2 and len(told["risks"]) == 31
    assert told["signals"] == {"out.political": 2, "political": 2}
    assert [remark["line"] for remark in told["duplicates"]] == [3] and told["refused"] == []
    assert [remark["line"] for remark in told["warnings"]] == [4]
    code, out, _ = run("wordlists", str(lists))
    assert code == 0 and "A.1.a" in out and "own.txt, line 3" in out and "禁词" not in out


def test_a_refused_line_is_the_answer_no_and_a_missing_folder_wrong_use(run: Run, lists: Path, tmp_path: Path) -> None:
    (lists / "bad.csv").write_text("测试禁词乙,A.9.z\n", encoding="utf-8")
    code, out, _ = run("wordlists", str(lists))
    assert code == 1 and "bad.csv, line 1" in out
    code, out, err = run("wordlists", str(tmp_path / "nowhere"))
    assert code == 2 and out == "" and len(err.strip().splitlines()) == 1


def test_word_lists_that_cannot_be_taken_refuse_to_start_with_one_line(
    run: Run, lists: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lists / "bad.txt").write_text("测试禁词乙\n", encoding="utf-8")
    for folder, told in ((lists, "bad.txt, line 1"), (tmp_path / "nowhere", "no folder")):
        monkeypatch.setenv("ANBAN_WORDLISTS", str(folder))
        code, out, err = run("up", "--demo", "--port", "0", "--data", str(tmp_path / "data"))
        assert code == 2 and out == "" and told in err and "禁词" not in err
        assert err.startswith("anban: ") and len(err.strip().splitlines()) == 1


def test_doctor_says_whether_word_lists_are_there(
    run: Run, lists: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANBAN_URL", "http://127.0.0.1:9")
    for folder, state in ((None, "note"), (lists, "ok"), (tmp_path / "nowhere", "wrong")):
        if folder is not None:
            monkeypatch.setenv("ANBAN_WORDLISTS", str(folder))
        _, out, _ = run("doctor", "--json")
        assert {each["what"]: each["state"] for each in json.loads(out)}["word lists"] == state


def test_check_reads_the_deployments_word_lists(run: Run, lists: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANBAN_WORDLISTS", str(lists))
    code, out, _ = run("check", "--text", "给我讲讲测试禁词甲")
    found = json.loads(out)
    assert code == 0 and found["scores"]["political"] == 0.9
    assert "political list:A.1.a (raw)" in found["why"]


def test_check_answers_each_line_before_it_reads_the_next() -> None:
    with subprocess.Popen(
        [*COMMAND, "check"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for number, (text, levels) in enumerate((("今天把阳台的花浇了。", ["L0"]), ("我已经把药吃下去了", ["L4"]))):
            line = json.dumps({"id": number, "text": text}, ensure_ascii=False).encode() + b"\n"
            process.stdin.write(line)
            process.stdin.flush()
            found = json.loads(process.stdout.readline())
            assert found["id"] == number and found["level"] in levels
        process.stdin.write(b"{half\n")
        process.stdin.flush()
        assert "error" in json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        ["nosuch"],
        ["drill"],
        ["drill", "moonwalk"],
        ["ledger", "tail", "-n", "many"],
        ["ledger", "nosuch"],
        ["check", "--nosuch"],
        ["verify", "no-such-file"],
        ["why"],
        ["up", "--port", "100000", "--demo"],
        ["up", "--workers", "2", "--demo"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_one_plain_line_and_two(run: Run, wrong: list[str]) -> None:
    code, out, err = run(*wrong)
    assert code == 2 and out == ""
    assert err.startswith("anban: ") and len(err.strip().splitlines()) == 1 and "Traceback" not in err


def test_the_number_of_workers_may_come_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANBAN_WORKERS", "2")
    code, _, err = run("up", "--demo")
    assert code == 2 and "several workers need PostgreSQL" in err


def test_a_command_that_needs_the_service_says_that_there_is_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANBAN_URL", "http://127.0.0.1:9")
    for command in (["drill", "exit"], ["why", "dec_x"], ["ledger", "tail"]):
        code, _, err = run(*command)
        assert code == 2 and "anban up" in err


def test_a_decision_that_does_not_exist_is_wrong_use(service: Running, run: Run) -> None:
    code, _, err = run("why", "dec_nothing", *at(service))
    assert code == 2 and err.startswith("anban: ")
