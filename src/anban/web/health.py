"""Whether we are alive (help can be served), ready (chat can be), and what the counters say."""

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from litestar import Request, Response, get
from litestar.params import Dependency
from prometheus_client import generate_latest

from anban.detectors.signal import Window
from anban.ledger.sequencer import Sequencer
from anban.privacy.key_following import state_of
from anban.rails.runtime import Runtime
from anban.web.auth import MOST_ID
from anban.web.description import describe
from anban.web.gateway.chat import TheGateway
from anban.web.gateway.moderations import MOST_INPUTS

LOOK_WITHIN = 1_000.0
"""Milliseconds for one look at a greeting: a detector that is merely slow now is not down."""


@dataclass(frozen=True)
class Watched:
    """The parts whose health is shown."""

    rt: Runtime
    sequencer: Sequencer


TheWatched = Annotated[Watched, Dependency(skip_validation=True)]


@get("/healthz", summary="Alive: help can be served", tags=["health"])
async def healthz() -> dict[str, str]:
    """Answers as long as the process can answer at all."""
    return {"status": "alive"}


@get("/readyz", summary="Ready for chat", tags=["health"])
async def readyz(watched: TheWatched) -> Response[bytes]:
    """503 while a part is down without which the companion may not speak; names the parts."""
    parts = await states(watched)
    ready = all(state != "down" for state in parts.values())
    return Response(orjson.dumps({"ready": ready, "parts": parts}), status_code=200 if ready else 503)


@get("/metrics", summary="Counters in Prometheus' text form", tags=["health"], media_type="text/plain")
async def metrics(watched: TheWatched) -> str:
    """Counts and timings; no user's name, no words."""
    watched.rt.figures.damaged_logs.set(len(watched.sequencer.damaged))
    return generate_latest(watched.rt.figures.registry).decode()


@get("/openapi.json", include_in_schema=False)
async def openapi(request: Request[Any, Any, Any], gateway: TheGateway) -> dict[str, Any]:
    """The description of every door, generated from the doors themselves."""
    limits = gateway.limits
    sizes = {"message": limits.message, "messages": limits.messages, "inputs": MOST_INPUTS, "id": MOST_ID}
    return describe(request.app.openapi_schema.to_schema(), sizes)


async def states(watched: Watched) -> dict[str, str]:
    """Each part as ok, degraded or down."""
    rt = watched.rt
    stored = await rt.db.check()
    return {
        "storage": "ok" if stored and rt.db.healthy else "down",
        "safety": "down" if rt.panel.look(Window("你好"), LOOK_WITHIN).unavailable else "ok",
        "model": "degraded" if rt.model_down() else "ok",
        "keys": state_of(rt.keys),
        "evidence": _evidence(watched),
        "help": "ok",
    }


def _evidence(watched: Watched) -> str:
    """Whether everything written is signed soon after, and everything signed is still as it was."""
    sound = not watched.sequencer.damaged and watched.sequencer.lag(watched.rt.clock.now()) < 30
    return "ok" if sound else "degraded"
