"""The model's words, asked for, held back, judged and released; or cut, and ended with ours."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, cast

import structlog

from anban.base.errors import UpstreamFailed
from anban.detectors.signal import Said
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.rails.bonds import guarded
from anban.rails.chunks import Called, Spoke
from anban.rails.judging import make_judge
from anban.rails.message import Message
from anban.rails.output import Hit, OutputRail
from anban.rails.post import Flight
from anban.rails.runtime import Runtime
from anban.rails.speech import Delta, Event, Finished, Model, ToolDelta, UpstreamRequest
from anban.rails.verdict import Proceed, Steer

log = structlog.get_logger()

Outcome = Literal["released", "withheld", "failed", "exit", "takeover", "limit"]


_STOPPED: Mapping[str, Outcome] = {"exit": "exit", "takeover": "takeover", "limit": "limit"}


@dataclass(slots=True)
class Answer:
    """One answer of the model on its way. After `pieces` is done, the other fields tell what became of it."""

    message: Message
    rail: OutputRail
    finished: Finished = Finished()
    outcome: Outcome = "released"
    tools: tuple[ToolDelta, ...] = ()

    @property
    def hit(self) -> Hit | None:
        return self.rail.hit

    async def pieces(self, rt: Runtime, request: UpstreamRequest, flight: Flight) -> AsyncGenerator[Spoke | Called]:
        """Words as they may be shown. Stops the model at the first hit, at an exit, and when a human takes over."""
        try:
            async with aclosing(_events(rt.model, request, streaming=self.message.streaming)) as events:
                while not self.rail.withheld and flight.stopped is None:
                    flight.open = True
                    event = await anext(events, None)
                    # Not while the words are on their way out: a stop must not break the sending of them.
                    flight.open = False
                    if event is None:
                        break
                    if (piece := self._take(event)) is not None:
                        yield piece
        except asyncio.CancelledError as error:
            flight.landed(error)
        except UpstreamFailed as error:
            self.outcome = "failed"
            rt.figures.faults.labels("upstream").inc()
            log.warning("upstream.failed", code=error.code, decision=self.message.decision)
        finally:
            flight.open = False
        if flight.stopped is not None:
            self.outcome = _STOPPED.get(flight.stopped, "failed")
            return
        if self.outcome == "released" and (rest := self.rail.finish()):
            yield Spoke(rest)
        if self.outcome == "released" and not self.rail.withheld:
            for tool in self.tools:
                if self.rail.admits(f"{tool.name} {tool.arguments}"):
                    yield Called(tool)
        if self.rail.withheld:
            self.outcome = "withheld"

    def _take(self, event: Event) -> Spoke | None:
        match event:
            case Delta(text):
                released = self.rail.feed(text)
                return Spoke(released) if released else None
            case ToolDelta():
                self.tools += (event,)
            case Finished():
                self.finished = event
        return None


JUDGED_WITH = 6
"""Lines before a reply that its judging looks at: enough for a goodbye or a crisis just before it."""


def begin_answer(
    message: Message, before: tuple[Said, ...], rt: Runtime, rules: Rulebook, *, goodbye: bool = False
) -> Answer:
    """An answer with its output rail, which judges it in the light of what the person said before it."""
    recent = (*before[1 - JUDGED_WITH :], Said("user", message.said))
    judge = make_judge(
        rt.panel,
        recent,
        rules.table("output-thresholds"),
        learned=rules.table("output-learned-thresholds"),
        budget_ms=rules.number("detector-budget-milliseconds"),
        lang=message.lang,
        goodbye=goodbye,
    )
    # An answer that the app began itself is judged as the beginning of this one, so that no word can hide there.
    judge = guarded(judge, message.said, rules)
    return Answer(message, OutputRail(judge, hold=rules.whole("output-holdback-characters"), said=message.prefill))


async def _events(model: Model, request: UpstreamRequest, *, streaming: bool) -> AsyncGenerator[Event]:
    if streaming:
        async with aclosing(cast(Any, model.stream(request))) as events:
            async for event in events:
                yield event
        return
    whole = await model.complete(request)
    if whole.text:
        yield Delta(whole.text)
    for tool in whole.tools:
        yield tool
    yield whole.finished


def request_for(
    message: Message, verdict: Proceed | Steer, rt: Runtime, summary: str = "", role: Sequence[str] = ()
) -> UpstreamRequest:
    """What the model is asked: the app's own request, with our instructions where policy gave any.

    Instructions stand last among the system messages, so that the app's persona cannot override them. In a held crisis
    the persona rests: the app's own prompts are left out (product section 4.1). `summary` is what a responder who
    handed the conversation back wrote for whoever goes on; `role` are instructions that come with the character.
    """
    body: dict[str, Any] = dict(message.body)
    templates = (*(verdict.templates if isinstance(verdict, Steer) else ()), *role)
    texts = [rt.words.render(template, lang=message.lang).text for template in templates]
    if summary:
        slots = {"summary": summary}
        texts.append(rt.words.render("steer.after-person", lang=message.lang, slots=slots).text)
    if texts:
        pause = isinstance(verdict, Steer) and verdict.pause_persona
        body["messages"] = _steered(body["messages"], "\n\n".join(texts), pause=pause)
    return UpstreamRequest(body, None)


def _steered(messages: list[Mapping[str, Any]], text: str, *, pause: bool) -> list[Mapping[str, Any]]:
    prompts = [each for each in messages if each.get("role") in ("system", "developer")]
    talk = [each for each in messages if each.get("role") not in ("system", "developer")]
    return [*([] if pause else prompts), {"role": "system", "content": text}, *talk]


@performs(
    "no-self-harm-encouragement",
    "no-manipulation",
    "no-harmful-promises",
    "no-secret-solicitation",
    "prohibited-content",
)
def withheld_words(hit: Hit, held: int, goodbye: bool) -> str:
    """The template that ends an answer whose words were withheld: in a crisis, after a goodbye, or otherwise.

    Draft article 7, final article 8: prohibited content, self-harm encouragement, manipulation, false promises, coaxed
    secrets.
    """
    if held >= 2 or hit.kind == "out.self-harm":
        return "withheld.crisis"
    if hit.kind == "unavailable":
        return "outage.detectors"
    if hit.kind == "out.claims-human":
        return "notice.ai.truth"
    return "withheld.goodbye" if goodbye else "withheld.general"
