"""Evidence leaves the house: a pack for auditors, what witnesses hold, and checking both at the command line."""

import json
import os
import zipfile
from datetime import timedelta
from pathlib import Path

from anban.ledger.verifier import verify
from tests.doors.test_command_line import Run, at, run, service  # noqa: F401 - fixtures
from tests.house import House, open_house
from tests.service import Running


async def signed(house: House) -> None:
    """Everything written so far has its place and stands under a checkpoint."""
    await house.rt.db.settled()
    while await house.built.sequencer.run_once(house.clock.now()):
        pass


async def test_a_house_shows_its_ledger_to_its_witnesses_and_packs_what_they_hold(tmp_path: Path) -> None:
    held = tmp_path / "notary.txt"
    witnesses = ({"kind": "file", "name": "notary", "path": str(held)},)
    async with open_house(tmp_path / "data", witnesses=witnesses, deployment="here") as house:
        await house.say("今天有点累")
        await signed(house)
        await house.rt.db.write(promised(house))
        await house.work()
        assert held.read_text(encoding="utf-8").startswith("anban/here/20")
        await house.say("我们聊聊花吧")
        await signed(house)
        told = (await house.get("/anban/v1/ledger/logs")).json()
        (witness,) = told["witnesses"]
        assert (witness["name"], witness["state"]) == ("notary", "kept") and witness["behind"] > 0
        await house.work(minutes=1)
        told = (await house.get("/anban/v1/ledger/logs")).json()
        assert told["witnesses"][0]["behind"] == 0
        answer = await house.get("/anban/v1/ledger/pack")
        path = tmp_path / "pack.zip"
        path.write_bytes(answer.content)
        report = verify(path, told["keys"], witnesses=[held])
        assert report.whole, report.problems
        assert report.witnesses[0].agreed == 2
        with zipfile.ZipFile(path) as archive:
            duties = json.loads(archive.read("duties.json"))
            everything = b"".join(archive.read(name) for name in archive.namelist())
            assert {"README.md", "README.zh-CN.md"} < set(archive.namelist())
        assert any(duty["id"] == "ai-disclosure" and duty["evidence_found"] for duty in duties)
        assert "有点累".encode() not in everything and "聊聊花".encode() not in everything


def promised(house: House):
    from anban.outreach.witnessing import promise_witnesses

    return lambda connection: promise_witnesses(connection, ["notary"], house.clock.now())


async def test_a_pack_of_a_stretch_of_time_and_times_that_are_none(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.say("今天有点累")
        await signed(house)
        later = house.clock.now() + timedelta(minutes=5)
        house.clock.advance(minutes=10)
        await house.say("晚上好")
        await signed(house)
        path = tmp_path / "pack.zip"
        path.write_bytes((await house.http.get("/anban/v1/ledger/pack", params={"since": later.isoformat()})).content)
        report = verify(path)
        assert report.whole and report.part == "slice" and report.logs[0].start > 0, report.problems
        for wrong in ({"since": "yesterday"}, {"since": "2026-11-01T00:00:00"}, {"since": "x" * 400}):
            answer = await house.http.get("/anban/v1/ledger/pack", params=wrong)
            assert answer.status_code in (400, 422) and "since" in answer.text, answer.text
        both = {"since": later.isoformat(), "until": later.isoformat()}
        assert (await house.http.get("/anban/v1/ledger/pack", params=both)).status_code == 422


async def test_a_new_log_is_begun_when_a_person_asks(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert (await house.post("/anban/v1/ledger/logs", {})).status_code == 404
        await house.say("今天有点累")
        await signed(house)
        assert (await house.post("/anban/v1/ledger/logs", {})).status_code == 200
        await house.say("晚上好")
        await signed(house)
        logs = (await house.get("/anban/v1/ledger/logs")).json()["logs"]
        assert [log["open"] for log in logs] == [False, True] and logs[1]["origin"] == logs[0]["origin"] + ".2"


def test_pack_logs_and_verify_at_the_command_line(service: Running, run: Run, tmp_path: Path) -> None:  # noqa: F811
    service.say("今天把阳台的花浇了。", user="pack")
    while not (told := service.ledger()) or any(entry["seq"] is None for entry in told):
        os.sched_yield()
    path = tmp_path / "pack.zip"
    code, out, _ = run("ledger", "pack", str(path), *at(service))
    assert code == 0 and "bytes" in out
    code, out, _ = run("ledger", "logs", "--json", *at(service))
    told = json.loads(out)
    assert code == 0 and told["witnesses"] == [] and told["logs"][0]["signed"] > 0
    assert "no witness" in run("ledger", "logs", *at(service))[1]
    code, out, _ = run("verify", str(path), "--public-key", told["keys"][-1])
    assert code == 0 and "whole:" in out and "no --witness" in out
    export = tmp_path / "ledger.jsonl"
    assert run("ledger", "export", str(export), *at(service))[0] == 0
    notes = [json.loads(line)["checkpoint"] for line in export.read_text().splitlines() if '"checkpoint"' in line[:14]]
    theirs = tmp_path / "theirs.txt"
    theirs.write_text(notes[0] + "\n" + notes[-1] + "\n", encoding="utf-8")
    code, out, _ = run("verify", str(export), "--witness", str(theirs))
    assert code == 0 and f"{len(set(notes[:1] + notes[-1:]))} agree" in out
    theirs.write_text(notes[0].replace("\n", "\n1", 1), encoding="utf-8")
    assert run("verify", str(export), "--witness", str(theirs))[0] == 1
    for wrong in (
        ["--witness", "no-such-file"],
        ["--public-key", "short"],
        ["--until", "soon"],
        ["--witness-key", "x"],
    ):
        code, _, err = run("verify", str(export), *wrong)
        assert code == 2 and len(err.splitlines()) == 1, err
    assert run("ledger", "pack", str(tmp_path / "x.zip"), "--from", "soon", *at(service))[0] == 2
    assert run("ledger", "renew", *at(service))[0] == 2, "what ends a log asks first"
