"""What a person writes stands in no log, error, ledger or file; what a browser may do is said on every page."""

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import structlog

from anban.app import House, alive
from anban.base.db_dead import DeadDatabase
from anban.detectors.panel import Panel
from anban.detectors.signal import Reading, Window
from tests.doors.odd_requests import IN_DANGER
from tests.doors.test_when_parts_fail import Model
from tests.doors.visiting import CHAT, KEY, built, chat, knocking

CANARY = "zebra-quartz-7419-竹林深处"
PIECES = ("zebra-quartz-7419", "竹林深处")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with built(tmp_path) as found:
        yield found


class Loud(Panel):
    """Fails with the person's words in the message of the error."""

    def look(self, window: Window, budget_ms: float = 50.0) -> Reading:
        raise ValueError(f"cannot read {window.text}")


@pytest.fixture
def log(tmp_path: Path) -> AsyncIterator[Path]:
    """Everything that is logged, at every level, in the file that comes back."""
    path = tmp_path / "log"
    before = structlog.get_config()
    with open(path, "w") as file:
        structlog.configure(
            processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)],
            logger_factory=structlog.WriteLoggerFactory(file),
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
            cache_logger_on_first_use=False,
        )
        handler = logging.StreamHandler(file)
        logging.getLogger().addHandler(handler)
        level = logging.getLogger().level
        logging.getLogger().setLevel(logging.DEBUG)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # the test's own client, which tells where it went
        yield path
    logging.getLogger().removeHandler(handler)
    logging.getLogger().setLevel(level)
    structlog.configure(**before)


def assert_absent(what: bytes, where: str) -> None:
    for piece in PIECES:
        for code in ("utf-8", "utf-16-le", "gb18030"):
            assert piece.encode(code) not in what, f"{piece} stands in {where}"
    assert CANARY.encode("unicode_escape") not in what, where


async def test_words_stay_out_of_logs_errors_ledger_and_files(house: House, log: Path, tmp_path: Path) -> None:
    answers: list[httpx.Response] = []
    async with alive(house):
        async with knocking(house, model=Model(f"你说的{CANARY}我听见了。")) as http:
            for text in (CANARY, f"{CANARY}。{IN_DANGER['zh']}", f"退出 {CANARY}", f"转人工 {CANARY}"):
                assert (await http.post(CHAT, json=chat(text))).status_code == 200
                assert (await http.post(CHAT, json=chat(text, stream=True))).status_code == 200
            answers += [await http.post(CHAT, content=content) for content in _wrong()]
            answers.append(await http.post("/v1/moderations", json={"input": [CANARY, 3]}))
            answers.append(await http.post("/anban/v1/switch", json={"state": CANARY}))
            answers.append(await http.post("/anban/v1/switch", json={CANARY: "on"}))
            answers.append(await http.put("/anban/v1/people/lin", json={"time_zone": CANARY, "mode": CANARY}))
            answers.append(await http.get("/anban/v1/ledger", params={"n": CANARY}))
            answers.append(await http.get(f"/nowhere/{CANARY}"))
            answers.append(await http.get(f"/v1/{CANARY}"))
        async with knocking(house, panel=Loud([], None)) as http:  # type: ignore[arg-type]
            answers.append(await http.post(CHAT, json=chat(CANARY)))
        async with knocking(house, db=DeadDatabase("taken away")) as http:
            answers.append(await http.post(CHAT, json=chat(CANARY)))
            assert (await http.post(CHAT, json=chat(f"{CANARY}。{IN_DANGER['zh']}"))).status_code == 200
        async with knocking(house) as http:
            await house.rt.db.settled()
            export = await http.get("/anban/v1/ledger/export")
            figures = await http.get("/metrics")
    assert {each.status_code // 100 for each in answers} == {4, 5}
    for answer in answers:
        assert_absent(answer.content, f"the answer {answer.status_code} of {answer.request.url.path}")
    assert_absent(export.content, "the ledger")
    assert_absent(figures.content, "the figures")
    assert_files_are_clean(tmp_path)


def assert_files_are_clean(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"anban.db", "log", "spool.bin"}
    for path in files:
        assert_absent(path.read_bytes(), path.name)


def _wrong() -> list[bytes]:
    good = f'{{"user":"lin","messages":[{{"role":"user","content":"{CANARY}"}}]'
    more = ["", ',"stop":3}', f',"{CANARY}":1,"{CANARY}":2}}', f',"user":"{CANARY}\\u0000"}}', ',"messages":"x"}']
    role = f'{{"messages":[{{"role":"{CANARY}","content":"{CANARY}"}}]}}'
    part = f'{{"messages":[{{"role":"user","content":[{{"type":"{CANARY}"}}]}}]}}'
    return [*((good + end).encode() for end in more), role.encode(), part.encode()]


@pytest.mark.parametrize("path", ["/", "/status"])
async def test_a_page_runs_only_what_is_ours_and_nothing_written_inside_it(house: House, path: str) -> None:
    async with knocking(house) as http:
        page = await http.get(path)
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|\son\w+\s*=|<style|\sstyle\s*=|javascript:", page.text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/status"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"),
        ("GET", "/openapi.json"), ("GET", "/v1/models"), ("GET", "/v1/nothing"), ("GET", "/nothing"),
        ("DELETE", CHAT), ("POST", CHAT), ("POST", "/v1/moderations"), ("GET", "/anban/v1/cases"),
        ("GET", "/anban/v1/cases?user=lin"), ("GET", "/anban/v1/ledger/export"), ("GET", "/static/css/page.css"),
        ("GET", "/anban/v1/duties"), ("POST", "/chat/say"),
    ],
)  # fmt: skip
async def test_no_answer_may_be_taken_for_another_kind_and_none_names_its_server(
    house: House, method: str, path: str
) -> None:
    async with knocking(house) as http:
        answer = await http.request(method, path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers


async def test_replies_say_it_too(house: House) -> None:
    async with knocking(house) as http:
        for stream in (False, True):
            answer = await http.post(CHAT, json=chat("你好", stream=stream), headers=KEY)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] in ("no-store", "no-cache")
