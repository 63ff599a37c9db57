"""A whole house in this process: real rails, a real SQLite file, a clock to move, a model that follows a script.

A visitor speaks through `run_turn` or through the doors.

    async with open_house(tmp_path) as house:
        house.model.says("今天过得怎么样？")
        heard = await house.say("你好", user="xiaolin")
        house.clock.advance(minutes=10)
        assert Kind.TURN_RECORDED in await house.kinds("xiaolin")
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import delete

from anban.app import House as Built
from anban.app import build, mount, worker
from anban.base.db_dead import DeadDatabase
from anban.base.durable import Worker
from anban.base.ids import new_id
from anban.detectors.listed.listed_words import listed_words
from anban.detectors.panel import Panel
from anban.detectors.personal.identifiers import IdentifiersSeen
from anban.detectors.readings.views import Readings
from anban.detectors.signal import Said
from anban.detectors.stated.ages import AgesSeen
from anban.detectors.stated.leaving import LeavingSeen
from anban.detectors.stated.words_seen import WordsSeen
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.reading import for_subject
from anban.outreach.outreach import Outreach
from anban.people.models import User
from anban.people.users import change, find, meet
from anban.provider.desk_models import shifts
from anban.provider.models import Service
from anban.rails.chunks import Chunk, Closed, Meta, Opened, Spoke
from anban.rails.message import Client, Message
from anban.rails.pulse import replay_spool
from anban.rails.runtime import Runtime
from anban.rails.speech import Completion, Delta, Event, Finished, UpstreamRequest
from anban.rails.turn import run_turn
from anban.rails.whitelist import forwardable
from anban.settings import DEMO_KEY, Settings

EVENING = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""Eight in the evening in Shanghai, with the final text in force."""

_EXPLICIT = [WordsSeen("1"), LeavingSeen(), AgesSeen(), IdentifiersSeen()]
PLAIN = Panel(_EXPLICIT, Readings())
"""The detectors that point at explicit words. The one that learned from examples comes on top in a deployment; it is
measured on fixed sets, and what a duty promises must hold without it."""

CALIFORNIA = {"packs": "us-ca-sb243", "place": "us"}


class MovableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, at: datetime = EVENING) -> None:
        self._at = at
        self._seconds = 0.0

    def now(self) -> datetime:
        return self._at + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        self._seconds += hours * 3600 + minutes * 60 + seconds


class ScriptedModel:
    """A model that says what the test wrote down, a few characters at a time; afterwards it only nods."""

    nod = "嗯，我在听。"

    def __init__(self) -> None:
        self.asked: list[UpstreamRequest] = []
        self._lines: deque[str] = deque()
        self.spoke = 0
        self.paused: asyncio.Event | None = None

    def says(self, *lines: str) -> None:
        """The next answers, in order."""
        self._lines.extend(lines)

    def pauses(self) -> asyncio.Event:
        """Every later answer stops after its first sentence until the event that comes back is set."""
        self.paused = asyncio.Event()
        return self.paused

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Event, None]:
        self.asked.append(request)
        text = self._lines.popleft() if self._lines else self.nod
        for start in range(0, len(text), 4):
            self.spoke += 1
            yield Delta(text[start : start + 4])
            if self.paused is not None and "。" in text[: start + 4]:
                await self.paused.wait()
            await asyncio.sleep(0)
        yield Finished()

    async def complete(self, request: UpstreamRequest) -> Completion:
        self.asked.append(request)
        self.spoke += 1
        return Completion(self._lines.popleft() if self._lines else self.nod)

    async def models(self) -> tuple[str, ...]:
        return ("scripted",)

    async def close(self) -> None:
        return

    @property
    def instructions(self) -> str:
        """What the newest request told the model as its system."""
        messages: Sequence[Mapping[str, Any]] = self.asked[-1].body["messages"]
        return "\n".join(str(each["content"]) for each in messages if each["role"] in ("system", "developer"))


@dataclass(frozen=True)
class Heard:
    """What came back for one message."""

    text: str
    meta: Meta
    opened: Meta
    decision: str
    pieces: tuple[str, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """The kinds of the notices that came along."""
        return tuple(str(notice["kind"]) for notice in self.meta.notices)


@dataclass
class House:
    """The built house with its stand-ins, and a few ways to talk to it and to look into it."""

    built: Built
    clock: MovableClock
    model: ScriptedModel
    http: httpx.AsyncClient
    rt: Runtime = field(init=False)
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.rt = self.built.rt
        self.worker = worker(self.built)

    @property
    def service(self) -> Service:
        return self.built.service

    def message(
        self,
        text: str,
        *,
        user: str | None = "xiaolin",
        conversation: str = "first",
        persona: str = "companion",
        client: Client = Client(),
        system: str = "",
        before: Sequence[Said] = (),
        lang: str = "zh",
        streaming: bool = True,
    ) -> Message:
        """One message as a door would hand it over. `before` is the history that the app sends along."""
        messages = [{"role": "system", "content": system}] if system else []
        messages += [{"role": said.role, "content": said.text} for said in before]
        messages.append({"role": "user", "content": text})
        return Message(
            decision=new_id("dec_"),
            service=self.service,
            user=user,
            conversation=conversation,
            persona=persona,
            said=text,
            at=self.clock.now(),
            lang="en" if lang == "en" else "zh",
            body=forwardable({"model": "scripted", "messages": messages}),
            streaming=streaming,
            client=client,
            history=tuple(before),
        )

    async def say(self, text: str, **how: Any) -> Heard:
        """Say something and hear the whole answer; `how` is as for `message`."""
        message = self.message(text, **how)
        return heard(message.decision, [chunk async for chunk in run_turn(message, self.rt)])

    def start(self, text: str, **how: Any) -> AsyncIterator[Chunk]:
        """Say something and take the answer piece by piece."""
        return run_turn(self.message(text, **how), self.rt)

    async def person(self, user: str = "xiaolin") -> User:
        """This user as stored."""
        await self.rt.db.settled()
        found = await self.rt.db.read(lambda c: find(c, self.rt.keys, self.service.id, user))
        assert found is not None, f"the house never met {user}"
        return found

    async def state(self, user: str = "xiaolin", **facts: Any) -> None:
        """State facts about a person (`birth_year`, `age_band`, `mode`) before they speak."""
        at = self.clock.now()
        await self.rt.db.write(
            lambda c: change(c, meet(c, self.rt.keys, self.service.id, user, at), facts),
        )
        self.rt.presence.forget(self.service.id, user)

    async def ledger(self, user: str = "xiaolin", *kinds: Kind) -> list[Entry]:
        """The entries about this person in order, of these kinds or of all."""
        subject = (await self.person(user)).id
        found = await self.rt.db.read(lambda c: for_subject(c, subject))
        return [each.entry for each in found if not kinds or each.entry.kind in kinds]

    async def kinds(self, user: str = "xiaolin") -> list[Kind]:
        """What happened to this person, in order."""
        return [entry.kind for entry in await self.ledger(user)]

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """A request at a door with the demonstration's key."""
        return await self.http.post(path, json=body, headers=_named(headers))

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers=_named(headers))

    async def work(self, *, minutes: float = 0, seconds: float = 0) -> None:
        """Let time pass, and have everything done that cases owe by then."""
        # On a crowded machine a promise may have gone to the spool: the pulse would enter it within a second.
        await replay_spool(self.rt, self.service)
        self.clock.advance(minutes=minutes, seconds=seconds)
        await self.worker.drain()

    def outreach(self, outreach: Outreach) -> None:
        """From now on these channels tell people outside."""
        self.worker = worker(replace(self.built, outreach=outreach))

    async def everybody_off(self) -> None:
        """Nobody is on the rota any more."""
        await self.rt.db.write(lambda connection: connection.execute(delete(shifts)) and None)

    async def sent(self) -> list[dict[str, Any]]:
        """What the local channels would have sent so far."""
        return (await self.get("/anban/v1/demo/sent")).json()

    async def chat(self, text: str, user: str = "xiaolin", **more: Any) -> httpx.Response:
        """One message through the gateway's door, not streamed."""
        body = {"model": "scripted", "messages": [{"role": "user", "content": text}], **more}
        return await self.post("/v1/chat/completions", body, x_anban_user=user)

    def lose_the_database(self) -> None:
        """From now on nothing can be read or written."""
        self.rt = replace(self.rt, db=DeadDatabase("taken away by a test"))


def heard(decision: str, chunks: Sequence[Chunk]) -> Heard:
    """All chunks of one answer as one thing; an answer opens once, first, and closes once, last."""
    opened, closed = chunks[0], chunks[-1]
    assert isinstance(opened, Opened) and isinstance(closed, Closed)
    pieces = tuple(chunk.text for chunk in chunks if isinstance(chunk, Spoke))
    return Heard("".join(pieces), closed.meta, opened.meta, decision, pieces)


@asynccontextmanager
async def open_house(
    data: Path, *, at: datetime = EVENING, parts: Mapping[str, Any] | None = None, demo: bool = True, **settings: Any
) -> AsyncIterator[House]:
    """A demonstration house with its data under `data`, its clock standing at `at`; closed afterwards.

    `parts` are pieces of the runtime to put in place of the built ones.
    """
    chosen = Settings(demo=demo, data=data, **settings)
    own = listed_words(chosen.wordlists)
    panel = PLAIN if own is None else Panel([*_EXPLICIT, own], Readings())
    built = await build(chosen, panel)
    await built.rt.model.close()
    clock, model = MovableClock(at), ScriptedModel()
    given = {"clock": clock, "model": model, "model_name": "scripted", "panel": panel, **(parts or {})}
    built = replace(built, rt=replace(built.rt, **given))
    transport = httpx.ASGITransport(app=_Doors(built))
    key = {"Authorization": f"Bearer {DEMO_KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=key) as http:
        db = built.rt.db
        try:
            yield House(built, clock, model, http)
        finally:
            await db.close()


class _Doors:
    """The doors of a house, hung when the first request comes: most evenings need none."""

    def __init__(self, built: Built) -> None:
        self._built = built
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._app is None:
            self._app = mount(self._built)
        await self._app(scope, receive, send)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
