"""What leaves for another company leaves without what says who somebody is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from anban.detectors.personal.identifiers import find
from anban.detectors.places import put_in
from anban.detectors.signal import Said, Window


def minimised(text: str) -> str:
    """The text with each identifier as `[kind]`: nothing of it is left, and the sentence still reads."""
    found = find(text)
    return put_in(text, [(f"[{each.kind}]", *each.span) for each in found]) if found else text


def minimised_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """A chat body as `whitelist.forwardable` makes it, with every message minimised; the given one stays as it is."""
    return {**body, "messages": [_message(each) for each in body.get("messages", ())]}


def minimised_window(window: Window) -> Window:
    """What a guard model is shown."""
    recent = tuple(Said(each.role, minimised(each.text)) for each in window.recent)
    return replace(window, text=minimised(window.text), recent=recent)


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(message)
    if isinstance(kept.get("content"), str):
        kept["content"] = minimised(kept["content"])
    if kept.get("tool_calls"):
        kept["tool_calls"] = [
            {**call, "function": {**call["function"], "arguments": minimised(call["function"]["arguments"])}}
            for call in kept["tool_calls"]
        ]
    return kept
