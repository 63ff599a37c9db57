"""The model behind us breaks in every way it can; the answer is whole, or one typed error, and never its own words."""

import asyncio
from contextlib import aclosing

import pytest

from anban.base.errors import BadInput, UpstreamFailed
from anban.rails.speech import Delta, Event, Finished, ToolDelta, UpstreamRequest, Usage
from anban.rails.upstream import Timeouts, Upstream
from tests import fakes
from tests.fakes import FakeUpstream

ASKED = UpstreamRequest({"model": "asked", "messages": [{"role": "user", "content": "你好"}]})
QUICK = Timeouts(connect=0.5, first_byte=0.3, gap=0.3, whole=0.5, total=2.0, after_finish=0.05)
TEXT = "今天的天气很好，我们慢慢说。"


class Night:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self):
        raise NotImplementedError

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
async def up():
    async with FakeUpstream() as fake:
        yield fake


@pytest.fixture
async def model(up: FakeUpstream):
    upstream = Upstream(up.url, "key-1", timeouts=QUICK)
    yield upstream
    await upstream.close()


async def hear(model: Upstream, request: UpstreamRequest = ASKED) -> list[Event]:
    async with aclosing(model.stream(request)) as events:
        return [event async for event in events]


async def hear_until_failure(model: Upstream) -> tuple[list[Event], str | None]:
    heard: list[Event] = []
    try:
        async with aclosing(model.stream(ASKED)) as events:
            async for event in events:
                heard.append(event)  # noqa: PERF401 - what came before the failure counts
    except UpstreamFailed as failure:
        return heard, failure.code
    return heard, None


def text_of(events: list[Event]) -> str:
    return "".join(e.text for e in events if isinstance(e, Delta))


async def test_a_streamed_answer_arrives_in_pieces_and_ends_once(up: FakeUpstream, model: Upstream) -> None:
    up.answers(fakes.ok(TEXT, gap=0.001))
    events = await hear(model)
    assert text_of(events) == TEXT
    assert events[-1] == Finished("stop")
    assert up.asked[0].headers["authorization"] == "Bearer key-1"
    assert up.asked[0].body["stream"] is True


async def test_an_answer_asked_for_whole_is_not_streamed(up: FakeUpstream, model: Upstream) -> None:
    up.answers(fakes.ok(TEXT))
    whole = await model.complete(UpstreamRequest({**ASKED.body, "stream": True, "stream_options": {}}, pseudonym="p-1"))
    assert (whole.text, whole.finished) == (TEXT, Finished("stop", Usage(10, 5, 15)))
    body = up.asked[0].body
    assert (body["stream"], body["user"], "stream_options" in body) == (False, "p-1", False)


async def test_a_model_set_for_the_deployment_replaces_the_one_asked_for(up: FakeUpstream) -> None:
    model = Upstream(up.url, model="set", timeouts=QUICK)
    await hear(model)
    assert up.asked[0].body["model"] == "set"
    assert await model.models() == ("set",)
    await model.close()


async def test_connections_are_used_again(up: FakeUpstream, model: Upstream) -> None:
    for _ in range(3):
        await hear(model)
        await asyncio.sleep(0.02)
        await model.complete(ASKED)
    assert up.connections == 1


async def test_models_are_listed(up: FakeUpstream, model: Upstream) -> None:
    assert await model.models() == ("fake",)
    up.models = b'{"data":[{"id":"a"},{"id":7},"b",{"id":""},{}]}'
    assert await model.models() == ("a",)
    up.models = b"<html>"
    with pytest.raises(UpstreamFailed):
        await model.models()


# --- before the first byte ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [429, 502, 503])
async def test_a_passing_trouble_is_tried_once_more(up: FakeUpstream, model: Upstream, code: int) -> None:
    up.answers_once(fakes.status(code))
    assert text_of(await hear(model)) == "好的，我在听。"
    assert len(up.asked) == 2


@pytest.mark.parametrize(
    ("code", "told", "tries"),
    [
        (429, "upstream_busy", 2),
        (503, "upstream_error", 2),
        (500, "upstream_error", 1),
        (400, "upstream_refused", 1),
        (401, "upstream_refused", 1),
        (302, "upstream_refused", 1),
    ],
)
async def test_a_lasting_trouble_is_told(up: FakeUpstream, model: Upstream, code: int, told: str, tries: int) -> None:
    up.answers(fakes.status(code, b'{"error":{"message":"secret detail"}}', location="http://127.0.0.1:9/"))
    for ask in (hear, lambda m: m.complete(ASKED)):
        up.asked.clear()
        with pytest.raises(UpstreamFailed) as caught:
            await ask(model)
        assert caught.value.code == told
        assert "secret" not in str(caught.value)
        assert len(up.asked) == tries


async def test_nobody_listening_is_told() -> None:
    async with FakeUpstream() as gone:
        url = gone.url
    model = Upstream(url, timeouts=QUICK)
    assert await hear_until_failure(model) == ([], "upstream_unreachable")
    with pytest.raises(UpstreamFailed, match="cannot be reached"):
        await model.complete(ASKED)
    await model.close()


async def test_an_upstream_that_comes_back_is_found_by_the_second_try() -> None:
    up = FakeUpstream()
    async with up:
        pass
    model = Upstream(up.url, timeouts=QUICK)
    asking = asyncio.create_task(hear(model))
    await asyncio.sleep(0.02)
    async with up:
        assert text_of(await asking) == "好的，我在听。"
        await model.close()


async def test_a_connection_closed_while_idle_is_replaced(up: FakeUpstream, model: Upstream) -> None:
    await hear(model)
    up.answers_once(fakes.raw(fakes.CUT))
    assert text_of(await hear(model)) == "好的，我在听。"


async def test_a_late_first_byte_is_waited_for_and_not_longer(up: FakeUpstream, model: Upstream) -> None:
    up.answers_once(fakes.ok(TEXT, delay=0.1))
    assert text_of(await hear(model)) == TEXT
    up.answers(fakes.silent())
    assert await hear_until_failure(model) == ([], "upstream_slow")
    assert await up.was_left()
    with pytest.raises(UpstreamFailed, match="in time"):
        await model.complete(ASKED)
    assert len(up.asked) == 3


async def test_headers_without_a_first_byte_are_waited_for_and_not_longer(up: FakeUpstream, model: Upstream) -> None:
    up.answers(fakes.sse(fakes.STALL))
    assert await hear_until_failure(model) == ([], "upstream_slow")
    assert await up.was_left()


# --- in the middle --------------------------------------------------------------------------------------------------


async def test_a_stall_in_the_middle_is_told_after_what_was_said(up: FakeUpstream, model: Upstream) -> None:
    up.answers(fakes.stalls(TEXT))
    heard, told = await hear_until_failure(model)
    assert (text_of(heard), told) == (TEXT, "upstream_slow")
    assert await up.was_left()


async def test_a_trickle_without_end_meets_the_total_cap(up: FakeUpstream) -> None:
    model = Upstream(up.url, timeouts=Timeouts(gap=0.3, total=0.5))
    up.answers(fakes.ok("好" * 1000, gap=0.02))
    heard, told = await hear_until_failure(model)
    assert told == "upstream_slow"
    assert len(text_of(heard)) < 100
    await model.close()


async def test_a_stream_cut_at_any_byte_is_told_or_whole(up: FakeUpstream, model: Upstream) -> None:
    body = b"".join(fakes.text_events("今天")) + fakes.STOP + fakes.DONE
    model.breaker.failed = lambda: None  # type: ignore[method-assign] - many failures on purpose
    for at in range(0, len(body), 5):
        up.answers(fakes.cut_after(at, "今天"))
        heard, told = await hear_until_failure(model)
        whole = any(isinstance(e, Finished) for e in heard)
        assert "今天".startswith(text_of(heard))
        assert whole == (told is None)


async def test_a_missing_done_does_not_keep_the_client_waiting(up: FakeUpstream, model: Upstream) -> None:
    up.answers(fakes.sse(*fakes.text_events(TEXT), fakes.STOP, fakes.STALL))
    events = await hear(model)
    assert (text_of(events), events[-1]) == (TEXT, Finished("stop"))
    up.answers(fakes.sse(*fakes.text_events(TEXT), fakes.STOP, ends=False))
    assert (await hear(model))[-1] == Finished("stop")


async def test_garbage_between_good_events_is_skipped(up: FakeUpstream, model: Upstream) -> None:
    up.answers(fakes.garbage())
    assert text_of(await hear(model)) == "一二"


async def test_split_characters_and_mixed_line_ends_are_read(up: FakeUpstream, model: Upstream) -> None:
    body = b"\xef\xbb\xbf" + b"".join(fakes.text_events("好😀")).replace(b"\n", b"\r\n") + fakes.STOP + fakes.DONE
    up.answers(fakes.sse(*(bytes([b]) for b in body)))
    assert text_of(await hear(model)) == "好😀"


@pytest.mark.parametrize("ends", [True, False])
async def test_a_line_of_ten_megabytes_is_told(up: FakeUpstream, model: Upstream, ends: bool) -> None:
    up.answers(fakes.long_line(ends=ends))
    heard, told = await hear_until_failure(model)
    assert (text_of(heard), told) == ("一", "upstream_unreadable")
    assert await up.was_left()


async def test_a_web_page_is_told(up: FakeUpstream, model: Upstream) -> None:
    up.answers(fakes.html())
    assert await hear_until_failure(model) == ([], "upstream_unreadable")
    with pytest.raises(UpstreamFailed):
        await model.complete(ASKED)


async def test_a_host_that_does_not_stream_is_understood(up: FakeUpstream, model: Upstream) -> None:
    up.answers(lambda _: [fakes.http(fakes.completion(TEXT))])
    assert await hear(model) == [Delta(TEXT), Finished("stop", Usage(10, 5, 15))]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"{not json", b'{"choices":[]}', b'{"choices":[{"index":0}]}', b"\xff"]
)
async def test_a_whole_answer_that_is_none_is_told(up: FakeUpstream, model: Upstream, body: bytes) -> None:
    up.answers(lambda _: [fakes.http(body)])
    for ask in (hear, lambda m: m.complete(ASKED)):
        with pytest.raises(UpstreamFailed) as caught:
            await ask(model)
        assert caught.value.code == "upstream_unreadable"


async def test_a_whole_answer_without_end_is_told(up: FakeUpstream, model: Upstream) -> None:
    up.answers(lambda _: [fakes.http(b" " * 5_000_000)])
    with pytest.raises(UpstreamFailed, match="does not end"):
        await model.complete(ASKED)


async def test_broken_framing_is_told(up: FakeUpstream, model: Upstream) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    for steps in (
        [b"not http at all\r\n\r\n", fakes.CUT],
        [head + b"transfer-encoding: chunked\r\n\r\nzz\r\n", fakes.CUT],
        [head + b"x: " + b"y" * 100_000 + b"\r\n\r\n", fakes.CUT],
        [head + b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd"],
    ):
        up.answers(fakes.raw(*steps))
        heard, told = await hear_until_failure(model)
        assert heard == []
        assert told is not None
        model.breaker.succeeded()


# --- leaving --------------------------------------------------------------------------------------------------------


async def test_closing_the_iterator_hangs_up_within_a_second(up: FakeUpstream, model: Upstream) -> None:
    up.answers(fakes.ok("好" * 1000, gap=0.02))
    events = model.stream(ASKED)
    assert await anext(events) == Delta("好")
    await events.aclose()
    assert await up.was_left(within=1.0)
    assert not model.breaker.open


async def test_cancelling_the_consumer_hangs_up_within_a_second(up: FakeUpstream, model: Upstream) -> None:
    for answer in (fakes.ok("好" * 1000, gap=0.02), fakes.silent()):
        up.answers(answer)
        task = asyncio.create_task(hear(model))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await up.was_left(within=1.0)


async def test_a_slow_consumer_makes_the_upstream_wait(up: FakeUpstream, model: Upstream) -> None:
    piece = fakes.event({"content": "x" * 60_000})
    up.answers(fakes.sse(*[piece] * 400, fakes.STOP, fakes.DONE))
    async with aclosing(model.stream(ASKED)) as events:
        await anext(events)
        await asyncio.sleep(0.2)
        assert not up.asked[-1].answered
        assert sum([len(e.text) async for e in events if isinstance(e, Delta)]) == 399 * 60_000


async def test_text_that_cannot_be_encoded_is_the_clients_fault(model: Upstream) -> None:
    with pytest.raises(BadInput):
        await hear(model, UpstreamRequest({"messages": [{"role": "user", "content": "\ud800"}]}))


# --- the breaker ----------------------------------------------------------------------------------------------------


async def test_a_dead_upstream_is_left_alone_until_a_probe_succeeds(up: FakeUpstream) -> None:
    night = Night()
    model = Upstream(up.url, timeouts=QUICK, clock=night)
    up.answers(fakes.status(500))
    for _ in range(5):
        assert (await hear_until_failure(model))[1] == "upstream_error"
    assert await hear_until_failure(model) == ([], "upstream_resting")
    assert len(up.asked) == 5

    night.seconds += 5.1
    assert (await hear_until_failure(model))[1] == "upstream_error"
    assert (await hear_until_failure(model))[1] == "upstream_resting"

    night.seconds += 5.1
    up.answers(fakes.ok(TEXT, gap=0.01))
    probe = asyncio.create_task(hear(model))
    await asyncio.sleep(0.05)
    assert (await hear_until_failure(model))[1] == "upstream_resting"
    assert text_of(await probe) == TEXT
    assert text_of(await hear(model)) == TEXT
    await model.close()


async def test_requests_at_fault_and_clients_that_leave_do_not_open_the_breaker(
    up: FakeUpstream, model: Upstream
) -> None:
    up.answers(fakes.status(400))
    for _ in range(8):
        assert (await hear_until_failure(model))[1] == "upstream_refused"
    up.answers(fakes.ok(TEXT, gap=0.01))
    for _ in range(8):
        events = model.stream(ASKED)
        await anext(events)
        await events.aclose()
    assert text_of(await hear(model)) == TEXT


async def test_a_probe_whose_client_leaves_lets_the_next_one_probe(up: FakeUpstream) -> None:
    night = Night()
    model = Upstream(up.url, timeouts=QUICK, clock=night)
    up.answers(fakes.status(500))
    for _ in range(5):
        await hear_until_failure(model)
    night.seconds += 6
    up.answers(fakes.ok(TEXT, gap=0.01))
    events = model.stream(ASKED)
    await anext(events)
    await events.aclose()
    assert text_of(await hear(model)) == TEXT
    await model.close()


async def test_what_would_pass_by_the_checks_stays_behind_in_whole_answers_too(
    up: FakeUpstream, model: Upstream
) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "send", "arguments": "{}"}}
    up.answers(
        lambda _: [
            fakes.http(
                fakes.completion("A", reasoning_content="secret", refusal="B", tool_calls=[call], audio={"id": 1})
            )
        ]
    )
    whole = await model.complete(ASKED)
    assert whole.text == "AB"
    assert whole.tools == (ToolDelta(0, "a", "send", "{}"),)
    assert whole.finished.dropped == ("audio",)
