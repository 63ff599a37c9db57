"""The stream parser: any bytes, cut anywhere, give the same events or the one typed error."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anban.base.errors import UpstreamFailed
from anban.rails.speech import Delta, Event, Finished, ToolDelta, Usage
from anban.rails.upstream_sse import StreamReader
from tests.fakes import DONE, STOP, event, text_events

SAID = b"".join(text_events("你好，今天😀")) + STOP + DONE
HARD = (
    b"\xef\xbb\xbf: a comment\r\nevent: message\r\nid: 1\rretry: 5\r"
    b'data:{"choices":[{"index":0,"delta":{"content":"\xe4\xb8\x80"}}]}\r\r'
    b'data: {"choices":\r\ndata: [{"index":0,"delta":{"content":"\xe4\xba\x8c"}}]}\n\n'
    b"data\n\ndata: {bad json\n\ndata: [1]\n\n\n\ndata: \xff\xfe\r\n\r\n"
    b'data: {"choices":[{"index":0,"delta":{"content":"\\ud83d"}}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"content":"\\ude00"},"finish_reason":"length"}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"content":"after"},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}'
)


def read(*chunks: bytes, most: int | None = None) -> tuple[list[Event], str | None]:
    """All events of the stream, and the code of the error that ended it."""
    reader = StreamReader() if most is None else StreamReader(most)
    events: list[Event] = []
    try:
        for chunk in chunks:
            events.extend(reader.feed(chunk))
        events.extend(reader.finish())
    except UpstreamFailed as failure:
        return events, failure.code
    return events, None


def text_of(events: list[Event]) -> str:
    return "".join(e.text for e in events if isinstance(e, Delta))


def test_a_proper_stream_gives_its_text_and_one_end() -> None:
    events, failed = read(SAID)
    assert failed is None
    assert text_of(events) == "你好，今天😀"
    assert events[-1] == Finished("stop")
    assert sum(isinstance(e, Finished) for e in events) == 1


def test_a_hard_stream_is_read_as_the_standard_says() -> None:
    events, failed = read(HARD)
    assert failed is None
    assert text_of(events) == "一二\ud83d\ude00"
    assert events[-1] == Finished("length", Usage(3, 4, 7))


@pytest.mark.parametrize("stream", [SAID, HARD, SAID.replace(b"\n", b"\r\n"), SAID.replace(b"\n", b"\r")])
def test_every_cut_in_two_gives_the_same_events(stream: bytes) -> None:
    whole = read(stream)
    for at in range(len(stream) + 1):
        assert read(stream[:at], stream[at:]) == whole
    assert read(*(bytes([b]) for b in stream)) == whole


PIECES = st.sampled_from(
    [
        b"data: ",
        b"data:",
        b"data",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\xef\xbb\xbf",
        b": note",
        b"[DONE]",
        b"event: error",
    ]
    + [
        b'{"choices":[{"index":0,"delta":{"content":"a"}}]}',
        b"{",
        b"}",
        b"\xe4\xb8\x80",
        b"\xff",
        b"x" * 40,
        DONE,
        STOP,
    ]
    + [b'{"error":{"message":"secret"}}', event({"content": "b"}), event(None, usage={"total_tokens": 1})]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=25).map(b"".join), st.data())
def test_random_streams_cut_at_random_give_the_same_events(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in itertools.pairwise([0, *cuts, len(stream)])]
    assert read(*chunks, most=200) == read(stream, most=200)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_at_all_raise_nothing_but_the_typed_error(stream: bytes) -> None:
    read(stream)
    read(b"data: " + stream + b"\n\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "index", "delta", "content", "tool_calls", "function", "name", "arguments", "id"]
            )
            | st.sampled_from(
                ["finish_reason", "usage", "refusal", "function_call", "audio", "type", "text", "total_tokens"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(JSON, JSON)
def test_fields_of_any_shape_raise_nothing_but_the_typed_error(chunk: object, said: object) -> None:
    for body in (chunk, {"choices": chunk}, {"choices": [{"delta": said, "finish_reason": chunk}]}):
        events, _ = read(b"data: " + json.dumps(body).encode() + b"\n\n" + STOP)
        assert all(type(e.text) is str for e in events if isinstance(e, Delta))


def test_a_cut_at_every_byte_is_told_or_the_answer_is_whole() -> None:
    for at in range(len(SAID)):
        events, failed = read(SAID[:at])
        assert "你好，今天😀".startswith(text_of(events))
        assert (failed == "upstream_broke_off") != any(isinstance(e, Finished) for e in events)


def test_a_missing_done_is_forgiven_once_the_model_has_said_how_it_ended() -> None:
    assert read(event({"content": "好"}), STOP) == ([Delta("好"), Finished("stop")], None)


def test_a_done_without_a_finish_is_a_stop() -> None:
    assert read(event({"content": "好"}), DONE) == ([Delta("好"), Finished("stop")], None)


def test_a_last_event_without_newline_is_still_read() -> None:
    assert read(event({"content": "好"}), b"data: [DONE]") == ([Delta("好"), Finished("stop")], None)


def test_nothing_after_the_finish_or_the_done_is_shown() -> None:
    late = event({"content": "late"})
    assert read(event({"content": "好"}), STOP, late, STOP, DONE, late, DONE) == ([Delta("好"), Finished("stop")], None)
    assert read(DONE, b"x" * 1_000_000) == ([Finished("stop")], None)


@pytest.mark.parametrize("newline", [b"", b"\n\n"])
@pytest.mark.parametrize("start", [b"data: ", b": ", b"", b"junk"])
def test_a_line_without_end_is_an_error_and_not_a_full_memory(start: bytes, newline: bytes) -> None:
    endless = [event({"content": "一"}), start, *[b"x" * 65_536] * 160, newline, STOP, DONE]
    assert read(*endless) == ([Delta("一")], "upstream_unreadable")
    assert read(b"".join(endless)) == ([Delta("一")], "upstream_unreadable")


def test_an_event_of_endless_data_lines_is_an_error() -> None:
    assert read(*[b"data: " + b"x" * 100 + b"\n"] * 10_000) == ([], "upstream_unreadable")
    assert read(b"data:\n" * 300_000) == ([], "upstream_unreadable")


def test_a_web_page_is_no_answer() -> None:
    assert read(b"<!doctype html>\n<html><body>data: hello</body></html>\n") == ([], "upstream_broke_off")


def test_an_error_object_ends_the_stream_and_its_text_is_not_repeated() -> None:
    reader = StreamReader()
    with pytest.raises(UpstreamFailed) as caught:
        list(reader.feed(b'data: {"error":{"message":"secret detail","code":500}}\n\n'))
    assert caught.value.code == "upstream_error"
    assert "secret" not in str(caught.value)


# --- the fields that would pass by the checks if forgotten ----------------------------------------------------------


def test_a_second_choice_is_dropped() -> None:
    two = event(None, choices=[{"index": 1, "delta": {"content": "B"}}, {"index": 0, "delta": {"content": "A"}}])
    only = event(None, choices=[{"index": 1, "delta": {"content": "B"}, "finish_reason": "stop"}])
    odd = event(None, choices=[{"index": False, "delta": {"content": "C"}}, {"index": 0.0, "delta": {"content": "D"}}])
    late = event(None, choices=[{"index": None, "delta": {"content": "E"}}, {"delta": {"content": "F"}}])
    assert read(two, only, odd, late, STOP) == ([Delta("A"), Finished("stop")], None)


def test_logprobs_are_dropped() -> None:
    tokens = {"content": [{"token": "secret", "top_logprobs": [{"token": "secret"}]}]}
    said = event(None, choices=[{"index": 0, "delta": {"content": "A"}, "logprobs": tokens, "top_logprobs": tokens}])
    events, _ = read(said, STOP)
    assert events == [Delta("A"), Finished("stop")]
    assert "secret" not in repr(events)


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking", "unknown_field", "annotations"])
def test_inner_talk_and_unknown_fields_are_dropped(name: str) -> None:
    assert read(event({name: "secret", "content": "A"}), event({name: "secret"}), STOP)[0] == [Delta("A"), Finished()]


def test_a_refusal_is_text_like_any_other() -> None:
    assert (
        text_of(read(event({"refusal": "我不能说。"}), event({"content": "A", "refusal": "B"}), STOP)[0])
        == "我不能说。AB"
    )


def test_tool_calls_are_given_whole_and_only_at_the_end() -> None:
    def call(at: int, id_: str | None = None, name: str | None = None, arguments: str | None = None) -> bytes:
        return event({"tool_calls": [{"index": at, "id": id_, "function": {"name": name, "arguments": arguments}}]})

    reader = StreamReader()
    parts = [call(1, "b", "late", "{}"), call(0, "a", "send", '{"to":'), call(0, None, "other", '"妈妈"}')]
    assert [e for part in parts for e in reader.feed(part)] == []
    events = list(reader.feed(event({}, "tool_calls") + DONE))
    tools = [ToolDelta(0, "a", "send", '{"to":"妈妈"}'), ToolDelta(1, "b", "late", "{}")]
    assert events == [*tools, Finished("tool_calls")]


def test_tool_calls_of_a_stream_that_broke_off_are_not_given() -> None:
    broken = event({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "send", "arguments": '{"to'}}]})
    assert read(broken) == ([], "upstream_broke_off")


def test_a_legacy_function_call_is_a_tool_call() -> None:
    first, rest = {"name": "send", "arguments": '{"a"'}, {"arguments": ":1}"}
    events, _ = read(event({"function_call": first}), event({"function_call": rest}), event({}, "function_call"))
    assert events == [ToolDelta(0, "call_0", "send", '{"a":1}'), Finished("tool_calls")]


def test_tool_calls_without_bounds_are_an_error() -> None:
    more = {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "x" * 10_000}}]}
    assert read(*[event(more)] * 40)[1] == "upstream_unreadable"
    assert read(event({"tool_calls": [{"index": 10**6, "function": {"name": "f"}}]}))[1] == "upstream_unreadable"


def test_sound_and_pictures_are_dropped_and_named() -> None:
    parts = [{"type": "text", "text": "A"}, {"type": "image_url", "image_url": {"url": "data:"}}, {"type": "secret"}, 7]
    events, _ = read(event({"audio": {"transcript": "secret", "data": "AAAA"}}), event({"content": parts}), STOP)
    assert events == [Delta("A"), Finished("stop", None, ("audio", "image_url", "part"))]


def test_an_unknown_finish_reason_does_not_reach_the_client() -> None:
    assert read(event({"content": "A"}, "secret reason"))[0][-1] == Finished("stop")
    assert read(event({"content": "A"}, "tool_calls"))[0][-1] == Finished("stop")
