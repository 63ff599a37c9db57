"""Reads the event stream of an OpenAI-compatible model: bytes in, typed events out, whatever the bytes are."""

import json
from collections.abc import Iterator
from typing import Any, Final

import orjson

from anban.base.errors import UpstreamFailed
from anban.rails.speech import Delta, Event
from anban.rails.upstream_fields import Heard

# A bound of memory: one event of a chat stream is some hundred bytes; a tool call sent at once, some thousand.
MOST_EVENT_BYTES: Final = 262_144

_BOM: Final = b"\xef\xbb\xbf"


class StreamReader:
    """One answer's stream. Feed it bytes as they come, cut anywhere: the events are the same for every cutting.

    Follows the event stream format of the HTML standard (BOM, comments, CR, LF and CRLF, several data lines), and is
    kinder than it at the end: an event that the stream ends in is still read. What cannot be read is skipped; what
    has no end raises `UpstreamFailed`, the only error there is.
    """

    def __init__(self, most_bytes: int = MOST_EVENT_BYTES) -> None:
        self.done = False
        self._heard = Heard()
        self._most = most_bytes
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._after_cr = False
        self._at_start = True

    @property
    def closing(self) -> bool:
        """The model has said how it ended; only usage and `[DONE]` may still come."""
        return self._heard.reason is not None

    def feed(self, data: bytes) -> Iterator[Event]:
        """Events that became whole with `data`. Consume it all before feeding more.

        Raises `UpstreamFailed` for an error object, an event of more than `most_bytes` or boundless tool calls, after
        the events before it were given.
        """
        if self.done:
            return
        for line in self._lines(data):
            if not line:
                yield from self._dispatch()
            elif line.startswith(b"data:"):
                self._keep(line[6:] if line.startswith(b" ", 5) else line[5:])
            elif line == b"data":
                self._keep(b"")
            if self.done:
                return

    def finish(self) -> Iterator[Event]:
        """The stream has ended: what was still open, then the end. Raises `UpstreamFailed` when it broke off."""
        yield from self.feed(b"\n\n")
        if not self.done:
            if not self.closing:
                raise UpstreamFailed("the upstream broke off", code="upstream_broke_off")
            yield from self._end()

    def _lines(self, data: bytes) -> Iterator[bytes]:
        """Whole lines, without their ends; the unfinished rest is kept."""
        if self._after_cr and data:
            self._after_cr = False
            if data.startswith(b"\n"):
                data = data[1:]
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *others = data.split(b"\n")
        self._line.append(first)
        self._line_bytes += len(first)
        for following in others:
            if self._line_bytes > self._most:
                raise self._endless()
            line = b"".join(self._line) if len(self._line) > 1 else self._line[0]
            if self._at_start:
                self._at_start = False
                line = line.removeprefix(_BOM)
            self._line = [following]
            self._line_bytes = len(following)
            yield line
            if self.done:
                self._line = []
                return
        if self._line_bytes > self._most:
            raise self._endless()

    def _keep(self, value: bytes) -> None:
        self._data.append(value)
        self._data_bytes += len(value) + 1
        if self._data_bytes > self._most:
            raise self._endless()

    def _dispatch(self) -> Iterator[Event]:
        if not self._data:
            return
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data = []
        self._data_bytes = 0
        if data.strip() == b"[DONE]":
            yield from self._end()
            return
        chunk = _parsed(data)
        if chunk is not None:
            text = self._heard.chunk(chunk, "delta")
            if text:
                yield Delta(text)

    def _end(self) -> Iterator[Event]:
        self.done = True
        yield from self._heard.tools()
        yield self._heard.finished()

    def _endless(self) -> UpstreamFailed:
        self._line = []
        self._data = []
        return UpstreamFailed("the upstream sent an event without end", code="upstream_unreadable")


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        chunk = orjson.loads(data)
    except orjson.JSONDecodeError:
        # orjson refuses half a surrogate pair; some hosts split an emoji between two events. The rail mends it.
        if b"\\ud" not in data and b"\\uD" not in data:
            return None
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            return None
    return chunk if isinstance(chunk, dict) else None
