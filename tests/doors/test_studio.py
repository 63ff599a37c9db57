"""The template studio over HTTP and at start: two people, one signature, and words that are said at once."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from anban.app import build
from anban.base.errors import Misconfigured
from anban.settings import Settings
from tests.doors.visiting import built, chat, knocking

OWN = {"adult": ["我在看你写的话。你有想过不活下去吗？可以找{lines}。"]}
WHO = {"name": "李医生", "profession": "精神科医师", "registration": "110-1"}


async def leads(http: httpx.AsyncClient, *logins: str) -> None:
    for login in logins:
        body = {"login": login, "name": login, "password": "a long password", "role": "lead", "tier": 3}
        assert (await http.post("/anban/v1/staff", json=body)).status_code == 201


async def drafted(http: httpx.AsyncClient, text: Any = OWN, by: str = "ann") -> dict[str, Any]:
    body = {"template": "crisis.l2", "lang": "zh", "text": text, "by": by}
    answer = await http.post("/anban/v1/words/wordings", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def decide(http: httpx.AsyncClient, own: dict[str, Any], act: str, by: str) -> httpx.Response:
    return await http.post(f"/anban/v1/words/wordings/{own['id']}/{act}", json={"by": by})


async def test_from_the_draft_to_the_words_that_somebody_hears(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        await leads(http, "ann", "bo")
        own = await drafted(http)
        assert own["findings"] == []
        assert (await decide(http, own, "approve", "ann")).json()["state"] == "draft"
        again = await decide(http, own, "approve", "ann")
        assert again.status_code == 409 and again.json()["code"] == "second_person_needed"
        assert (await decide(http, own, "live", "ann")).status_code == 409
        assert (await decide(http, own, "approve", "bo")).json()["state"] == "approved"
        assert (await decide(http, own, "live", "ann")).json()["state"] == "live"
        said = (await http.post("/v1/chat/completions", json=chat("我不想活了"))).json()
        assert "我在看你写的话。你有想过不活下去吗？" in said["choices"][0]["message"]["content"]
        kinds = [entry["facts"]["what"] for entry in (await http.get("/anban/v1/ledger?n=50")).json()
                 if entry["kind"] == "words.changed"]  # fmt: skip
        assert sorted(kinds) == ["approve", "approve", "draft", "live"]
        await decide(http, own, "retire", "bo")
        said = (await http.post("/v1/chat/completions", json=chat("我不想活了", "chen"))).json()
        assert "我在看你写的话。你有想过" not in said["choices"][0]["message"]["content"]


async def test_a_wording_with_faults_names_them_and_is_not_approved(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        await leads(http, "ann", "bo")
        own = await drafted(http, {"adult": ["想开点，会好起来的。"]})
        assert {each["rule"] for each in own["findings"]} == {"platitude", "outcome"}
        refused = await decide(http, own, "approve", "bo")
        assert refused.status_code == 422 and refused.json()["code"] == "wording_not_fit"
        assert "platitude" in refused.json()["detail"]


async def test_only_leads_decide(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        await leads(http, "ann")
        own = await drafted(http)
        refused = await decide(http, own, "approve", "nobody")
        assert refused.status_code == 403 and refused.json()["field"] == "by"


async def test_a_preview_says_what_is_true_in_the_state_and_nothing_where_it_is_not(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        path = "/anban/v1/words/templates/"
        asked = (await http.get(path + "crisis.l3?takeover=asked&audience=minor")).json()
        assert asked["said"] and "已经请值班同事加入" in asked["variants"][0]
        joined = (await http.get(path + "takeover.joined?takeover=asked")).json()
        assert not joined["said"] and joined["variants"] == []
        assert (await http.get(path + "steer.l2")).status_code == 404


async def test_the_linter_answers_live(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        [found] = (await http.post("/anban/v1/words/findings", json={"text": "我在。想开点。"})).json()
        assert (found["rule"], found["said"], found["span"]) == ("platitude", "想开点", [3, 6])
        whole = {"template": "crisis.l2", "wording": {"adult": ["我们已经联系你的家人。"]}}
        [found] = (await http.post("/anban/v1/words/findings", json=whole)).json()
        assert found["rule"] == "promise"
        assert (await http.post("/anban/v1/words/findings", json={})).status_code == 422


async def test_enforce_starts_only_with_a_signature_under_the_words_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="sign-off"):
        await build(Settings(demo=True, data=tmp_path, enforce=True))
    async with built(tmp_path) as house, knocking(house) as http:
        await leads(http, "ann", "bo")
        digest = (await http.get("/anban/v1/words")).json()["digest"]
        stale = await http.post("/anban/v1/words/sign-offs", json={**WHO, "digest": "0" * 64, "by": "ann"})
        assert stale.status_code == 409
        signed = await http.post("/anban/v1/words/sign-offs", json={**WHO, "digest": digest, "by": "ann"})
        assert signed.status_code == 201
        assert (await http.get("/anban/v1/words")).json()["sign_off"]["name"] == "李医生"
    async with built(tmp_path, enforce=True) as house, knocking(house) as http:
        assert (await http.get("/healthz")).status_code == 200
        own = await drafted(http)
        for by in ("ann", "bo"):
            await decide(http, own, "approve", by)
        await decide(http, own, "live", "ann")
        assert (await http.get("/anban/v1/words")).json()["sign_off"] is None
    with pytest.raises(Misconfigured, match="have changed"):
        await build(Settings(demo=True, data=tmp_path, enforce=True))


async def test_own_words_are_said_again_after_a_restart(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        await leads(http, "ann", "bo")
        own = await drafted(http)
        for by in ("ann", "bo"):
            await decide(http, own, "approve", by)
        await decide(http, own, "live", "ann")
    async with built(tmp_path) as house:
        assert "我在看你写的话" in house.rt.words.render("crisis.l2", lang="zh").text
