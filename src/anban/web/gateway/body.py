"""Reading a chat request: strict about shapes, every fault named; what it cannot read goes to `salvage.py`."""

import asyncio
import json
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson
from litestar import Request

from anban.base.errors import BadInput, Malformed, TooLarge
from anban.detectors.senses.part import Part
from anban.detectors.signal import Said
from anban.web.gateway.parts import UNREAD_KINDS, part_of

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
MOST_READ = 16
"""How many times the largest body is read at most, to find a person in it, before the rest is left unread."""

MOST_BRACKETS = 100_000
"""Opening brackets in one body, in texts too: more cost longer to read than a request may take."""

_NUMBER = (frozenset({int, float}), "a number")
_WHOLE = (frozenset({int}), "a whole number")
_YES_NO = (frozenset({bool}), "true or false")
_TEXT = (frozenset({str}), "a string")
_OBJECT = (frozenset({dict}), "an object")
_LIST = (frozenset({list}), "a list")
SHAPES: dict[str, tuple[frozenset[type], str]] = {
    **dict.fromkeys(("temperature", "top_p", "presence_penalty", "frequency_penalty"), _NUMBER),
    **dict.fromkeys(("max_tokens", "max_completion_tokens", "n", "seed", "top_logprobs"), _WHOLE),
    **dict.fromkeys(("stream", "logprobs", "parallel_tool_calls", "store"), _YES_NO),
    **dict.fromkeys(("model", "service_tier", "reasoning_effort", "verbosity", "prompt_cache_key"), _TEXT),
    **dict.fromkeys(("stream_options", "response_format", "metadata", "logit_bias", "audio", "prediction"), _OBJECT),
    **dict.fromkeys(("tools", "functions", "modalities"), _LIST),
    "stop": (frozenset({str, list}), "a string or a list of strings"),
    "tool_choice": (frozenset({str, dict}), "a string or an object"),
    "function_call": (frozenset({str, dict}), "a string or an object"),
}
"""Fields of OpenAI's protocol that have one shape, and how to say it. `null` stands for absent everywhere."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes a request may have; parameters `body-max-bytes`, `message-max-characters` and their neighbours."""

    body: int
    message: int
    messages: int
    depth: int


@dataclass(frozen=True, slots=True)
class Chat:
    """A well-formed chat request, read: what the person said since the last answer, and what was said before.

    `parts` are those that are no text, of every message; `now` is true for what came with `said`.
    """

    body: dict[str, Any]
    said: str
    history: tuple[Said, ...]
    prefill: str
    streaming: bool
    parts: tuple[Part, ...] = ()

    @property
    def unread(self) -> tuple[str, ...]:
        """What nobody has looked into so far: every part that is no text."""
        return tuple(part.type for part in self.parts)


async def receive_body(request: Request[Any, Any, Any], limits: Limits, patience: float) -> bytes:
    """The request's body; of one that is too large the beginning and the end, together still too large.

    Of one that does not arrive within `patience` seconds, what there is: not JSON, but perhaps a person's words.
    """
    head: list[bytes] = []
    tail: deque[bytes] = deque()
    size = kept = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= 2 * limits.body:
                    head.append(chunk)
                    continue
                tail.append(chunk)
                kept += len(chunk)
                while kept - len(tail[0]) > limits.body:
                    kept -= len(tail.popleft())
                if size > MOST_READ * limits.body:
                    break
    return b"".join((*head, *tail))


def parse(raw: bytes, limits: Limits) -> dict[str, Any]:
    """The JSON object of a request. Raises `TooLarge`, `Malformed` or `BadInput`."""
    if len(raw) > limits.body:
        raise TooLarge(f"the body is larger than {limits.body} bytes", field="body")
    brackets = raw.count(b"{") + raw.count(b"[")
    if brackets > MOST_BRACKETS:
        raise BadInput(f"the body holds more than {MOST_BRACKETS} brackets", field="body", code="too_many")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if error.msg.startswith("depth limit"):
            raise _too_deep(limits) from error
        where = f"line {error.lineno}, column {error.colno}"
        raise Malformed(f"the body is not JSON in UTF-8 ({where})", field="body") from error
    if not isinstance(body, dict):
        raise BadInput("the body must be a JSON object", field="body")
    if brackets > limits.depth and _deeper(body, limits.depth):
        raise _too_deep(limits)
    if (name := _twice(raw, body)) is not None:
        # The readers of JSON disagree on which one counts; the other one could hold words that nobody has seen.
        field_name = name if name in SHAPES or name in ("messages", "role", "content") else "body"
        raise BadInput("a name occurs twice in one object", field=field_name, code="duplicate_name")
    return body


def read_chat(body: dict[str, Any], limits: Limits) -> Chat:
    """Read the messages of a chat. Raises `BadInput` naming the first field that is wrong."""
    for name, value in body.items():
        shape = SHAPES.get(name)
        if shape is not None and value is not None and type(value) not in shape[0]:
            if shape is _WHOLE and isinstance(value, float) and value.is_integer():
                body[name] = int(value)  # 5.0 is a whole number in JSON, and so is one too large for 64 bits
                continue
            raise BadInput(f"{name} must be {shape[1]}", field=name)
    stop = body.get("stop")
    if isinstance(stop, list) and not all(isinstance(each, str) for each in stop):
        raise BadInput("stop must be a string or a list of strings", field="stop")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadInput("messages must be a list with at least one message", field="messages")
    if len(messages) > limits.messages:
        raise BadInput(f"more than {limits.messages} messages", field="messages", code="too_many")
    read = [_message(each, at, limits) for at, each in enumerate(messages)]
    said, history, prefill, parts = _split(read)
    return Chat(body, said, history, prefill, body.get("stream") is True, parts)


def _message(message: object, at: int, limits: Limits) -> tuple[str, str, list[Part]]:
    where = f"messages[{at}]"
    if not isinstance(message, dict):
        raise BadInput(f"{where} must be an object", field=where)
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise BadInput(f"{where}.role is not a known role", field=f"{where}.role")
    parts: list[Part] = []
    text = _content(message.get("content"), where, parts)
    if text is None and role in ("user", "system", "developer"):
        raise BadInput(f"{where}.content is missing", field=f"{where}.content")
    text = text or ""
    if len(text) > limits.message:
        raise TooLarge(f"{where}.content is longer than {limits.message} characters", field=f"{where}.content")
    return role, text, parts


def _content(content: object, where: str, parts: list[Part]) -> str | None:
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise BadInput(f"{where}.content must be text or a list of parts", field=f"{where}.content")
    texts: list[str] = []
    for number, part in enumerate(content):
        spot = f"{where}.content[{number}]"
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(part, dict) or not isinstance(kind, str):
            raise BadInput(f"{spot} must be an object with a type", field=spot)
        if kind in ("text", "input_text", "refusal"):
            text = part.get("text" if kind != "refusal" else "refusal")
            if not isinstance(text, str):
                raise BadInput(f"{spot}.text must be a string", field=f"{spot}.text")
            texts.append(text)
        elif kind in UNREAD_KINDS:
            parts.append(part_of(kind, part))
        else:
            raise BadInput(f"{spot}.type is not a known part", field=f"{spot}.type")
    return "\n".join(texts)


def _split(read: list[tuple[str, str, list[Part]]]) -> tuple[str, tuple[Said, ...], str, tuple[Part, ...]]:
    """What the person said since the last answer, what came before, an answer the app began itself, and all parts."""
    talk = [each for each in read if each[0] in ("user", "assistant")]
    end = len(talk)
    while end and talk[end - 1][0] == "assistant":
        end -= 1
    prefill = "".join(text for _, text, _ in talk[end:])
    start = end
    while start and talk[start - 1][0] == "user":
        start -= 1
    said = "\n".join(text for _, text, _ in talk[start:end] if text)
    history = tuple(Said("user" if role == "user" else "assistant", text) for role, text, _ in talk[:start] if text)
    now = {id(part) for _, _, parts in talk[start:end] for part in parts}
    every = tuple(replace(part, now=id(part) in now) for _, _, parts in read for part in parts)
    return said, history, prefill, every


def _too_deep(limits: Limits) -> BadInput:
    return BadInput(f"the body is nested deeper than {limits.depth} levels", field="body", code="too_deep")


def _deeper(body: dict[str, Any], most: int) -> bool:
    level: list[Any] = [body]
    for _ in range(most):
        inner = (each.values() if type(each) is dict else each for each in level)
        level = [each for values in inner for each in values if type(each) is dict or type(each) is list]
        if not level:
            return False
    return True


def _twice(raw: bytes, body: dict[str, Any]) -> str | None:
    """A name that occurs twice in one object, or None.

    Where colons are as many as names there is no second one: the usual case, for the price of counting.
    """
    messages = body.get("messages")
    names = len(body)
    if isinstance(messages, list):
        names += sum(len(each) for each in messages if isinstance(each, dict))
    if raw.count(b":") == names:
        return None
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len(pairs) > 1 and len({name for name, _ in pairs}) != len(pairs):
            seen: set[str] = set()
            found.extend(name for name, _ in pairs if name in seen or seen.add(name))

    json.loads(raw, object_pairs_hook=look, parse_int=len, parse_float=len)
    return found[0] if found else None
