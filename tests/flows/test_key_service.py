"""The key service is gone when Anban starts: help is served and chat is not, nothing is stored open, and it mends."""

import asyncio
import time
from pathlib import Path

import httpx
import orjson
import pytest

from anban.base.errors import Misconfigured
from tests.house import open_house
from tests.kms import AwsStandIn, VaultStandIn, serving
from tests.service import KEY, Running

PLAN = "我已经把药吃下去了"


async def test_without_its_key_service_a_house_helps_and_does_not_chat(tmp_path: Path) -> None:
    async with serving(VaultStandIn()) as vault:
        async with open_house(tmp_path, kms=vault.settings) as house:
            assert (await house.chat("你好，我叫小林", user="lin")).status_code == 200
        vault.down = True
        async with open_house(tmp_path, kms=vault.settings) as house:
            ready = await house.get("/readyz")
            assert ready.status_code == 503 and ready.json()["parts"]["keys"] == "down"
            refused = await house.chat("你好", user="lin")
            assert refused.status_code == 503 and "retry-after" in refused.headers
            helped = await house.chat(PLAN, user="lin")
            assert helped.status_code == 200, "somebody in danger is never met with an error alone"
            said = helped.json()
            assert said["anban"]["verdict"] == "escalate" and "120" in said["choices"][0]["message"]["content"]
            assert not house.rt.spool.empty
            assert (await house.get("/")).status_code == 200
        vault.down = False
        assert PLAN.encode() not in everything(tmp_path)
        async with open_house(tmp_path, kms=vault.settings) as house:
            await house.work(seconds=1)
            (case,) = (await house.get("/anban/v1/cases?user=lin")).json()
            assert case["kind"] == "crisis", "what was promised while there were no keys is entered now"
            assert house.rt.spool.empty and not (tmp_path / "spool.torn").exists()
            assert (await house.chat("我在", user="lin")).status_code == 200


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("user", ["lin", "drill-lin", "drill-lin-0123456789abcdef"])
async def test_whatever_an_app_calls_somebody_they_are_helped_without_keys(tmp_path: Path, user: str) -> None:
    async with serving(VaultStandIn()) as vault:
        async with open_house(tmp_path, kms=vault.settings) as house:
            await house.chat("你好", user=user)
        vault.down = True
        async with open_house(tmp_path, kms=vault.settings) as house:
            helped = await house.chat(PLAN, user=user)
            assert helped.status_code == 200, "no key tells a drill from a person: so it is a person"
            assert helped.json()["anban"]["verdict"] == "escalate" and not house.rt.spool.empty
        vault.down = False
        async with open_house(tmp_path, kms=vault.settings) as house:
            await house.work(seconds=1)
            assert len((await house.http.get("/anban/v1/cases", params={"user": user})).json()) == 1


async def test_credentials_that_ran_out_stop_a_first_start_and_leave_nobody_alone_later(tmp_path: Path) -> None:
    async with serving(VaultStandIn()) as vault:
        wrong = {**vault.settings, "token": "hvs.ran-out"}
        with pytest.raises(Misconfigured):
            async with open_house(tmp_path, kms=wrong):
                raise AssertionError("it started")
        async with open_house(tmp_path, kms=vault.settings) as house:
            assert (await house.chat("你好", user="lin")).status_code == 200
        async with open_house(tmp_path, kms=wrong) as house:
            assert (await house.get("/readyz")).json()["parts"]["keys"] == "down"
            assert (await house.chat("你好", user="lin")).status_code == 503
            helped = await house.chat(PLAN, user="lin")
            assert helped.status_code == 200 and not house.rt.spool.empty
        async with open_house(tmp_path, kms=vault.settings) as house:
            await house.work(seconds=1)
            assert len((await house.get("/anban/v1/cases?user=lin")).json()) == 1


async def test_a_service_whose_keys_come_late_begins_to_chat_by_itself(tmp_path: Path) -> None:
    async with serving(AwsStandIn()) as aws:
        given = {"ANBAN_KMS": orjson.dumps(aws.settings).decode()}
        with Running(tmp_path, **given) as service:
            await asyncio.to_thread(service.start)
            await asyncio.to_thread(service.say, "你好", user="lin")
            await asyncio.to_thread(service.kill)
            aws.down = True
            await asyncio.to_thread(service.start)
            assert (await asked(service, "/readyz")).status_code == 503
            aws.down = False
            await asyncio.to_thread(_until_ready, service)
            said = await asyncio.to_thread(service.say, "还在吗", user="lin")
            assert said.text
            assert await asyncio.to_thread(service.stop) == 0


def _until_ready(service: Running) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if service.http.get(f"{service.url}/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError((service.data / "log").read_text()[-2000:])


async def asked(service: Running, path: str) -> httpx.Response:
    return await asyncio.to_thread(service.http.get, service.url + path, headers=KEY)


async def test_a_key_that_is_called_as_before_and_is_another_does_not_start(tmp_path: Path) -> None:
    async with open_house(tmp_path, master_key="5a" * 32) as house:
        await house.say("你好")
    with pytest.raises(Misconfigured) as caught:
        async with open_house(tmp_path, master_key="6b" * 32):
            raise AssertionError("it started")
    assert caught.value.field == "ANBAN_MASTER_KEY"
