"""What goes into a copy, part after part: read and written a page at a time, so that a long life with us fits too."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from importlib.resources import files
from typing import Any, Final

import orjson

from anban.base.crashpoint import crashpoint
from anban.base.db import Database
from anban.base.errors import BadInput
from anban.base.times import zulu
from anban.conversations.history import Line, Talk, lines_of
from anban.law.rulebook import Rulebook
from anban.ledger.reading import kinds_about
from anban.people.models import User
from anban.privacy.copies import Copy
from anban.privacy.copying.archive import Archive
from anban.privacy.copying.labels import aigc
from anban.privacy.copying.page import Page
from anban.provider.shift import zone_named
from anban.words.templates import Words

Told = dict[str, Any]
Progress = Callable[[int, int], Awaitable[None]]
"""Takes (parts written, parts altogether); raises when the copy is no longer ours to write."""

PARTS_AT_ONCE: Final = 400
"""Parts of a conversation that are in memory together."""

LEFT_OUT: Final = ("others", "staff", "safety")
"""What a copy never holds; each is told in words on its page."""

FORM: Final = 1
"""Version of the archive's form, as `schema.json` describes it."""

_OPTIONS: Final = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


@dataclass(frozen=True)
class Whole:
    """What one copy is made of, read at one moment: the person, their conversations in outline, all other facts."""

    copy: Copy
    user: User
    rules: Rulebook
    talks: tuple[Talk, ...]
    told: Told
    at: datetime
    producer: str

    @property
    def parts(self) -> int:
        return sum(len(talk.refs) for talk in self.talks)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some lines of one conversation, and the line before them."""

    number: int
    talk: Talk
    lines: tuple[Line, ...]
    last: Line | None
    begins: bool
    ends: bool


async def write_copy(archive: Archive, whole: Whole, db: Database, words: Words, progress: Progress) -> None:
    """Messages, record, facts, the schema, the readable page and the manifest."""
    copy, messages = whole.copy, 0
    archive.begin("messages.jsonl", whole.parts * 1_000)
    archive.write(_line({"AIGC": aigc(whole.producer, copy.id), "copy": copy.id, "form": FORM}))
    async for piece in _pieces(whole, db, progress, 0):
        messages += len(piece.lines)
        await asyncio.to_thread(archive.write, b"".join(_line(_message(each)) for each in piece.lines))
    crashpoint("copy.halfway")
    label = aigc(whole.producer, copy.id, archive.digest())
    counts = await _record(archive, whole, db)
    head: Told = {
        "AIGC": label, "form": FORM, "copy": copy.id, "asked_at": zulu(copy.asked_at), "made_at": zulu(whole.at),
        "messages": messages, "left_out": list(LEFT_OUT),
    }  # fmt: skip
    body = {**head, "talks": [_talk(each) for each in whole.talks], **whole.told, "record": dict(counts)}
    archive.add("data.json", [orjson.dumps(body, option=_OPTIONS | orjson.OPT_INDENT_2)])
    archive.add("schema.json", [files("anban.privacy.copying").joinpath("schema.json").read_bytes()])
    page = Page(words.page(copy.lang), copy.lang, _zone(whole))
    archive.begin("index.html", whole.parts * 1_500)
    for each in page.head(label, whole.at, whole.talks, whole.told):
        archive.write(each)
    async for piece in _pieces(whole, db, progress, whole.parts):
        await asyncio.to_thread(archive.write, b"".join(_drawn(page, piece)))
    for each in page.rest(whole.told, counts, LEFT_OUT):
        archive.write(each)
    await asyncio.to_thread(archive.finish, head)


async def _record(archive: Archive, whole: Whole, db: Database) -> Mapping[str, int]:
    """What was written down about the person: kinds and times, and how many of each."""
    counts: Counter[str] = Counter()
    archive.begin("record.jsonl")
    after = ""
    while entries := await db.read(partial(kinds_about, subject=whole.user.id, after=after)):
        told = [each for each in entries if not each.protects]
        counts.update(str(each.kind) for each in told)
        lines = b"".join(_line({"kind": str(each.kind), "at": each.at}) for each in told)
        await asyncio.to_thread(archive.write, lines)
        after = entries[-1].id
    return dict(sorted(counts.items()))


async def _pieces(whole: Whole, db: Database, progress: Progress, done: int) -> AsyncIterator[_Piece]:
    user = whole.user
    for number, talk in enumerate(whole.talks, 1):
        last: Line | None = None
        for start in range(0, len(talk.refs), PARTS_AT_ONCE):
            refs = talk.refs[start : start + PARTS_AT_ONCE]
            lines = await db.read(partial(lines_of, user=user.id, key=user.key, talk=talk, refs=refs, last=last))
            yield _Piece(number, talk, lines, last, start == 0, start + PARTS_AT_ONCE >= len(talk.refs))
            last = lines[-1] if lines else last
            done += len(refs)
            await progress(done, 2 * whole.parts)


def _drawn(page: Page, piece: _Piece) -> Iterator[bytes]:
    if piece.begins:
        yield page.talk(piece.number, piece.talk)
    last = piece.last
    for line in piece.lines:
        yield page.line(line, last)
        last = line
    if piece.ends:
        yield page.talk_ends()


def _message(line: Line) -> Told:
    told: Told = {
        "id": line.id, "at": line.at, "conversation": line.conversation, "character": line.persona,
        "author": line.by, "kind": line.kind, "text": line.text,
    }  # fmt: skip
    if line.state:
        told["state"] = line.state
    if line.by == "ai":
        told["label"] = "AI生成"
    return told


def _talk(talk: Talk) -> Told:
    return {
        "conversation": talk.conversation, "characters": talk.personas, "parts": len(talk.refs),
        "from": zulu(talk.began), "until": zulu(talk.ended),
    }  # fmt: skip


def _line(told: Told) -> bytes:
    return orjson.dumps(told, option=_OPTIONS | orjson.OPT_APPEND_NEWLINE)


def _zone(whole: Whole) -> tzinfo:
    """The clock by which the page tells times: the person's own where it is known."""
    if whole.user.time_zone:
        try:
            return zone_named(whole.user.time_zone)
        except BadInput:
            pass  # stored before it was checked, or gone from the list since
    return whole.rules.texts[0].zone
