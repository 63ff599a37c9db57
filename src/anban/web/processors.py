"""Who outside is given what, for everybody: a page and an answer."""

from typing import Any

from litestar import Request, Response, get

from anban.privacy.sharing import Sharing
from anban.web.gateway.chat import TheGateway
from anban.web.user import ThePages, help_lines, html_page, lang_of


@get("/anban/v1/processors", summary="Who outside is given what, and on which basis", tags=["privacy"])
async def get_processors(gateway: TheGateway) -> dict[str, Any]:
    """Public: each company with the kind of data, the country, the basis and its reference."""
    return {"processors": _shown(gateway.rt.sharing)}


@get("/processors", summary="Who is given what", tags=["pages"], include_in_schema=False)
async def processors_page(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """The same for people."""
    lang = lang_of(request)
    parties = _shown(pages.gateway.rt.sharing)
    html = pages.render("processors/page.html", lang, parties=parties, help_lines=help_lines(pages, lang))
    return html_page(html, request)


def _shown(sharing: Sharing) -> list[dict[str, Any]]:
    return [each.shown() for each in sharing.parties]


PROCESSOR_DOORS = (get_processors, processors_page)
