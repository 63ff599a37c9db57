"""The queue as JSON, and what keeps a desk page live: one snapshot after another over server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson
from litestar import Request, get
from litestar.response import Stream

from anban.base.db import Connection
from anban.base.errors import NotFound, StorageFailed
from anban.cases.appeal import APPEAL
from anban.cases.appeals_open import open_appeal_count
from anban.cases.figures import heavy_cases
from anban.cases.marks import Mark, marks
from anban.cases.queue import Waiting, queue
from anban.law.rulebook import Rulebook
from anban.provider.staff import find_staff, staff_of
from anban.provider.staff_sessions import session_called
from anban.rails.post import DESK
from anban.risk.ladder import LIFE_NAMES
from anban.web.desk.door import Desk, SignedIn, TheDesk, language, signed_in
from anban.web.desk.parts import case_parts, case_view, render
from anban.words.helplines import Lang

LOOK_AGAIN = 1.0
"""Seconds after which a page looks again for what another replica did."""

BREATH = 0.3
"""Seconds between two snapshots at least, so that a flood costs a page no more than a few looks a second."""

HEARTBEAT = 15.0

ENDED = b"ended"
"""The stamp of a channel whose log-in is over."""

MOST_SHOWN = 60
"""Lines of the queue on a page: nobody looks further down, and whoever stands there is counted."""


@get("/desk/queue", include_in_schema=False)
async def show_queue(request: Request[Any, Any, Any], desk: TheDesk) -> dict[str, Any]:
    """The open cases in order, as JSON; nothing tells who it is."""
    who = await signed_in(request, desk)
    return {"queue": await queue_for(desk, who)}


@get("/desk/events", include_in_schema=False, media_type="text/event-stream")
async def desk_events(request: Request[Any, Any, Any], desk: TheDesk, case: str = "") -> Stream:
    """Snapshots of the queue, and of one case as this person may see it: at once, and whenever something moves."""
    who = await signed_in(request, desk)
    return Stream(
        follow(desk, who, case[:64], language(request)),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def queue_for(desk: Desk, who: SignedIn) -> list[dict[str, Any]]:
    """The queue as a page shows it."""
    now = desk.rt.clock.now()
    rules = desk.rt.rules(who.service, frozenset[str](), now)
    return await desk.rt.db.read(partial(_read, desk=desk, who=who, rules=rules, now=now))


def _read(connection: Connection, desk: Desk, who: SignedIn, rules: Rulebook, now: datetime) -> list[dict[str, Any]]:
    # An appeal is nobody's conversation to hold; it has a page and a clock of its own.
    waiting = [each for each in queue(connection, who.service.id) if each.kind != APPEAL]
    found = marks(
        connection, [each.case for each in waiting], now,
        minor_age=rules.whole("minor-age"), elder_age=rules.whole("elder-age"),
    )  # fmt: skip
    names = {each.id: each.name for each in staff_of(connection, desk.rt.keys, who.service.id)}
    return [_shown(each, found[each.case], names, who, rules, now) for each in waiting]


def _shown(
    each: Waiting, mark: Mark, names: dict[str, str], who: SignedIn, rules: Rulebook, now: datetime
) -> dict[str, Any]:
    state = {"handed_back": "ai", "claimed": "claimed", "joined": "claimed"}.get(each.state, "waiting")
    turns = turning(each.level, mark.requested, rules)
    quiet = each.level == 2 and not mark.requested
    return {
        "case": each.case,
        "level": LIFE_NAMES[each.level],
        "group": mark.audience,
        "state": state,
        "holder": names.get(each.holder or "", each.holder or ""),
        "mine": each.holder == who.staff.id,
        "place": each.place,
        "waited": max(0, int((now - each.waiting_since).total_seconds())),
        "turns": turns,
        "quiet": quiet,
        "requested": mark.requested,
        "opinion": mark.opinion and (who.staff.role == "lead" or each.holder != who.staff.id),
        "release": mark.release,
        "drill": mark.drill,
        # A page rings once for each of these: a new case, a raised one, one that waits anew, a colleague who asks.
        "rings": [
            *(
                [f"{each.case}|{each.level}|{each.waiting_since.isoformat()}"]
                if state == "waiting" and not quiet
                else []
            ),
            *([f"{each.case}|opinion"] if mark.opinion and who.staff.role == "lead" else []),
        ],
    }


def turning(level: int, requested: bool, rules: Rulebook) -> tuple[int, int]:
    """Seconds of waiting after which a timer turns, and turns again: the second line is called, everybody is."""
    if level == 2 and not requested:
        first = int(rules.lasting("desk-review-hours").total_seconds())
        return first, first + rules.whole("desk-alarm-seconds")
    return int(rules.table("takeover-claim-seconds")[LIFE_NAMES[max(level, 3)]]), rules.whole("desk-alarm-seconds")


async def care_of(desk: Desk, who: SignedIn) -> dict[str, Any]:
    """What the page knows of its reader's own load: people in danger taken on since they logged in, and rest."""
    rt, now = desk.rt, desk.rt.clock.now()
    resting = who.staff.resting_until
    since = now - rt.rules(who.service, frozenset[str](), now).lasting("staff-session-hours")
    return {
        "heavy": await rt.db.read(partial(heavy_cases, staff=who.staff.id, since=since)),
        "appeals": await rt.db.read(partial(open_appeal_count, service=who.service.id)),
        "resting": resting is not None and resting > now,
        "minutes": rt.rules(who.service, frozenset[str](), now).whole("staff-rest-minutes"),
    }


async def follow(desk: Desk, who: SignedIn, case: str, lang: Lang) -> AsyncIterator[bytes]:
    """Snapshots for a log-in until it ends, each when something has changed; `case` may be empty."""
    yield b": anban\n\n"
    sent, quiet = b"", 0.0
    with desk.rt.post.bell(DESK) as bell:
        while not desk.rt.post.closed:
            bell.clear()
            with suppress(StorageFailed):  # looked for again in a second: the channel outlives the database
                shown, stamp = await _look(desk, who, case, lang)
                if stamp != sent:
                    sent, quiet = stamp, 0.0
                    yield b"data: " + orjson.dumps(shown()) + b"\n\n"
                if stamp == ENDED:
                    return
            await asyncio.sleep(BREATH)
            try:
                await asyncio.wait_for(bell.wait(), LOOK_AGAIN - BREATH)
            except TimeoutError:
                quiet += LOOK_AGAIN
            if quiet >= HEARTBEAT:
                quiet = 0.0
                yield b": still here\n\n"


async def _look(desk: Desk, who: SignedIn, case: str, lang: Lang) -> tuple[Callable[[], dict[str, Any]], bytes]:
    """What makes the page's snapshot, and a stamp that is the same while nothing but time has changed."""
    known, awake = await _still_there(desk, who)
    if known is None:
        return lambda: {"ended": True}, ENDED
    items = await queue_for(desk, known)
    view = None
    if case and awake:
        with suppress(NotFound):
            view = await case_view(desk, known, case, lang)

    def shown() -> dict[str, Any]:
        snapshot: dict[str, Any] = {
            "queue": render(desk, lang, "desk/queue.html", here=case, **on_page(items, case)),
            "waiting": sum(bool(each["rings"]) for each in items),
            "rings": [ring for each in items for ring in each["rings"]],
            "locked": not awake,
        }
        return snapshot if view is None else {**snapshot, "parts": case_parts(desk, known, view, lang)}

    stamp = [[_timeless(each) for each in items], awake, lang, view and _timeless(view)]
    return shown, orjson.dumps(stamp, default=str)


def on_page(items: list[dict[str, Any]], here: str) -> dict[str, Any]:
    """The lines that a page shows: the first ones, one's own, the one that is open; and how many more wait."""
    chosen = [each for each in items if each["place"] <= MOST_SHOWN or each["mine"] or each["case"] == here]
    return {"queue": chosen, "more": sum(each["state"] == "waiting" for each in items if each not in chosen)}


def _timeless(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in ("waited", "levels")}


async def _still_there(desk: Desk, who: SignedIn) -> tuple[SignedIn | None, bool]:
    """The log-in as it stands now, and whether its owner did anything lately.

    The bell goes on for whoever only waits; what somebody said is not left open on a screen that nobody sits at.
    """
    rt, now = desk.rt, desk.rt.clock.now()
    rules = rt.rules(desk.gateway.fallback, frozenset[str](), now)
    idle, lasts = rules.lasting("staff-session-idle-minutes"), rules.lasting("staff-session-hours")
    return await rt.db.read(partial(_session, desk=desk, who=who, now=now, idle=idle, lasts=lasts))


def _session(
    connection: Connection, desk: Desk, who: SignedIn, now: datetime, idle: timedelta, lasts: timedelta
) -> tuple[SignedIn | None, bool]:
    session = session_called(connection, who.session, now, lasts)
    staff = None if session is None else find_staff(connection, desk.rt.keys, session.staff)
    if session is None or staff is None:
        return None, False
    return replace(who, staff=staff), now - session.seen_at < idle
