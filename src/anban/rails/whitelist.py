"""What of a client's request goes on to the model behind us: a closed list, everything else stays here."""

import math
from collections.abc import Mapping
from typing import Any, Final

# A reply has room for at least a sentence: with `max_tokens: 1` a harmful sentence could be drawn out one word a
# request, each judged alone. The judge's window of recent turns is the second lock on the same door.
LEAST_TOKENS: Final = 32
MOST_TOKENS: Final = 8192

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool"})
_NUMBERS: Final[Mapping[str, tuple[float, float]]] = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "presence_penalty": (-2.0, 2.0),
    "frequency_penalty": (-2.0, 2.0),
}
_FORMATS: Final = frozenset({"text", "json_object", "json_schema"})


def forwardable(body: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a chat body that may go upstream, freshly built; wrong shapes are left out, never repaired.

    Kept: model, messages, temperature, top_p, penalties, max_tokens and max_completion_tokens (held between
    `LEAST_TOKENS` and `MOST_TOKENS`), stop, seed, tools, tool_choice, parallel_tool_calls, response_format, stream,
    stream_options.include_usage. `n` becomes 1 (a second answer would go unjudged). Not sent: logprobs and
    top_logprobs (they leak tokens judged away), logit_bias, user and safety_identifier (a person's name stays here;
    see `UpstreamRequest.pseudonym`), audio, modalities, prediction, legacy functions, and whatever is not named.
    """
    kept: dict[str, Any] = {}
    if isinstance(body.get("model"), str):
        kept["model"] = body["model"]
    kept["messages"] = _messages(body.get("messages"))
    for name, (low, high) in _NUMBERS.items():
        value = body.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            kept[name] = min(high, max(low, value))
    for name in ("max_tokens", "max_completion_tokens"):
        value = body.get(name)
        if type(value) is int:
            kept[name] = min(MOST_TOKENS, max(LEAST_TOKENS, value))
    seed = body.get("seed")
    if type(seed) is int and abs(seed) < 2**63:
        kept["seed"] = seed
    if stop := _stop(body.get("stop")):
        kept["stop"] = stop
    kept.update(_tools(body))
    if (shape := _response_format(body.get("response_format"))) is not None:
        kept["response_format"] = shape
    if "n" in body:
        kept["n"] = 1
    if body.get("stream") is True:
        kept["stream"] = True
        options = body.get("stream_options")
        if isinstance(options, dict) and options.get("include_usage") is True:
            kept["stream_options"] = {"include_usage": True}
    return kept


def unjudged_parts(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Kinds of message parts that `forwardable` leaves out because no text can be judged in them, to be counted."""
    kinds: dict[str, None] = {}
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else ():
            kind = part.get("type") if isinstance(part, dict) else None
            if kind != "text":
                kinds[kind if kind in ("image_url", "input_audio", "file") else "part"] = None
    return tuple(kinds)


def _messages(messages: object) -> list[dict[str, Any]]:
    """Messages with known roles and fields. A last assistant turn is left out: a prefilled answer puts words in the
    model's mouth that were never judged."""
    kept = [clean for m in (messages if isinstance(messages, list) else ()) if (clean := _message(m)) is not None]
    while kept and kept[-1]["role"] == "assistant":
        kept.pop()
    return kept


def _message(message: object) -> dict[str, Any] | None:
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(role, str) or role not in _ROLES:
        return None
    kept: dict[str, Any] = {"role": role, "content": _content(message.get("content"))}
    if role == "tool" and isinstance(message.get("tool_call_id"), str):
        kept["tool_call_id"] = message["tool_call_id"]
    calls = message.get("tool_calls")
    if role == "assistant" and isinstance(calls, list):
        made = [call for c in calls if (call := _call(c)) is not None]
        if made:
            kept["tool_calls"] = made
    if kept["content"] is None and "tool_calls" not in kept:
        kept["content"] = ""
    return kept


def _content(content: object) -> str | None:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    texts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
    return "".join(text for text in texts if isinstance(text, str))


def _call(call: object) -> dict[str, Any] | None:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(function, dict):
        return None
    id_, name, arguments = call.get("id"), function.get("name"), function.get("arguments")
    if not (isinstance(id_, str) and isinstance(name, str) and isinstance(arguments, str)):
        return None
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def _stop(stop: object) -> str | list[str] | None:
    if isinstance(stop, str):
        return stop or None
    if isinstance(stop, list):
        return [one for one in stop if isinstance(one, str) and one][:4] or None
    return None


def _tools(body: Mapping[str, Any]) -> dict[str, Any]:
    tools = body.get("tools")
    functions = [tool for t in (tools if isinstance(tools, list) else ()) if (tool := _tool(t)) is not None]
    if not functions:
        return {}
    kept: dict[str, Any] = {"tools": functions}
    choice = body.get("tool_choice")
    if choice in ("none", "auto", "required"):
        kept["tool_choice"] = choice
    elif isinstance(choice, dict) and isinstance(choice.get("function"), dict):
        name = choice["function"].get("name")
        if isinstance(name, str):
            kept["tool_choice"] = {"type": "function", "function": {"name": name}}
    if isinstance(body.get("parallel_tool_calls"), bool):
        kept["parallel_tool_calls"] = body["parallel_tool_calls"]
    return kept


def _tool(tool: object) -> dict[str, Any] | None:
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        return None
    shapes = {"name": str, "description": str, "parameters": dict, "strict": bool}
    return {
        "type": "function",
        "function": {name: function[name] for name, shape in shapes.items() if isinstance(function.get(name), shape)},
    }


def _response_format(shape: object) -> dict[str, Any] | None:
    kind = shape.get("type") if isinstance(shape, dict) else None
    if not isinstance(shape, dict) or not isinstance(kind, str) or kind not in _FORMATS:
        return None
    kept: dict[str, Any] = {"type": kind}
    schema = shape.get("json_schema")
    if kind == "json_schema":
        if not isinstance(schema, dict):
            return None
        kept["json_schema"] = schema
    return kept
