"""Reads our YAML into plain values: no YAML 1.1 surprises (`on`, `22:00`), no key twice, every error with its file."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from anban.base.errors import Misconfigured

_Loader: type[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_WORDS: dict[str, object] = {"": None, "~": None, "null": None, "true": True, "false": False}
_NUMBERLIKE: tuple[tuple[re.Pattern[str], Callable[[str], object]], ...] = (
    (re.compile(r"-?(0|[1-9][0-9]*)"), int),
    (re.compile(r"-?[0-9]+\.[0-9]+"), float),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), date.fromisoformat),
)


def read_yaml(path: Path) -> object:
    """The file as dicts, lists, strings, numbers, dates, booleans and None.

    Raises `Misconfigured` naming the file (and line) when it cannot be read or a key stands twice.
    """
    try:
        loader = _Loader(path.read_bytes())
        node = loader.get_single_node()
        return _plain(node, path.name)
    except (yaml.YAMLError, ValueError, OSError) as error:
        raise Misconfigured(f"{path.name}: cannot be read: {error}") from error


def _plain(node: Any, file: str) -> object:
    if isinstance(node, yaml.ScalarNode):
        return _scalar(str(node.value)) if not node.style else str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, file) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        raise Misconfigured(f"{file}: is empty")
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key in found:
            line = key_node.start_mark.line + 1
            raise Misconfigured(f"{file}: {key}: stands twice (line {line})", field=key)
        found[key] = _plain(value_node, file)
    return found


def _scalar(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if text[0].isdigit() or text[0] == "-":
        for pattern, make in _NUMBERLIKE:
            if pattern.fullmatch(text):
                return make(text)
    return text
