"""For demonstrations only: move the clock, see what would have been sent. These doors do not exist otherwise."""

from typing import Any

from litestar import Request, get, post

from anban.base.clock import ShiftedClock
from anban.base.errors import Forbidden
from anban.outreach.channels.local import sent as kept_letters
from anban.rails.interrupted import Interrupted
from anban.web.manage import TheOffice, allowed
from anban.web.shapes import Advance, Outage


@post("/anban/v1/demo/clock", status_code=200, summary="Move the demonstration's clock", tags=["demo"])
async def advance_clock(request: Request[Any, Any, Any], office: TheOffice, data: Advance) -> dict[str, str]:
    """The service's clock moves forward; it never moves back."""
    await allowed(request, office)
    clock = office.gateway.rt.clock
    if not isinstance(clock, ShiftedClock):
        raise Forbidden("only a demonstration's clock can be moved")
    now = clock.advance(data.advance_seconds)
    office.gateway.rt.wake_work()
    return {"now": now.isoformat()}


@post("/anban/v1/demo/outage", status_code=200, summary="Take the model away for a while", tags=["demo"])
async def take_model_away(request: Request[Any, Any, Any], office: TheOffice, data: Outage) -> dict[str, float]:
    """For so many seconds the model fails as a server that is gone does; help is not its job, and goes on."""
    await allowed(request, office)
    model = office.gateway.rt.model
    if not isinstance(model, Interrupted):
        raise Forbidden("only a demonstration's model can be taken away")
    model.fail_for(data.seconds)
    return {"seconds": data.seconds}


@get("/anban/v1/demo/sent", summary="What would have been sent", tags=["demo"])
async def sent(request: Request[Any, Any, Any], office: TheOffice) -> list[dict[str, Any]]:
    """Messages that the local channels would have sent, oldest first; a repeat stands here as a repeat."""
    await allowed(request, office)
    rt = office.gateway.rt
    return await rt.db.read(lambda connection: kept_letters(connection, rt.keys))
