"""Which fields of an upstream's answer are read, and what becomes of each of the others.

| Field | Becomes |
|---|---|
| `choices[]` whose `index` is not 0 | dropped: an unjudged second answer (`n>1`) never leaves |
| `content`, `refusal` | text, judged alike; parts of type `text` inside a list too |
| `tool_calls`, legacy `function_call` | put together, handed on whole, so that arguments are judged before release |
| `audio`, `images`, parts that are not text | dropped and named in `Finished.dropped` |
| `reasoning_content`, `reasoning`, `thinking` | dropped: unjudged inner talk is not shown |
| `logprobs`, `top_logprobs` | dropped: they carry tokens that were judged away |
| anything else | dropped |
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from anban.base.errors import UpstreamFailed
from anban.rails.speech import Completion, Finished, Reason, ToolDelta, Usage

# Bounds of memory, not of policy: one answer's tool calls.
MOST_TOOLS: Final = 128
MOST_ARGUMENT_CHARS: Final = 262_144

_REASONS: Final[Mapping[str, Reason]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
_UNJUDGED: Final = ("audio", "images")
# A name a host gives a part is its own text; only these are repeated.
_PART_KINDS: Final = frozenset({"image_url", "image", "audio", "input_audio", "output_audio", "video_url", "file"})


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Heard:
    """What one answer's index-0 choice has said so far, from streamed deltas or from one whole message."""

    reason: Reason | None = None
    usage: Usage | None = None
    _calls: dict[int, _Call] = field(default_factory=dict[int, _Call])
    _argument_chars: int = 0
    _dropped: dict[str, None] = field(default_factory=dict[str, None])

    def chunk(self, chunk: Mapping[str, Any], said: str) -> str:
        """Take one parsed chunk, whose message stands under `said` ("delta" or "message"); the text that it adds.

        Raises `UpstreamFailed` for an error object and for tool calls beyond all bounds.
        """
        if chunk.get("error"):
            raise UpstreamFailed("the upstream reported an error", code="upstream_error")
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self.usage = _usage(usage)
        choice = _first_choice(chunk.get("choices"))
        if choice is None or self.reason is not None:
            return ""
        message = choice.get(said)
        text = self._message(message) if isinstance(message, dict) else ""
        reason = choice.get("finish_reason")
        if isinstance(reason, str):
            self.reason = _REASONS.get(reason, "stop")
        return text

    def tools(self) -> tuple[ToolDelta, ...]:
        """The tool calls, whole, in order. A call without a name calls nothing and is left out."""
        calls = [call for _, call in sorted(self._calls.items()) if call.name]
        return tuple(
            ToolDelta(at, call.id or f"call_{at}", call.name, "".join(call.arguments)) for at, call in enumerate(calls)
        )

    def finished(self) -> Finished:
        """How it ended. A call for tools that held none is a plain stop."""
        reason = self.reason or "stop"
        if reason == "tool_calls" and not self.tools():
            reason = "stop"
        return Finished(reason, self.usage, tuple(self._dropped))

    def _message(self, message: Mapping[str, Any]) -> str:
        content = message.get("content")
        text = content if isinstance(content, str) else self._parts(content) if content else ""
        if "content" in message and len(message) == 1:
            return text
        refusal = message.get("refusal")
        if isinstance(refusal, str):
            text += refusal
        calls = message.get("tool_calls")
        if isinstance(calls, list):
            for at, call in enumerate(calls):
                self._tool(call, at)
        legacy = message.get("function_call")
        if isinstance(legacy, dict):
            self._tool({"index": 0, "function": legacy}, 0)
        for name in _UNJUDGED:
            if message.get(name):
                self._dropped[name] = None
        return text

    def _parts(self, content: object) -> str:
        texts: list[str] = []
        for part in content if isinstance(content, list) else ():
            text = part.get("text") if isinstance(part, dict) else None
            if isinstance(text, str):
                texts.append(text)
            else:
                kind = part.get("type") if isinstance(part, dict) else None
                self._dropped[kind if isinstance(kind, str) and kind in _PART_KINDS else "part"] = None
        return "".join(texts)

    def _tool(self, call: object, position: int) -> None:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(call, dict) or not isinstance(function, dict):
            return
        at = call.get("index")
        if type(at) is not int or at < 0:
            at = position
        if at >= MOST_TOOLS:
            raise UpstreamFailed("the upstream called tools beyond all bounds", code="upstream_unreadable")
        slot = self._calls.setdefault(at, _Call())
        name, arguments, id_ = function.get("name"), function.get("arguments"), call.get("id")
        slot.id = slot.id or (id_ if isinstance(id_, str) else "")
        slot.name = slot.name or (name if isinstance(name, str) else "")
        if isinstance(arguments, str):
            slot.arguments.append(arguments)
            self._argument_chars += len(arguments)
            if self._argument_chars > MOST_ARGUMENT_CHARS:
                raise UpstreamFailed("the upstream's tool arguments do not end", code="upstream_unreadable")


def read_completion(body: Mapping[str, Any]) -> Completion:
    """An answer that was not streamed. Raises `UpstreamFailed` when it holds no message at all."""
    heard = Heard()
    choice = _first_choice(body.get("choices"))
    text = heard.chunk(body, "message")
    if choice is None or not isinstance(choice.get("message"), dict):
        raise UpstreamFailed("the upstream's answer holds no message", code="upstream_unreadable")
    return Completion(text, heard.tools(), heard.finished())


def _first_choice(choices: object) -> Mapping[str, Any] | None:
    if not isinstance(choices, list):
        return None
    for position, choice in enumerate(choices):
        # Strictly the integer 0, or a lone choice that names no index: `false` and `0.0` are somebody's mistake.
        if isinstance(choice, dict):
            index = choice.get("index", position)
            if type(index) is int and index == 0:
                return choice
    return None


def _usage(usage: Mapping[str, Any]) -> Usage:
    def count(name: str) -> int:
        value = usage.get(name)
        return value if type(value) is int and 0 <= value < 2**31 else 0

    return Usage(count("prompt_tokens"), count("completion_tokens"), count("total_tokens"))
