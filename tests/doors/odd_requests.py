"""Requests as no proper client sends them, around one and the same message of a person."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

LIMIT = 1_048_576

SOMEONE = "someone-odd"
"""The user of every request here, to be replaced by one who was never seen before."""

CALM = "周末去哪里玩好呢"
IN_DANGER = {"zh": "我不想活了，今晚就要结束一切", "en": "I want to kill myself tonight"}


@dataclass(frozen=True)
class Odd:
    """One body; how it is refused when nobody is in danger (200: it is not); whether it still tells who wrote it."""

    name: str
    raw: bytes
    status: int
    field: str | None = None
    named: bool = True

    def __repr__(self) -> str:
        return self.name


def written(body: Any, encoding: str = "utf-8") -> bytes:
    return json.dumps(body, ensure_ascii=False).encode(encoding, "replace")


@cache
def odd_requests(text: str) -> dict[str, Odd]:
    """Everything that can be wrong with a chat request in which `SOMEONE` says `text`, by name."""
    return {each.name: each for each in _all(text, SOMEONE)}


def _all(text: str, user: str) -> Iterator[Odd]:
    turn = {"role": "user", "content": text}
    good = {"user": user, "messages": [turn]}
    yield from _broken(text, written(good))
    yield from _large(text, good, turn)
    yield from _deep(text, written(good))
    yield from _wrong_messages(text, user, turn)
    yield from _wrong_fields(good)
    yield from _wrong_people(turn, user)


def _inside(good: bytes, text: str, more: bytes) -> bytes:
    """The good body with `more` at the end of the person's words."""
    return good.replace(text.encode(), text.encode() + more)


def _broken(text: str, good: bytes) -> Iterator[Odd]:
    yield Odd("cut-at-the-end", good[:-1], 400, "body")
    yield Odd("cut-in-the-words", good[: good.index(text.encode()) + len(text.encode())], 400, "body")
    yield Odd("two-bodies", good + b"\n{}", 400, "body")
    yield Odd("only-a-text", written(text), 422, "body", named=False)
    yield Odd("a-list", written([text]), 422, "body", named=False)
    yield Odd("plain-words", text.encode(), 400, "body", named=False)
    yield Odd("single-quotes", repr({"messages": [{"role": "user", "content": text}]}).encode(), 400, "body", False)
    yield Odd("a-form", b"user=x&messages=" + written(text), 400, "body", named=False)
    yield Odd("byte-order-mark", b"\xef\xbb\xbf" + good, 400, "body")
    yield Odd("utf-16", good.decode().encode("utf-16"), 400, "body", named=False)
    yield Odd("gb18030", good.decode().encode("gb18030"), 400 if not text.isascii() else 200, "body")
    yield Odd("bad-utf-8", _inside(good, text, b"\xff\xfe\x80"), 400, "body")
    yield Odd("half-a-character", _inside(good, text, b"\\ud800"), 400, "body")
    yield Odd("half-a-character-in-bytes", _inside(good, text, b"\xed\xa0\x80"), 400, "body")
    yield Odd("nul-in-bytes", _inside(good, text, b"\x00"), 400, "body")
    yield Odd("nul", _inside(good, text, b"\\u0000"), 200)
    yield Odd("not-a-number", good[:-1] + b',"temperature":NaN}', 400, "body")
    yield Odd("infinity", good[:-1] + b',"temperature":-Infinity}', 400, "body")
    yield Odd("too-large-for-a-double", good[:-1] + b',"temperature":1e999}', 400, "body")
    yield Odd("ten-thousand-digits", good[:-1] + b',"seed":' + b"9" * 10_000 + b"}", 400, "body")
    yield Odd("a-name-twice", good[:-1] + b',"messages":[{"role":"user","content":"hi"}]}', 422, "messages")
    yield Odd("words-twice", good.replace(b'"role"', b'"content":"hi","role"'), 422, "content")
    yield Odd("a-name-twice-in-disguise", good[:-1] + b',"mess\\u0061ges":[{"role":"user"}]}', 422, "messages")


def _large(text: str, good: dict[str, Any], turn: dict[str, str]) -> Iterator[Odd]:
    body = written(good)
    for size in (LIMIT, 9 * LIMIT, 20 * LIMIT):
        filler = b'"x":"' + b"a" * size + b'"'
        mib = f"{size // LIMIT}-mib"
        yield Odd(f"{mib}-behind", body[:-1] + b"," + filler + b"}", 413, "body")
        yield Odd(f"{mib}-before", b"{" + filler + b"," + body[1:], 413, "body")
    between = {**good, "messages": [_picture(), turn, _picture()]}
    yield Odd("between-two-pictures", written(between), 413, "body")
    long = "今天聊聊天气和周末的安排。" * 3_000
    for name, words in (("before", text + "。" + long), ("behind", long + text), ("amid", f"{long}{text}。{long}")):
        yield Odd(f"too-long-{name}", written({**good, "messages": [{**turn, "content": words}]}), 413, _FIRST)
    chat = [{"role": "assistant" if number % 2 else "user", "content": "嗯"} for number in range(2_000)]
    yield Odd("two-thousand-messages", written({**good, "messages": [*chat[:1_999], turn]}), 200)
    yield Odd("one-message-too-many", written({**good, "messages": [*chat, turn]}), 422, "messages")


_FIRST = "messages[0].content"


def _picture() -> dict[str, Any]:
    url = {"url": "data:image/png;base64," + "iVBORw0KGgo" * 60_000}
    return {"role": "user", "content": [{"type": "image_url", "image_url": url}]}


def _deep(text: str, good: bytes) -> Iterator[Odd]:
    for levels in (64, 100, 2_000, 10_000, 150_000):
        yield Odd(f"{levels}-levels", good[:-1] + b',"x":' + b"[" * levels + b"]" * levels + b"}", 422, "body")
        yield Odd(f"{levels}-objects", good[:-1] + b',"x":' + b'{"a":' * levels, 400 if levels < 1_025 else 422, "body")
    yield Odd("sixty-levels", good[:-1] + b',"x":' + b"[" * 60 + b"]" * 60 + b"}", 200)
    yield Odd("brackets-in-the-words", _inside(good, text, b"[{" * 400 + b"((" * 400), 200)


def _wrong_messages(text: str, user: str, turn: dict[str, str]) -> Iterator[Odd]:
    for name, messages in {
        "a-text": text,
        "an-object": turn,
        "a-list-of-texts": [text],
        "a-list-of-lists": [[turn]],
    }.items():
        field = "messages" if not isinstance(messages, list) else "messages[0]"
        yield Odd(f"messages-are-{name}", written({"user": user, "messages": messages}), 422, field)
    yield Odd("no-messages", written({"user": user, "prompt": text}), 422, "messages")
    yield Odd("no-messages-but-input", written({"user": user, "input": [turn]}), 422, "messages")
    for role in ("robot", "", None, 3, True, ["user"], {"user": 1}):
        wrong = {"user": user, "messages": [{"role": role, "content": text}]}
        yield Odd(f"role-{role!r}", written(wrong), 422, "messages[0].role")
    yield Odd("no-role", written({"user": user, "messages": [{"content": text}]}), 422, "messages[0].role")
    second = "messages[1].content"
    contents = (
        (None, second),
        (3, second),
        (True, second),
        ({"text": text}, second),
        ([text], f"{second}[0]"),
        ([{"text": text}], f"{second}[0]"),
        ([{"type": "hologram", "text": text}], f"{second}[0].type"),
        ([{"type": 3, "text": text}], f"{second}[0]"),
        ([{"type": "text", "text": [text]}], f"{second}[0].text"),
        ([{"type": "text"}], f"{second}[0].text"),
    )
    for number, (content, field) in enumerate(contents):
        wrong = {"user": user, "messages": [turn, {"role": "user", "content": content}]}
        yield Odd(f"content-{number}", written(wrong), 422, field)


_WRONG = {
    "a number": ("0.5", [], {}, True),
    "a whole number": ("5", [], {}, True, 1.5),
    "true or false": ("true", 1, [], {}),
    "a string": (3, [], {}, True),
    "an object": (3, [], "x", True),
    "a list": (3, {}, "x", True),
}


def _wrong_fields(good: dict[str, Any]) -> Iterator[Odd]:
    from anban.web.gateway.body import SHAPES

    for field, (_, shape) in SHAPES.items():
        for value in _WRONG.get(shape, (3, True)):
            yield Odd(f"{field}-{value!r}", written({**good, field: value}), 422, field)
    yield Odd("stop-[3]", written({**good, "stop": ["a", 3]}), 422, "stop")
    for field in ("max_tokens", "seed", "n"):
        for value in (5.0, -3, 0, 2**63, 2**80):
            yield Odd(f"{field}-{value!r}", written({**good, field: value}), 200)
    nothing = dict.fromkeys(SHAPES)
    yield Odd("every-field-null", written({**good, **nothing}), 200)


def _wrong_people(turn: dict[str, str], user: str) -> Iterator[Odd]:
    for field in ("user", "safety_identifier"):
        for value in (["lin"], {"id": "lin"}, True, 7, "x" * 257, "a\x00b", "a\nb", "a\x7fb", "a\u0085b"):
            body = written({"messages": [turn], field: value})
            yield Odd(f"{field}-{str(value)[:12]!r}", body, 422, field, named=False)
    body = {"user": ["lin"], "safety_identifier": user, "messages": [turn]}
    yield Odd("one-name-is-good", written(body), 422, "user")
