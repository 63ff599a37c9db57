"""`anban staff` and `anban rota` against a running service: the first people at a desk, their hours, their log-ins."""

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anban.cli import main
from tests.service import Running

Run = Callable[..., tuple[int, str, str]]
MASTER = "5a" * 32


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A real deployment, whose desk nobody has staffed."""
    with Running(tmp_path_factory.mktemp("desk"), demo=False, ANBAN_MASTER_KEY=MASTER).start() as running:
        yield running


@pytest.fixture
def run(service: Running, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    def command(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["anban", *arguments, "--data", str(service.data)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("ANBAN_MASTER_KEY", MASTER)
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as ended:
            main()
        told = capfd.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return command


def test_a_desk_is_staffed_from_the_command_line(service: Running, run: Run) -> None:
    code, out, _ = run("doctor")
    assert code == 1 and "nobody is on the rota" in out
    assert run("staff", "list")[0] == 1

    code, out, err = run(
        "staff", "add", "lin", "--name", "林晓", "--route", "phone:13800001234", typed="a long password\n"
    )
    assert code == 0, err
    assert re.search(r"code secret +[A-Z2-7]{32}", out) and "otpauth://totp/Anban:lin" in out
    assert "a long password" not in out, "what somebody typed is not shown again"
    code, out, _ = run("staff", "add", "wang", "--name", "王敏", "--role", "lead")
    assert code == 0 and re.search(r"password +[\w-]{20}", out), "an empty line makes a password"
    listed = run("staff", "list", "--json")[1]
    assert [(each["login"], each["tier"], each["routes"]) for each in json.loads(listed)] == [
        ("lin", 1, ["phone"]),
        ("wang", 3, []),
    ]
    assert "13800001234" not in listed
    assert run("staff", "add", "lin", "--name", "林晓", typed="another password\n")[0] == 2

    code, out, err = run("rota", "add", "lin", "--hours", "08:00-20:00", "--days", "all", "--from-day", "2020-01-01")
    assert code == 0, err
    assert "nobody is there in 84 hours" in run("rota", "show")[1]
    assert run("rota", "add", "lin", "--hours", "20:00-08:00", "--from-day", "2020-01-01")[0] == 0
    code, out, _ = run("rota", "show")
    assert code == 0 and "on duty now: lin (line 1)" in out and "nobody is there" not in out
    doctor = run("doctor")[1]
    assert "somebody in every hour" in doctor and "nobody is on the rota" not in doctor

    assert run("staff", "off", "lin")[0] == 0
    assert run("rota", "show")[0] == 1, "nobody is called who does not work here"
    assert run("staff", "on", "lin")[0] == 0
    assert run("rota", "show")[0] == 0
    assert "otpauth://" in run("staff", "totp", "lin")[1]
    assert run("staff", "password", "lin", typed="yet another one\n")[0] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        ("staff", "off", "nobody"),
        ("staff", "add", "x", "--name", "X", "--route", "13800001234"),
        ("staff", "add", "x", "--name", "X", "--role", "boss"),
        ("staff", "add", "two words", "--name", "X"),
        ("rota", "add", "nobody", "--hours", "08:00-20:00"),
        ("rota", "add", "wang", "--hours", "8-20"),
        ("rota", "add", "wang", "--hours", "all day"),
        ("rota", "add", "wang", "--hours", "08:00-20:00", "--days", "someday"),
        ("rota", "add", "wang", "--hours", "08:00-20:00", "--time-zone", "Mars/Olympus"),
    ],
)
def test_wrong_use_is_said_in_one_line(run: Run, wrong: tuple[str, ...]) -> None:
    code, _, err = run(*wrong, typed="a long password\n")
    assert code == 2 and err.startswith("anban: ") and len(err.strip().splitlines()) == 1


def test_a_short_password_is_refused(run: Run) -> None:
    code, _, err = run("staff", "add", "short", "--name", "X", typed="12345\n")
    assert code == 2 and "password" in err and "12345" not in err
