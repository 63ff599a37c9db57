"""`/openapi.json`: what the doors say of themselves, and what only their owners know, put together."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import yaml

Data = dict[str, Any]


def describe(generated: Data, sizes: Mapping[str, int]) -> Data:
    """The generated description with raw bodies, keys and every way of refusing added; the given one stays as it is.

    `sizes` are the limits in force by the words that `description.yaml` has for them.
    """
    text = files("anban.web").joinpath("description.yaml").read_text(encoding="utf-8")
    known: Data = _filled(yaml.safe_load(text), sizes)
    components = generated.get("components", {})
    # What a door takes it takes as described: our bodies refuse names that they do not know.
    strict = {name: {**each, "additionalProperties": False} for name, each in components.get("schemas", {}).items()}
    schemas = {**strict, **known["schemas"]}
    paths = {
        path: {method: _door(method, path, told, known) for method, told in doors.items()}
        for path, doors in generated["paths"].items()
    }
    return {
        **generated,
        "paths": paths,
        "components": {**components, "schemas": schemas, "securitySchemes": known["security_schemes"]},
        "security": [{"key": []}],
    }


def _filled(value: Any, sizes: Mapping[str, int]) -> Any:
    if isinstance(value, list):
        return [_filled(each, sizes) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: sizes[each] if name in ("maxLength", "maxItems") and isinstance(each, str) else _filled(each, sizes)
        for name, each in value.items()
    }


def _door(method: str, path: str, told: Data, known: Data) -> Data:
    mine: Data = known["doors"].get(f"{method} {path}", {})
    responses: Data = {status: each for status, each in told["responses"].items() if status != "400"}
    if "gives" in mine:
        content = {kind: {"schema": _schema(name)} for kind, name in mine["gives"].items()}
        responses["200"] = {"description": "Done.", "content": content}
    responses |= {
        status: {"description": "Not now.", "content": {"application/json": {"schema": _schema(name)}}}
        for status, name in mine.get("also", {}).items()
    }
    door = {**told, "responses": responses | _refusals(path, known, responses)}
    if path in known["open"]:
        door["security"] = []
    if "takes" in mine:
        door["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(mine["takes"])}}}
    if mine.get("named"):
        door["parameters"] = [
            *told.get("parameters", ()),
            *(_header(name, why, known["header"]) for name, why in known["headers"].items()),
        ]
    return door


def _refusals(path: str, known: Data, told: Data) -> Data:
    openai = path.startswith("/v1/")
    kind, name = ("application/json", "OpenAIError") if openai else ("application/problem+json", "Problem")
    answer = {kind: {"schema": _schema(name)}}
    return {
        status: {"description": why, "content": answer}
        for status, why in known["refusals"].items()
        if status not in told
    }


def _header(name: str, why: str, schema: Data) -> Data:
    return {"name": name, "in": "header", "required": False, "description": why, "schema": schema}


def _schema(name: str | None) -> Data:
    return {} if name is None else {"$ref": f"#/components/schemas/{name}"}
