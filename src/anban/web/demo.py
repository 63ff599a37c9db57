"""For demonstrations only: move the clock, see what would have been sent. These doors do not exist otherwise."""

from typing import Any

from litestar import Request, get, post

from anban.base.clock import ShiftedClock
from anban.base.errors import Forbidden
from anban.web.manage import TheOffice, allowed
from anban.web.shapes import Advance


@post("/anban/v1/demo/clock", status_code=200, summary="Move the demonstration's clock", tags=["demo"])
async def advance_clock(request: Request[Any, Any, Any], office: TheOffice, data: Advance) -> dict[str, str]:
    """The service's clock moves forward; it never moves back."""
    await allowed(request, office)
    clock = office.gateway.rt.clock
    if not isinstance(clock, ShiftedClock):
        raise Forbidden("only a demonstration's clock can be moved")
    return {"now": clock.advance(data.advance_seconds).isoformat()}


@get("/anban/v1/demo/sent", summary="What would have been sent", tags=["demo"])
async def sent(request: Request[Any, Any, Any], office: TheOffice) -> list[dict[str, Any]]:
    """Messages that the local outreach channel would have sent. Outreach comes with a later part: empty until then."""
    await allowed(request, office)
    return []
