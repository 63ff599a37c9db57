"""The stream parser and the reader of whole answers."""

import random

import orjson

from anban.base.errors import UpstreamFailed
from anban.rails.speech import Delta, Event, Finished
from anban.rails.upstream_fields import read_completion
from anban.rails.upstream_sse import StreamReader
from tests.fakes import DONE, STOP, completion, event

_CALL = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
SEEDS = [
    event({"content": "你好😀"}) + STOP + DONE,
    b"\xef\xbb\xbf: hi\r\nevent: x\rdata:[DONE]",
    event({"tool_calls": [_CALL], "function_call": {"name": "g"}, "refusal": "no"}, "tool_calls"),
    event(None, usage={"total_tokens": 3}, choices=[{"index": 1, "delta": {"content": "b"}, "logprobs": {}}]),
    event({"content": [{"type": "text", "text": "a"}, {"type": "image_url"}], "audio": {"id": 1}}),
    b'data: {"error":{"message":"x"}}\n\n',
    b'data: {"choices":\ndata: [{"delta":{"content":"\\ud83d\\ude00"}}]}\n\n',
    completion("hello", tool_calls=[_CALL]),
]


def check(data: bytes) -> None:
    """Nothing but the typed error; one end or an error; the same events for two random cuttings."""
    events, failed = _read([data])
    ends = [at for at, one in enumerate(events) if isinstance(one, Finished)]
    assert ends == ([len(events) - 1] if failed is None else [])
    assert all(one.text for one in events if isinstance(one, Delta))
    rng = random.Random(data)
    for pieces in (2, 1 + len(data) // 3):
        cuts = sorted(rng.randrange(len(data) + 1) for _ in range(pieces))
        chunks = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        assert _read(chunks) == (events, failed)
    try:
        whole = orjson.loads(data)
        if isinstance(whole, dict):
            read_completion(whole)
    except (orjson.JSONDecodeError, UpstreamFailed):
        return


def _read(chunks: list[bytes]) -> tuple[list[Event], str | None]:
    reader = StreamReader(most_bytes=1000)
    events: list[Event] = []
    try:
        for chunk in chunks:
            for one in reader.feed(chunk):
                events.append(one)  # noqa: PERF402 - what came before a failure counts
        for one in reader.finish():
            events.append(one)  # noqa: PERF402
    except UpstreamFailed as failure:
        return events, failure.code
    return events, None
