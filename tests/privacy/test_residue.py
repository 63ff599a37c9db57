"""Raw disks: before an erasure no word of anybody lies outside ciphertext, and after it none can be read at all (F7).

Every field in which a person can leave words gets a sentinel of its own; then every file is searched in every spelling:
the database and its write-ahead log, PostgreSQL's data and WAL directories, logs, spool, exports, temporary files.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.guest import MASTER_KEY
from tests.privacy.residue import residue, spellings
from tests.service import KEY, Running
from tests.stores import PostgresServer, data_folder

SENTINELS = {
    "said": "紫金山的第七棵银杏树",
    "answered": "玻璃罐里的三枚旧邮票",
    "crisis": "松风茶馆二楼靠窗那张桌",
    "contact": "慕容清漪",
    "address": "sentinel-contact@inbox.example",
    "appeal": "我的学号写在蓝色本子里",
    "card": "去找楼下的修鞋师傅聊天",
}


def test_a_word_is_found_in_whatever_spelling_it_lies_there(tmp_path: Path) -> None:
    for number, form in enumerate(spellings("紫金山的第七棵银杏树")):
        (tmp_path / str(number)).write_bytes(b"before" + form + b"after")
        assert residue([tmp_path / str(number)], ["紫金山的第七棵银杏树"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_no_word_of_a_person_lies_readable_on_the_disks_before_or_after_an_erasure(
    store: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        given = {"ANBAN_MASTER_KEY": MASTER_KEY, "TMPDIR": str(tmp_path / "tmp")}
        (tmp_path / "tmp").mkdir()
        folders = [tmp_path]
        if store == "postgres":
            given["ANBAN_DATABASE_URL"] = await stack.enter_async_context(postgres_server.database())
            folders.append(await data_folder(given["ANBAN_DATABASE_URL"]))
        await asyncio.to_thread(_live_and_erase, tmp_path / "data", given, folders)


def _live_and_erase(data: Path, given: dict[str, str], folders: list[Path]) -> None:
    with Running(data, **given).start() as service:
        for _ in _a_life(service):
            assert not residue(folders, SENTINELS.values()), "nothing lies readable while it is kept"
        _ask_and_wait(service)
        service.kill()  # what a stop would still have written or tidied stays as it is
    assert not residue(folders, SENTINELS.values()), "nothing lies readable after it was erased"


def _a_life(service: Running) -> Iterator[None]:
    put = {
        "contacts": [{"name": SENTINELS["contact"], "route": "email", "address": SENTINELS["address"]}],
        "birth_year": 1990,
    }
    assert service.http.put(f"{service.url}/anban/v1/people/lin", json=put, headers=KEY).status_code == 200
    service.say(f"今天路过了{SENTINELS['said']}", user="lin")
    service.say(f"请你重复一遍：{SENTINELS['answered']}", user="lin")
    yield
    appeal = {"user": "lin", "about": "other", "text": SENTINELS["appeal"]}
    answer = service.http.post(f"{service.url}/anban/v1/appeals", json=appeal, headers=KEY)
    assert answer.status_code < 300, answer.text
    service.say(f"我不想活了，我现在在{SENTINELS['crisis']}", user="mei")
    yield
    # What does not even parse may hold words too: it must not end up in a log.
    broken = b'{"messages": [{"role": "user", "content": "' + SENTINELS["said"].encode() + b'"'
    service.http.post(f"{service.url}/v1/chat/completions", content=broken, headers=KEY)
    service.http.get(f"{service.url}/anban/v1/ledger/export", headers=KEY)
    yield


def _ask_and_wait(service: Running) -> None:
    asked = service.http.post(
        f"{service.url}/anban/v1/people/lin/erasures", json={"scope": "account", "by": "service"}, headers=KEY
    )
    assert asked.status_code == 202, asked.text
    number = asked.json()["id"]
    for _ in range(120):
        told: dict[str, Any] = service.get(f"/anban/v1/erasures/{number}")
        if told["state"] == "done":
            return
        service.http.post(f"{service.url}/anban/v1/demo/clock", json={"advance_seconds": 660}, headers=KEY)
    raise AssertionError(f"not erased: {told}")
