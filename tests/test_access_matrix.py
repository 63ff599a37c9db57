"""Role by route by owner: every door that is served, everybody who may stand before it; nobody in who should not be.

The rows stand in access_matrix.yaml, written by hand and read by no code of ours: what is served is held against them.
"""

import re
from collections.abc import AsyncIterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml
from litestar.routes import HTTPRoute

from anban.app import mount
from tests.access_scene import CHILD, Scene, Visitor, at_every_door

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS: Mapping[str, list[str]] = yaml.safe_load(Path(__file__).with_name("access_matrix.yaml").read_text("utf-8"))
ALLOWED: Mapping[str, frozenset[str]] = {
    "service": frozenset({"the service", "another tenant"}),
    "office": frozenset({"the administrator"}),
    "office, lead": frozenset({"the administrator", "a lead"}),
    "office, responder, lead": frozenset({"the administrator", "a responder", "a lead"}),
    "desk": frozenset({"a responder", "a lead"}),
    "lead": frozenset({"a lead"}),
    "guardian": frozenset({"a mother of this child", "a mother of another"}),
    "own": frozenset({"the child", "another user"}),
}
"""Who gets in where the door is neither open nor a letter's."""

STRANGERS = ("nobody", "a wrong key", "another tenant", "a contact", "a mother of another", "another user")
"""Who may never learn anything of the child."""

STREAMS = ("GET /anban/v1/events", "GET /desk/events")
"""They stay open for whoever gets in."""

GIVEN = {"event_id": "1", "version": "1", "line": "12356", "persona": "per_x", "ref": "wolf"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with at_every_door(tmp_path_factory.mktemp("house")) as opened:
        yield opened


def doors(scene: Scene) -> set[str]:
    return {
        f"{method} {route.path_format}"
        for route in mount(scene.house.built).routes
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"OPTIONS", "HEAD"}
    }


BODIES: Mapping[str, Any] = {
    "/anban/v1/guardians/claims/{claim_id}/code": {"code": "123456"},
    "/anban/v1/people/{user}/holds": {"clause": "order 1", "until": "2027-01-01T00:00:00Z"},
    "/anban/v1/rota": {"login": "lin", "begins": "08:00", "ends": "16:00", "weekdays": [0]},
    "/anban/v1/words/wordings": {"template": "x", "lang": "zh", "text": {"adult": ["好。"]}, "by": "a"},
}
"""Bodies that no description tells to the end."""


class Knocking:
    """Requests that fit each door: right parameters, a body as its description asks for."""

    def __init__(self, scene: Scene, described: Mapping[str, Any]) -> None:
        self._names = {**GIVEN, **scene.names}
        self._described = described

    async def knock(self, client: httpx.AsyncClient, row: str, user: str = CHILD) -> httpx.Response:
        method, path = row.split(" ")
        names = {**self._names, "user": user}
        where = re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "x1"), path)
        more: dict[str, Any] = {}
        if method == "GET":
            more["params"] = {"user": user}
        elif path.startswith(("/anban", "/v1")):
            more["json"] = self._body(path, method, user)
        else:
            more["data"] = {"csrf": "0" * 64, "user": user}
        return await client.request(method, where, headers={"accept": "application/json"}, **more)

    def _body(self, path: str, method: str, user: str) -> Any:
        if path == "/v1/chat/completions":
            return {"model": "x", "messages": [{"role": "user", "content": "你好"}], "user": "of-theirs"}
        if path == "/v1/moderations":
            return {"input": "你好"}
        found = self._described["paths"].get(path, {}).get(method.lower(), {})
        if path in BODIES:
            return BODIES[path]
        schema = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        body = self._example(schema) if schema else {}
        return {**body, "user": user} if isinstance(body, dict) and "user" in body else body

    def _example(self, schema: Mapping[str, Any]) -> Any:
        """The smallest thing that this schema lets through."""
        if "$ref" in schema:
            return self._example(self._described["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        for choice in ("oneOf", "anyOf", "allOf"):
            if choice in schema:
                return self._example(next(each for each in schema[choice] if each.get("type") != "null"))
        if "enum" in schema:
            return schema["enum"][0]
        if "const" in schema:
            return schema["const"]
        match schema.get("type"):
            case "object":
                wanted = schema.get("required", [])
                return {name: self._example(schema["properties"][name]) for name in wanted}
            case "array":
                return [self._example(schema["items"])] if schema.get("minItems") else []
            case "integer" | "number":
                return max(1, schema.get("minimum", 1))
            case "boolean":
                return True
            case _:
                letter = "A" if "A-Z]{" in schema.get("pattern", "") else "a"
                return letter * max(1, schema.get("minLength", 1))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def knocking(scene: Scene) -> Knocking:
    async with scene.visitors["nobody"].client(scene.house) as client:
        return Knocking(scene, (await client.get("/openapi.json")).json())


@cache
def rows(group: str) -> tuple[str, ...]:
    return tuple(ROWS[group])


def shut(answer: httpx.Response) -> bool:
    """Whether whoever asked was sent away for who they are: before anything was read, told or done."""
    elsewhere = answer.headers.get("location", "")
    return answer.status_code in (401, 403) or (answer.status_code == 303 and elsewhere.endswith(("/closed", "/login")))


def test_every_door_stands_in_one_row_and_every_row_is_a_door(scene: Scene) -> None:
    listed = [row for group in ROWS.values() for row in group]
    assert len(listed) == len(set(listed)) and set(ROWS) == {"open", "letter", *ALLOWED}
    assert sorted(doors(scene) - set(listed)) == [], "a new door needs a row"
    assert sorted(set(listed) - doors(scene)) == [], "a row without a door"


def test_a_new_door_without_a_row_is_noticed(scene: Scene) -> None:
    listed = {row for group in ROWS.values() for row in group}
    assert {*doors(scene), "GET /anban/v1/everything"} - listed == {"GET /anban/v1/everything"}


@pytest.mark.parametrize("group", sorted(ALLOWED))
async def test_nobody_gets_in_who_should_not(scene: Scene, knocking: Knocking, group: str) -> None:
    unexpected: list[str] = []
    for name, visitor in scene.visitors.items():
        if name in ALLOWED[group]:
            continue
        async with visitor.client(scene.house) as client:
            for row in rows(group):
                answer = await knocking.knock(client, row)
                if not shut(answer):
                    unexpected.append(f"{name}: {row}: {answer.status_code}")
    assert sorted({each.partition(": ")[2] for each in unexpected}) == [], unexpected


@pytest.mark.parametrize("group", sorted(ALLOWED))
async def test_whoever_should_gets_in(scene: Scene, knocking: Knocking, group: str) -> None:
    """Reading, that is: what changes something asks for the proof of a form besides, or ends the house."""
    refused: list[str] = []
    for name in sorted(ALLOWED[group]):
        async with scene.visitors[name].client(scene.house) as client:
            for row in rows(group):
                if row.startswith("GET ") and row not in STREAMS and shut(await knocking.knock(client, row)):
                    refused.append(f"{name}: {row}")
    assert refused == []


async def test_known_and_unknown_people_look_the_same_to_strangers(scene: Scene, knocking: Knocking) -> None:
    differing: list[str] = []
    for name in STRANGERS:
        for group in ("office", "service", "desk", "guardian", "own"):
            async with scene.visitors[name].client(scene.house) as client:
                for row in rows(group):
                    if row in STREAMS or row.startswith("POST /v1"):
                        continue
                    one, other = [await knocking.knock(client, row, user) for user in (CHILD, "never-was-one")]
                    if (one.status_code, _bare(one, CHILD)) != (other.status_code, _bare(other, "never-was-one")):
                        differing.append(f"{name}: {row}: {one.status_code} {other.status_code}")
    assert differing == []


def _bare(answer: httpx.Response, user: str) -> str:
    """An answer without what differs between any two requests."""
    return re.sub(r"[0-9a-f]{32,64}|req_\w+|dec_\w+|\d{4}-\d\d-\d\dT[\d:.+Z]+", "·", answer.text.replace(user, "·"))


async def test_strangers_learn_nothing_of_the_child_at_any_door(scene: Scene, knocking: Knocking) -> None:
    told: list[str] = []
    pieces = ("银杏子", "橘猫", "药已经买好", "小林", scene.names["case_id"], scene.names["claim_id"])
    for name in STRANGERS:
        async with scene.visitors[name].client(scene.house) as client:
            for group in ROWS:
                for row in rows(group):
                    if row in STREAMS or row == "POST /chat/say":
                        continue
                    answer = await knocking.knock(client, row)
                    if any(piece in answer.text or piece in str(answer.headers) for piece in pieces):
                        told.append(f"{name}: {row}")
    assert told == []


def test_every_kind_of_visitor_is_there(scene: Scene) -> None:
    assert set(scene.visitors) == {*STRANGERS, *(name for allowed in ALLOWED.values() for name in allowed)}
    assert all(isinstance(each, Visitor) for each in scene.visitors.values())
