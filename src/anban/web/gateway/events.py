"""What an app may listen to: notices, retractions, a human's words; by cursor, so that nothing is missed twice."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
import orjson
from litestar import Request, get, post
from litestar.params import Parameter
from litestar.response import Stream

from anban.base.db import Connection
from anban.base.errors import NotFound, StorageFailed
from anban.base.keys import Unreadable
from anban.conversations.mailbox import Mail, acknowledge, owner, read_after, read_one
from anban.conversations.shown import NOTICE_SHOWN, of_mail
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.elder_setup import skip_setup
from anban.people.models import User
from anban.people.users import find, service_and_ref
from anban.provider.models import Service
from anban.rails.notices import confirmed_kind, shown_kind
from anban.rails.runtime import Runtime
from anban.web.auth import identifier
from anban.web.gateway.chat import TheGateway
from anban.web.visitors import caller, known_caller

HEARTBEAT = 15.0
"""Seconds between comments that keep proxies from closing an idle channel."""

LOOK_AGAIN = 1.0
"""Seconds after which a replica looks for mail that another one left."""

MOST_CURSOR = 2**53


class Ack(msgspec.Struct, forbid_unknown_fields=True):
    """What became of an event on the person's screen."""

    state: Literal["shown", "accepted", "closed"]


@get("/anban/v1/events", summary="Listen for one user's events", tags=["events"], media_type="text/event-stream")
async def events(
    request: Request[Any, Any, Any],
    gateway: TheGateway,
    user: Annotated[str, Parameter(min_length=1, max_length=256)],
    after: Annotated[int, Parameter(ge=0, le=MOST_CURSOR)] = 0,
) -> Stream:
    """Server-sent events after the cursor `after` (or `Last-Event-ID`), then live."""
    user = identifier(user, "user")
    service = await caller(request, gateway, user)
    last = request.headers.get("last-event-id", "")
    cursor = max(after, int(last)) if last.isascii() and last.isdigit() and len(last) < 16 else after
    return Stream(
        _follow(service, user, cursor, gateway.rt),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


@post("/anban/v1/events/{event_id:int}/ack", status_code=200, summary="Say what became of an event", tags=["events"])
async def acknowledge_event(
    request: Request[Any, Any, Any], gateway: TheGateway, event_id: int, data: Ack
) -> dict[str, Any]:
    """Confirm that an event was shown, accepted or closed; a notice confirmed in time is not repeated in the reply."""
    service, only = await known_caller(request, gateway)
    rt = gateway.rt
    inside = 0 < event_id < MOST_CURSOR
    ref = await rt.db.read(lambda connection: _ref_of(connection, event_id)) if inside else None
    # Unknown, another user's, another service's: the same answer, so that nobody learns which.
    if ref is None or ref[0] != service.id or only not in (None, ref[1]):
        raise NotFound("no such event", field="event_id")
    changed = await rt.db.write(lambda connection: _acknowledged(connection, rt, service, ref[1], event_id, data.state))
    if changed:
        rt.presence.forget(service.id, ref[1])
    return {"id": event_id, "state": data.state, "changed": changed}


async def _follow(service: Service, ref: str, cursor: int, rt: Runtime) -> AsyncIterator[bytes]:
    yield b": anban\n\n"
    user: User | None = None
    quiet = 0.0
    while not rt.post.closed:
        user = user or await _user(service, ref, rt)
        bell_of = user.id if user is not None else f"unmet|{service.id}|{ref}"
        with rt.post.bell(bell_of) as bell:
            letters = await _letters(user, cursor, rt)
            if letters is None:
                user = None
            for letter in letters or ():
                cursor = letter.id
                quiet = 0.0
                yield _event(letter, ref)
            try:
                await asyncio.wait_for(bell.wait(), LOOK_AGAIN)
            except TimeoutError:
                quiet += LOOK_AGAIN
        if quiet >= HEARTBEAT:
            quiet = 0.0
            user = None  # their account may have ended meanwhile, and begun anew
            yield b": still here\n\n"


async def _user(service: Service, ref: str, rt: Runtime) -> User | None:
    try:
        return await rt.db.read(lambda connection: find(connection, rt.keys, service.id, ref))
    except StorageFailed:
        return None  # looked for again in a second: the channel outlives the database


async def _letters(user: User | None, cursor: int, rt: Runtime) -> tuple[Mail, ...] | None:
    """What came after the cursor; None when an erasure has given the person another key since we read them."""
    if user is None:
        return ()
    try:
        return await rt.db.read(lambda connection: read_after(connection, user.id, user.key, cursor))
    except Unreadable:
        return None
    except StorageFailed:
        return ()


def _event(letter: Mail, ref: str) -> bytes:
    body = {
        "id": letter.id,
        "kind": letter.kind,
        "user": ref,
        "conversation": letter.conversation,
        "at": letter.at.isoformat(),
        "state": letter.state,
        "payload": dict(letter.payload),
    }
    return b"id: %d\ndata: " % letter.id + orjson.dumps(body) + b"\n\n"


def _ref_of(connection: Connection, event_id: int) -> tuple[str, str] | None:
    holder = owner(connection, event_id)
    return None if holder is None else service_and_ref(connection, holder)


def _acknowledged(connection: Connection, rt: Runtime, service: Service, ref: str, event_id: int, state: str) -> bool:
    user = find(connection, rt.keys, service.id, ref)
    if user is None or read_one(connection, user.id, user.key, event_id) is None:
        raise NotFound("no such event")
    now = rt.clock.now()
    if not acknowledge(connection, event_id, state, now):
        return False
    notice = of_mail(connection, user.id, event_id)
    if notice is not None and notice.kind == "setup" and state == "closed":
        skip_setup(connection, user, now, rt.rules(service, frozenset[str](), now))
    if notice is not None:
        connection.execute(NOTICE_SHOWN, {"notice_id": notice.id, "when_shown": now})
        confirmed = confirmed_kind(notice.kind) if state != "shown" else None
        kinds: list[Kind] = [] if confirmed is None else [confirmed]
        if notice.shown_at is None:
            kinds.insert(0, shown_kind(notice.kind))
        for kind in kinds:
            facts = {"notice": notice.kind, "window": notice.window, "way": "event", "state": state}
            rulebook = rt.rules(service, frozenset[str](), now).version
            write(connection, Entry(kind, now, user.id, "app", service.id, rulebook, facts))
    return True
