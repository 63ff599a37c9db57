"""Reading a chat request: strict about shapes, and never deaf to a person inside a request that is wrong."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from anban.base.errors import BadInput, Malformed, TooLarge
from anban.detectors.signal import Said

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
UNREAD_KINDS = frozenset(
    {"image_url", "input_image", "input_audio", "audio", "file", "input_file", "video_url", "video"}
)
MOST_SALVAGED = 48_000

_TEXTS = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes a request may have; parameters `body-max-bytes`, `message-max-characters` and their neighbours."""

    body: int
    message: int
    messages: int
    depth: int


@dataclass(frozen=True, slots=True)
class Chat:
    """A well-formed chat request, read: what the person said since the last answer, and what was said before."""

    body: dict[str, Any]
    said: str
    history: tuple[Said, ...]
    prefill: str
    streaming: bool
    unread: tuple[str, ...] = field(default=())


def parse(raw: bytes, limits: Limits) -> dict[str, Any]:
    """The JSON object of a request. Raises `TooLarge`, `Malformed` or `BadInput`."""
    if len(raw) > limits.body:
        raise TooLarge(f"the body is larger than {limits.body} bytes", field="body")
    if _depth(raw) > limits.depth:
        raise BadInput(f"the body is nested deeper than {limits.depth} levels", field="body", code="too_deep")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed("the body is not JSON in UTF-8", field="body") from error
    if not isinstance(body, dict):
        raise BadInput("the body must be a JSON object", field="body")
    return body


def read_chat(body: dict[str, Any], limits: Limits) -> Chat:
    """Read the messages of a chat. Raises `BadInput` naming the first field that is wrong."""
    stream = body.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise BadInput("stream must be true or false", field="stream")
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise BadInput("model must be a string", field="model")
    for name, kinds in (("temperature", (int, float)), ("top_p", (int, float)), ("max_tokens", (int,)), ("n", (int,))):
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
            raise BadInput(f"{name} must be a number", field=name)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadInput("messages must be a list with at least one message", field="messages")
    if len(messages) > limits.messages:
        raise BadInput(f"more than {limits.messages} messages", field="messages", code="too_many")
    unread: list[str] = []
    read = [_message(each, at, limits, unread) for at, each in enumerate(messages)]
    said, history, prefill = _split(read)
    return Chat(body, said, history, prefill, stream is True, tuple(unread))


def _message(message: object, at: int, limits: Limits, unread: list[str]) -> tuple[str, str]:
    where = f"messages[{at}]"
    if not isinstance(message, dict):
        raise BadInput(f"{where} must be an object", field=where)
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise BadInput(f"{where}.role is not a known role", field=f"{where}.role")
    text = _content(message.get("content"), where, unread)
    if text is None and role in ("user", "system", "developer"):
        raise BadInput(f"{where}.content is missing", field=f"{where}.content")
    text = text or ""
    if len(text) > limits.message:
        raise TooLarge(f"{where}.content is longer than {limits.message} characters", field=f"{where}.content")
    return role, text


def _content(content: object, where: str, unread: list[str]) -> str | None:
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
            # Marked and counted, never assumed safe (final art 2 covers every medium).
            unread.append(kind)
        else:
            raise BadInput(f"{spot}.type is not a known part", field=f"{spot}.type")
    return "\n".join(texts)


def _split(read: list[tuple[str, str]]) -> tuple[str, tuple[Said, ...], str]:
    """What the person said since the last answer, what came before, and an answer the app began itself."""
    talk = [(role, text) for role, text in read if role in ("user", "assistant")]
    end = len(talk)
    while end and talk[end - 1][0] == "assistant":
        end -= 1
    prefill = "".join(text for _, text in talk[end:])
    start = end
    while start and talk[start - 1][0] == "user":
        start -= 1
    said = "\n".join(text for _, text in talk[start:end] if text)
    history = tuple(Said("user" if role == "user" else "assistant", text) for role, text in talk[:start] if text)
    return said, history, prefill


def salvage(raw: bytes) -> str:
    """Every text that can be found in a request that cannot be read as a chat, newest last, within bounds."""
    if len(raw) > 2 * MOST_SALVAGED:
        raw = raw[:MOST_SALVAGED] + b" " + raw[-MOST_SALVAGED:]
    try:
        loaded = json.loads(raw)
    except (ValueError, RecursionError):
        plain = raw.decode("utf-8", "replace")
        found = [_unescaped(match[1]) for match in _TEXTS.finditer(plain)] or [plain]
    else:
        found = list(_texts(loaded))
    return "\n".join(text for text in found if text)[-MOST_SALVAGED:]


def wants_stream(raw: bytes) -> bool:
    """Whether a request that cannot be read asks for a stream."""
    return re.search(rb'"stream"\s*:\s*true', raw[:MOST_SALVAGED] + raw[-MOST_SALVAGED:]) is not None


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    seen = 0
    while waiting and seen < 20_000:
        seen += 1
        current = waiting.pop()
        if isinstance(current, str):
            yield current.encode("utf-8", "replace").decode()
        elif isinstance(current, Mapping):
            # What an app says to its model is not what a person says.
            if current.get("role") not in ("system", "developer", "assistant", "tool"):
                waiting.extend(reversed(list(current.values())))
        elif isinstance(current, list):
            waiting.extend(reversed(current))


def _unescaped(text: str) -> str:
    try:
        return json.loads(f'"{text}"').encode("utf-8", "replace").decode()
    except ValueError:
        return text


def _depth(raw: bytes) -> int:
    """How deep the JSON nests. Brackets inside texts are only sorted out when counting them would decide."""
    rough = _nesting(raw)
    return rough if rough <= 16 else _nesting(_STRINGS.sub(b"", raw))


def _nesting(raw: bytes) -> int:
    deepest = current = 0
    for char in _BRACKETS.findall(raw):
        if char in b"[{":
            current += 1
            deepest = max(deepest, current)
        else:
            current -= 1
    return deepest


_BRACKETS = re.compile(rb"[\[\]{}]")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
