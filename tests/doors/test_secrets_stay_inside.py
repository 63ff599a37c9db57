"""A service is driven through everything that takes a secret, rightly and wrongly; then none stands anywhere outside.

Outside is what it logs and prints, what it answers to whoever is wrong, and its figures. A key is shown once to whom it
is made for, and nowhere else.
"""

import base64
import io
import logging
import re
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from joserfc import jwt
from joserfc.jwk import OctKey

from anban.base.masked import MASK, OnlyWho, masked
from anban.provider.passwords import code_at
from tests.service import Running

MASTER, TOKEN_KEY = secrets.token_hex(32), secrets.token_urlsafe(32)
VENDOR = "sk-" + secrets.token_urlsafe(24)
PASSWORD, WRONG = "correct-horse-" + secrets.token_hex(8), "wrong-horse-" + secrets.token_hex(8)


class Driven:
    """What was sent and made that is secret, and every answer that was no success."""

    def __init__(self, service: Running) -> None:
        self.service = service
        self.secrets: dict[str, str] = {
            "master key": MASTER, "key of the apps' tokens": TOKEN_KEY, "vendor's key": VENDOR,
            "password": PASSWORD, "wrong password": WRONG,
        }  # fmt: skip
        self.answers: list[httpx.Response] = []

    def ask(self, method: str, path: str, key: str = "", **how: Any) -> httpx.Response:
        headers = {**({"authorization": f"Bearer {key}"} if key else {}), **how.pop("headers", {})}
        answer = self.service.http.request(method, self.service.url + path, headers=headers, **how)
        if answer.status_code >= 400:
            self.answers.append(answer)
        return answer

    def made(self, name: str, value: str) -> str:
        self.secrets[name] = value
        return value


def token(key: str, **claims: Any) -> str:
    at = int(time.time())
    told = {"iss": "anban-app", "aud": "anban", "sub": "lin", "iat": at, "exp": at + 300, **claims}
    return jwt.encode({"alg": "HS256"}, told, OctKey.import_key(key.encode()))


def first_key(data: Path) -> str:
    found = re.search(r"key +(anban-\S+)", (data / "log").read_text(encoding="utf-8"))
    assert found, "a fresh deployment shows its first key"
    return found[1]


def staff_comes_in(run: Driven, admin: str) -> None:
    """Somebody is employed, guesses, comes in with password and code, gets a key, and leaves."""
    new = {"login": "rui", "name": "瑞", "password": PASSWORD, "role": "lead", "tier": 3}
    employed = run.ask("POST", "/anban/v1/staff", admin, json=new)
    assert employed.status_code in (200, 201), employed.text
    found = re.search(r"secret=([A-Z2-7]+)", employed.text)
    assert found, employed.text
    seed = run.made("seed of the codes", found[1])
    form = {"login": "rui", "password": WRONG, "code": "000000"}
    assert run.ask("POST", "/desk/login", data=form).status_code == 401
    assert run.ask("POST", "/desk/login", data={**form, "login": PASSWORD}).status_code in (401, 429)
    form = {"login": "rui", "password": PASSWORD, "code": code_at(seed, datetime.now(UTC))}
    inside = run.ask("POST", "/desk/login", data=form)
    assert inside.status_code == 303, inside.text
    run.made("cookie", inside.cookies["anban_desk"])
    key = run.ask("POST", "/anban/v1/staff/rui/keys", admin, json={"label": "a program"})
    assert key.status_code == 201, key.text
    run.made("staff key", key.json()["key"])
    run.ask("GET", "/anban/v1/people/lin", key.json()["key"])
    run.ask("POST", "/anban/v1/staff/rui/password", admin, json={"password": "short"})
    run.ask("POST", "/anban/v1/staff/rui/keys", admin, json={"label": PASSWORD, "days": PASSWORD})


def apps_come_in(run: Driven, key: str) -> None:
    """An app speaks with good and bad keys and tokens, in headers, bodies and addresses."""
    body = {"model": "any", "messages": [{"role": "user", "content": "今天有点累"}]}
    good, bad = run.made("token", token(TOKEN_KEY)), run.made("forged token", token(secrets.token_urlsafe(32)))
    for name, each in (("good", good), ("bad", bad), ("old", run.made("old token", token(TOKEN_KEY, exp=1)))):
        said = run.ask("POST", "/v1/chat/completions", key, json=body, headers={"x-anban-token": each})
        assert (said.status_code in (200, 502, 503)) is (name == "good"), said.text
    wrong = run.made("wrong key", "anban-" + secrets.token_urlsafe(32))
    for method, path in (("POST", "/v1/chat/completions"), ("GET", "/anban/v1/events"), ("GET", "/anban/v1/keys")):
        assert run.ask(method, path, wrong, json=body if method == "POST" else None).status_code in (400, 401, 422)
    for content in (f'{{"user": "{key}", "messages": [', f'{{"{key}": 1}}', f'{{"messages": "{good}"}}'):
        run.ask("POST", "/v1/chat/completions", key, content=content.encode())
    run.ask("GET", f"/anban/v1/{key}/{good}")
    run.ask("GET", f"/anban/v1/ledger?n={key}", key)
    run.ask("PUT", "/anban/v1/people/lin", key, json={"mode": key, "time_zone": good})
    run.ask("GET", "/v1/models", headers={"authorization": f"Basic {base64.b64encode(PASSWORD.encode()).decode()}"})


def links_are_opened(run: Driven, admin: str) -> None:
    """Links that are none, and one that is."""
    for path in ("/seen/", "/invited/", "/guardian/enter/", "/copies/", "/me/enter/"):
        guessed = run.made(f"guess at {path}", secrets.token_urlsafe(32))
        run.ask("GET", path + guessed)
        run.ask("POST", path + guessed)
    linked = run.ask("POST", "/anban/v1/people/lin/link", admin, json={})
    if linked.status_code == 200:
        own = run.made("link to one's own page", linked.json()["path"].rpartition("/")[2])
        assert run.ask("POST", f"/me/enter/{own}").status_code == 303
        run.ask("POST", f"/me/enter/{own}")


def test_no_secret_stands_in_logs_answers_or_figures(tmp_path: Path) -> None:
    given = {
        "ANBAN_MASTER_KEY": MASTER, "ANBAN_TOKEN_KEY": TOKEN_KEY, "ANBAN_UPSTREAM_KEY": VENDOR,
        "ANBAN_UPSTREAM_URL": "http://127.0.0.1:9/v1",
    }  # fmt: skip
    with Running(tmp_path, demo=False, **given).start() as service:
        run = Driven(service)
        first = run.made("first key", first_key(tmp_path))
        admin = run.made("deployment's key", (tmp_path / "admin.key").read_text().strip())
        staff_comes_in(run, admin)
        apps_come_in(run, first)
        links_are_opened(run, admin)
        figures = run.ask("GET", "/metrics").text
        service.kill()
        service.start()
        apps_come_in(run, first)
        assert service.stop() == 0
    log = (tmp_path / "log").read_text(encoding="utf-8", errors="replace")
    assert log.count(first) == 1, "shown once, at the first start"
    log = log.replace(first, "", 1)
    assert len(run.answers) > 30
    for name, secret in run.secrets.items():
        for spelling in (secret, base64.b64encode(secret.encode()).decode(), secret.encode().hex()):
            assert spelling not in log, f"the {name} stands in the log"
            assert spelling not in figures, f"the {name} stands in the figures"
            for answer in run.answers:
                assert spelling not in _without_what_was_sent(answer), f"{answer.request.url.path} tells the {name}"


def _without_what_was_sent(answer: httpx.Response) -> str:
    """A page may lead back to the very address that was opened, and show the name that was typed as a name."""
    return re.sub(r'name="login" value="[^"]*"', "", answer.text.replace(answer.request.url.path, ""))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANBAN_MASTER_KEY", "not-hex-" + secrets.token_hex(20)),
        ("ANBAN_DATABASE_URL", f"mysql://anban:{secrets.token_hex(16)}@127.0.0.1/anban"),
        ("ANBAN_TOKEN_KEYS", f'[{{"kid": "a", "algorithm": "none", "key": "{secrets.token_hex(24)}"}}]'),
        ("ANBAN_CHANNELS", f'[{{"kind": "nothing", "secret": "{secrets.token_hex(24)}"}}]'),
        ("ANBAN_KMS", f'{{"kind": "nothing", "token": "{secrets.token_hex(24)}"}}'),
    ],
    ids=["master", "database", "tokens", "channels", "kms"],
)
def test_a_setting_that_is_wrong_stops_the_start_and_is_not_shown(tmp_path: Path, name: str, value: str) -> None:
    given = {"ANBAN_MASTER_KEY": MASTER, name: value}
    with pytest.raises(AssertionError, match="did not start"):
        Running(tmp_path, demo=False, **given).start()
    log = (tmp_path / "log").read_text(encoding="utf-8", errors="replace")
    assert log.strip(), "it says why"
    for piece in re.findall(r"[0-9a-f]{24,}", value):
        assert piece not in log


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsaW4ifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "secret",
    [
        MASTER, VENDOR, JWT, "anban-" + secrets.token_urlsafe(32), "anban-staff-" + secrets.token_urlsafe(32),
        "aB3" + secrets.token_urlsafe(40), "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g",
    ],
    ids=["hex", "vendor", "token", "service", "staff", "plain", "password"],
)  # fmt: skip
@pytest.mark.parametrize("where", ["x {} y", "{}", "Bearer {}", "key={}", '{{"a": "{}"}}'])
def test_what_looks_like_a_key_is_masked_wherever_it_stands_in_a_line(secret: str, where: str) -> None:
    text = where.format(secret)
    for event in ({"event": text}, {"event": "x", "deep": [{"a": (text,)}]}, {"event": "x", "error": ValueError(text)}):
        assert secret not in str(masked(None, "info", dict(event)))


def test_names_that_mean_a_secret_are_masked_and_everything_else_is_left_as_it_is() -> None:
    line = {
        "event": "door.failed", "path": "/anban/v1/people/{user}", "error": "ValueError", "status": 500, "why": None,
        "decision": "dec_0199f0c2a4b87c1e9d3f5a6b7c8d9e0f", "where": ["auth.py:42 service", "db.py:7 read"],
        "at": "2026-11-23T12:00:00Z", "url": "postgresql://db.internal/anban",
    }  # fmt: skip
    assert masked(None, "info", dict(line)) == line
    told = masked(None, "info", {"password": "x", "X-Api-Key": "y", "cookie": "z", "of": {"client_secret": ["w"]}})
    assert told == {"password": MASK, "X-Api-Key": MASK, "cookie": MASK, "of": {"client_secret": MASK}}
    assert (
        masked(None, "info", {"url": "postgresql://anban:hunter2@db/anban"})["url"] == f"postgresql://{MASK}@db/anban"
    )


def test_a_librarys_line_tells_who_and_how_bad_and_neither_words_nor_traceback() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(OnlyWho())
    log = logging.Logger('odd"name\n')
    log.addHandler(handler)
    try:
        raise ValueError(PASSWORD)
    except ValueError:
        log.exception("with %s", VENDOR)
    assert written.getvalue() == '{"event": "library.log", "name": "oddname", "level": "error"}\n'


def test_the_service_logs_through_the_mask() -> None:
    from anban.cli import serve

    before, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    try:
        serve._log_plainly()  # pyright: ignore[reportPrivateUsage]
        assert masked in structlog.get_config()["processors"]
    finally:
        structlog.configure(**before)
        logging.getLogger().handlers[:] = handlers
