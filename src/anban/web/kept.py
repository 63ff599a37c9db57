"""What is kept, why and how long, over HTTP."""

from typing import Any

from litestar import Request, get

from anban.privacy.document import shown
from anban.web.manage import TheOffice, allowed


@get("/anban/v1/data-map", summary="What is kept, why, and how long", tags=["privacy"])
async def get_data_map(request: Request[Any, Any, Any], office: TheOffice) -> dict[str, Any]:
    """Every class of data with its days in force, every table with its columns, every file; no content of any."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    return shown(rt.rules(service, frozenset[str](), rt.clock.now()))


KEPT_DOORS = (get_data_map,)
