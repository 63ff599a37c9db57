"""A second opinion: it agrees, it may be missing, and nobody waits for it who is plainly in danger."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from prometheus_client import generate_latest

from anban.base.clock import SystemClock
from anban.base.errors import Misconfigured
from anban.cli.explaining import explain_decision
from anban.cli.service import Service
from anban.detectors.guards.known import families
from anban.detectors.panel import Panel, joined
from anban.detectors.readings.views import Readings
from anban.detectors.scene import Scene
from anban.detectors.signal import Reading, Signal
from anban.law.register import DEFAULT_PACKS, load
from anban.ledger.kinds import Kind
from anban.rails.input import graded
from tests.fakes import CUT, STALL, Answer, Asked, FakeUpstream, Step, http, raw, status
from tests.guards import SAFE, UNSAFE
from tests.house import House, open_house

VEILED = "东西都分给大家了，就到这里吧"
"""Nothing that the explicit rules know."""

PLAN = "我不想活了，药已经买好了"
KEY = "sk-guard-secret"
RULES = load().in_force(DEFAULT_PACKS, SystemClock().now())
SOON = {"guard-deadline-milliseconds": 150}


def says(answer: Any) -> Answer:
    return lambda _: [http(orjson.dumps(answer))]


def after(seconds: float, answer: Any) -> Answer:
    return lambda _: [seconds, http(orjson.dumps(answer))]


def endless(_: Asked) -> Sequence[Step]:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10000000\r\n\r\n"
    return [head, *([b" " * 65_536] * 150)]


@asynccontextmanager
async def guarded(tmp_path: Path, family: str = "qwen3guard", **more: Any) -> AsyncIterator[tuple[House, FakeUpstream]]:
    async with FakeUpstream() as guard:
        given = {"guard_url": guard.url, "guard_family": family, "guard_key": KEY, "guard_model": "the-guard", **more}
        async with open_house(tmp_path, **given) as house:
            yield house, guard
            assert house.rt.opinion is not None
            await house.rt.opinion.close()


def figures(house: House) -> str:
    return generate_latest(house.rt.figures.registry).decode()


async def told(house: House, decision: str) -> dict[str, Any]:
    """Everything the ledger holds of one decision."""
    facts: dict[str, Any] = {}
    for entry in await house.ledger():
        if entry.facts.get("decision") == decision:
            facts.update(entry.facts)
    return facts


@pytest.mark.parametrize("family", sorted(families()))
async def test_what_our_detectors_missed_is_raised_by_the_guards_word(tmp_path: Path, family: str) -> None:
    async with guarded(tmp_path, family) as (house, guard):
        guard.answers(says(UNSAFE[family]))
        said = await house.say(VEILED)
        assert said.meta.level == "L2" and said.meta.verdict == "escalate" and said.meta.case
        assert house.model.asked == []
        assert guard.asked[0].headers["authorization"] == f"Bearer {KEY}"
        assert guard.asked[0].body["model"] == "the-guard"
        assert guard.asked[0].path == "/v1" + families()[family].path
        facts = await told(house, said.decision)
        assert any(f"guard:{family}@1" in reason for reason in facts["reasons"])


@pytest.mark.parametrize("family", sorted(families()))
async def test_a_guard_that_sees_nothing_changes_nothing(tmp_path: Path, family: str) -> None:
    async with guarded(tmp_path, family) as (house, guard):
        guard.answers(says(SAFE[family]))
        said = await house.say("今天把阳台的花浇了。")
        assert said.meta.level == "L0" and house.model.asked
        facts = await told(house, said.decision)
        assert "unheard" not in facts and "unavailable" not in facts
        assert f'anban_second_opinions_total{{guard="guard:{family}",outcome="heard"}} 1.0' in figures(house)


def signal(kind: str, score: float, detector: str) -> Signal:
    return Signal(kind, score, f"{detector}-code", detector, "1")


def test_a_guard_alone_never_opens_the_third_level_and_agrees_with_another_key() -> None:
    word = Reading((signal("self-harm", 0.99, "guard:qwen3guard"),))
    more = Reading((signal("self-harm.ideation", 0.99, "guard:openai-moderation"),))
    assert graded(joined(word, more), RULES)[1].life == 2
    suspicion = Reading((signal("self-harm.plan", 0.65, "model"),))
    assert graded(suspicion, RULES)[1].life == 2
    assert graded(joined(suspicion, word), RULES)[1].life == 3


def test_a_guards_word_must_reach_what_a_models_must() -> None:
    weak = Reading((signal("self-harm", 0.5, "guard:qwen3guard"), signal("sexual", 0.85, "guard:qwen3guard")))
    assert graded(weak, RULES)[0].signals == ()
    stated = Reading((signal("sexual", 0.6, "words"),))
    assert len(graded(joined(stated, weak), RULES)[0].signals) == 2


FAULTS: dict[str, tuple[Answer, str]] = {
    "slow": (after(30, SAFE["qwen3guard"]), "slow"),
    "never answers": (raw(STALL), "slow"),
    "wrong": (says({"choices": [{"message": {"content": "All good!"}, "finish_reason": "stop"}]}), "unreadable"),
    "no JSON": (lambda _: [http(b"<html>hello</html>", 200, "text/html")], "unreadable"),
    "huge": (endless, "too_large"),
    "truncated": (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"choices\":", CUT), "unreachable"),
    "broken framing": (raw(b"nonsense\r\n\r\n", CUT), "unreachable"),
    "server error": (status(500), "failed"),
    "busy": (status(429), "failed"),
    "refused key": (status(401), "refused"),
    "redirect": (status(307, location="http://127.0.0.1:9/elsewhere"), "redirected"),
    "compressed": (lambda _: [http(b"\x1f\x8b\x08\x00", content_encoding="gzip")], "unreadable"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_guard_that_fails_is_unheard_and_the_conversation_goes_on(tmp_path: Path, fault: str) -> None:
    answer, reason = FAULTS[fault]
    async with guarded(tmp_path, choices=SOON) as (house, guard):
        guard.answers(answer)
        said = await house.say("今天把阳台的花浇了。")
        assert said.meta.verdict in ("proceed", "steer") and house.model.asked
        facts = await told(house, said.decision)
        assert facts["unheard"] == [f"guard:qwen3guard:{reason}"] and "unavailable" not in facts
        assert f'anban_second_opinions_total{{guard="guard:qwen3guard",outcome="{reason}"}} 1.0' in figures(house)
        assert len(guard.asked) == 1


async def test_a_guard_that_nobody_serves_is_unheard(tmp_path: Path) -> None:
    async with guarded(tmp_path, choices=SOON) as (house, guard):
        await guard.stop()
        said = await house.say("今天把阳台的花浇了。")
        assert (await told(house, said.decision))["unheard"] == ["guard:qwen3guard:unreachable"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_person_in_danger_gets_the_words_whatever_the_guard_does(tmp_path: Path, fault: str) -> None:
    # The deadline is far longer than this test may take: who is plainly in danger does not wait for it.
    async with guarded(tmp_path) as (house, guard):
        guard.answers(FAULTS[fault][0])
        async with asyncio.timeout(20):
            said = await house.say(PLAN)
        assert said.meta.verdict == "escalate" and said.meta.level in ("L3", "L4")
        # On a busy machine the case may wait in the spool: kept all the same, and entered when the database is free.
        assert said.meta.case or any(action.startswith("case:") for action in said.meta.actions)
        assert "unheard" not in await told(house, said.decision)


async def test_who_is_plainly_in_danger_does_not_wait_for_the_guard(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (house, guard):
        guard.answers(raw(STALL))
        said = await house.say(PLAN)
        assert said.meta.verdict == "escalate"
        assert "second_opinions_total{" not in figures(house)


async def test_after_five_failures_the_guard_rests_and_nobody_waits_for_it(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (house, guard):
        guard.answers(status(500))
        for number in range(7):
            said = await house.say(f"今天是第{number}天。", conversation=f"c{number}")
        assert len(guard.asked) == 5 and house.rt.opinion is not None and house.rt.opinion.resting
        assert (await told(house, said.decision))["unheard"] == ["guard:qwen3guard:resting"]


async def test_of_several_questions_those_that_were_answered_count(tmp_path: Path) -> None:
    async with guarded(tmp_path, "granite-guardian") as (house, guard):

        def answer(asked: Asked) -> Sequence[Step]:
            ours = "custom_criteria" in asked.body["chat_template_kwargs"]["guardian_config"]
            return says(UNSAFE["granite-guardian"])(asked) if ours else status(503)(asked)

        guard.answers(answer)
        said = await house.say(VEILED)
        assert said.meta.level == "L2"
        assert (await told(house, said.decision))["unheard"] == ["guard:granite-guardian:failed"]


class Crashing:
    """A detector of our own that is broken."""

    name, version = "broken", "1"

    def look(self, scene: Scene) -> Sequence[Signal]:
        raise RuntimeError("broken by a test")


@pytest.mark.parametrize(("heard", "verdict"), [("qwen3guard", "stop"), (None, "stop"), ("danger", "escalate")])
async def test_a_crashed_detector_of_our_own_stops_the_talk_whatever_the_guard_says_unless_it_sees_danger(
    tmp_path: Path, heard: str | None, verdict: str
) -> None:
    parts = {"panel": Panel([Crashing()], Readings())}
    async with FakeUpstream() as guard:
        answer = UNSAFE["qwen3guard"] if heard == "danger" else SAFE["qwen3guard"]
        guard.answers(says(answer) if heard else status(500))
        given = {"guard_url": guard.url, "guard_family": "qwen3guard", "parts": parts}
        async with open_house(tmp_path, **given) as house:
            said = await house.say("在吗")
            assert said.meta.verdict == verdict and house.model.asked == []
            assert (await told(house, said.decision))["unavailable"] == ["broken"]
            assert house.rt.opinion is not None
            await house.rt.opinion.close()


async def test_why_tells_that_no_opinion_came(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with guarded(tmp_path) as (house, guard):
        guard.answers(status(500))
        said = await house.say("今天把阳台的花浇了。")
        await house.rt.db.settled()
        entries = (await house.get(f"/anban/v1/decisions/{said.decision}")).json()

        class Asked:
            def ask(self, *_: str) -> Any:
                return entries

        explain_decision(cast("Service", Asked()), said.decision, as_json=False)
        assert "guard:qwen3guard:failed" in capsys.readouterr().out


async def test_the_guard_sees_what_we_recorded_and_not_what_the_app_made_up(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (house, guard):
        guard.answers(says(SAFE["qwen3guard"]))
        await house.say("第一句")
        await house.say("第二句")
        assert [each["role"] for each in guard.asked[1].body["messages"]] == ["user", "assistant", "user"]
        assert guard.asked[1].body["messages"][0]["content"] == "第一句"


async def test_neither_key_nor_words_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture,
                                                capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    async with guarded(tmp_path, choices=SOON) as (house, guard):
        with caplog.at_level(logging.DEBUG):
            for fault in ("server error", "redirect", "wrong", "truncated"):
                guard.answers_once(FAULTS[fault][0])
                await house.say(VEILED)
        said = caplog.text + "".join(capsys.readouterr()) + figures(house)
        said += str([entry.facts for entry in await house.ledger()])
        assert KEY not in said and VEILED not in said


async def test_no_proxy_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeUpstream() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with guarded(tmp_path) as (house, guard):
            guard.answers(says(SAFE["qwen3guard"]))
            await house.say("你好")
            assert len(guard.asked) == 1 and proxy.asked == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"guard_url": "http://127.0.0.1:1/v1"}, "ANBAN_GUARD_FAMILY"),
        ({"guard_url": "http://127.0.0.1:1/v1", "guard_family": "oracle"}, "ANBAN_GUARD_FAMILY"),
        ({"guard_url": "file:///etc/passwd", "guard_family": "qwen3guard"}, "ANBAN_GUARD_URL"),
        ({"transcribe_url": "whisper"}, "ANBAN_TRANSCRIBE_URL"),
    ],
)
async def test_a_guard_that_cannot_be_asked_is_said_at_the_start(
    tmp_path: Path, given: dict[str, str], field: str
) -> None:
    with pytest.raises(Misconfigured) as told_so:
        async with open_house(tmp_path, **given):
            pass
    assert told_so.value.field == field


async def test_an_ordinary_turn_without_a_guard_leaves_no_trace_of_one(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert house.rt.opinion is None
        said = await house.say("你好")
        kinds = await house.kinds()
        assert Kind.RAIL_INPUT_DECIDED not in kinds and "unheard" not in await told(house, said.decision)
