"""Whether something fits a JSON schema, as far as ours go: types, fields, lists, fixed values, alternatives, times."""

import re
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "null": (type(None),),
}  # fmt: skip
_FORMATS = {
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "date": r"\d{4}-\d\d-\d\d",
}
_KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "type", "format", "required", "properties",
    "additionalProperties", "items", "enum", "const", "anyOf",
}  # fmt: skip


def misfits(value: Any, schema: dict[str, Any], whole: dict[str, Any], at: str = "$") -> list[str]:
    """Every place where `value` does not fit. Raises for a word of JSON Schema that is not looked at here."""
    assert set(schema) <= _KNOWN, set(schema) - _KNOWN
    if "$ref" in schema:
        return misfits(value, whole["$defs"][schema["$ref"].removeprefix("#/$defs/")], whole, at)
    if "anyOf" in schema:
        return [] if any(not misfits(value, each, whole, at) for each in schema["anyOf"]) else [f"{at}: fits none"]
    found: list[str] = []
    if "const" in schema and value != schema["const"] or "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r}")
    named = schema.get("type", [])
    types = [each for name in ([named] if isinstance(named, str) else named) for each in _TYPES[name]]
    if types and (not isinstance(value, tuple(types)) or isinstance(value, bool)):
        return [*found, f"{at}: {type(value).__name__}"]
    if "format" in schema and isinstance(value, str) and not re.fullmatch(_FORMATS[schema["format"]], value):
        found.append(f"{at}: {value!r} is no {schema['format']}")
    if isinstance(value, list):
        found += [miss for i, each in enumerate(value) for miss in misfits(each, schema["items"], whole, f"{at}[{i}]")]
    if isinstance(value, dict):
        fields, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        found += [f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, each in value.items():
            if name in fields:
                found += misfits(each, fields[name], whole, f"{at}.{name}")
            elif more is False:
                found.append(f"{at}.{name} is not described")
            elif isinstance(more, dict):
                found += misfits(each, more, whole, f"{at}.{name}")
    return found
