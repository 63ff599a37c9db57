"""A copy of everything about one person over HTTP: asking for it, how far it is, and the link that fetches it once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.params import Parameter
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from anban.base.crashpoint import crashpoint
from anban.base.db import Connection
from anban.base.errors import Forbidden, NotFound
from anban.base.keys import DataKey
from anban.base.times import zulu
from anban.people.users import find_by_id
from anban.privacy.copies import Copy, ask_copy, copies_of, copy_of, link_for, use_link
from anban.privacy.copying.sealed_file import unsealed
from anban.web.family import about, look_up
from anban.web.manage import Office, TheOffice, UserRef, allowed
from anban.web.shapes import LINE

Data = dict[str, Any]
CopyId = Annotated[str, Parameter(min_length=1, max_length=64, pattern=LINE)]
Token = Annotated[str, Parameter(min_length=1, max_length=128, pattern=LINE)]

FOLDER = "copies"
"""Where the sealed files lie, under the data folder."""

FILE_HEADERS = {
    "content-disposition": 'attachment; filename="anban-copy.zip"',
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

NOT_FOR_GUARDIANS = (
    "a guardian gets no copy of what was said here; what a guardian may have is the overview, the weekly summary, "
    "alerts with what to do, limits, and the receipts of every consent: see /guardian and the consents of the person"
)


class GivenCopy(msgspec.Struct, forbid_unknown_fields=True):
    """Who asks, and in which language the page inside is written."""

    by: Literal["user", "guardian"] = "user"
    lang: Literal["zh", "en"] = "zh"


@post("/anban/v1/people/{user:str}/copies", status_code=202, summary="Ask for a copy", tags=["data rights"])
async def post_copy(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenCopy) -> Data:
    """Make a copy of everything about a person, for that person. While one is being made, that one is the answer.

    A guardian's request is refused, whoever the person is: families get acts and overviews, no transcripts.
    """
    if data.by == "guardian":
        await _refuse_guardian(request, office)
    asked = await about(
        request, office, user, lambda c, person, now, _: ask_copy(c, person, "service", data.lang, now), new=False
    )
    return shown(asked)


@get("/anban/v1/people/{user:str}/copies", summary="A person's copies", tags=["data rights"])
async def list_copies(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> list[Data]:
    """How far each is, the newest first."""
    return await look_up(
        request, office, user, lambda c, person, _now, _rules: [shown(each) for each in copies_of(c, person.id)]
    )


@get("/anban/v1/people/{user:str}/copies/{copy:str}", summary="How far a copy is", tags=["data rights"])
async def get_copy(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, copy: CopyId) -> Data:
    """State, progress, size, and until when it lies ready."""
    return await look_up(request, office, user, lambda c, person, _now, _rules: shown(copy_of(c, person.id, copy)))


@post(
    "/anban/v1/people/{user:str}/copies/{copy:str}/link", status_code=200, summary="A link to a copy",
    tags=["data rights"],
)  # fmt: skip
async def post_link(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, copy: CopyId) -> Data:
    """A link for the person, which fetches the copy once and soon ends; an earlier one opens nothing any more."""
    link = await about(
        request, office, user, lambda c, person, now, rules: link_for(c, person.id, copy, now, rules), new=False
    )
    return {"path": f"/copies/{link.token}", "expires_at": zulu(link.until)}


@get("/copies/{token:str}", summary="Fetch a copy by its link", tags=["data rights"])
async def fetch_copy(office: TheOffice, token: Token) -> Stream:
    """The archive, once. A link that is unknown, used or too old is not found, all alike."""
    rt, now = office.gateway.rt, office.gateway.rt.clock.now()
    rules = rt.rules(office.gateway.fallback, frozenset[str](), now)

    def work(connection: Connection) -> tuple[Copy, DataKey]:
        copy = use_link(connection, token, now, rules)
        person = find_by_id(connection, rt.keys, copy.user)
        if person is None:
            raise NotFound("this link opens nothing, or nothing any more")
        return copy, person.key.of(copy.key_version or 0)

    copy, key = await rt.db.write(work)
    rt.wake_work()
    crashpoint("copy.fetched")
    path = office.data / FOLDER / copy.file
    if not await asyncio.to_thread(path.is_file):
        raise NotFound("this link opens nothing, or nothing any more")
    headers = {**FILE_HEADERS, "content-length": str(copy.size)}
    return Stream(_pieces(path, key, copy.place), media_type="application/zip", headers=headers)


def shown(copy: Copy) -> Data:
    """A copy as the person's app sees it; where its file lies is nobody's business."""
    return {
        "id": copy.id, "state": copy.state, "percent": copy.percent, "by": copy.by, "asked_at": zulu(copy.asked_at),
        "bytes": copy.size or None, "expires_at": zulu(copy.expires_at) if copy.expires_at else None,
    }  # fmt: skip


async def _pieces(path: Path, key: DataKey, place: str) -> AsyncIterator[bytes]:
    """The file opened piece by piece; reading and opening happen beside the loop."""
    opened = unsealed(path, key, place)
    while (piece := await asyncio.to_thread(next, opened, None)) is not None:
        yield piece


async def _refuse_guardian(request: Request[Any, Any, Any], office: Office) -> None:
    """Before anybody is looked up, so that the answer tells nothing of who is known here."""
    await allowed(request, office)
    raise Forbidden(NOT_FOR_GUARDIANS, field="by", code="no_transcript_for_guardians")


COPY_DOORS: tuple[ControllerRouterHandler, ...] = (post_copy, list_copies, get_copy, post_link, fetch_copy)
