"""The composition root: builds the runtime and mounts the doors. Nothing else constructs things."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.static_files import create_static_files_router
from sqlalchemy import MetaData

from anban import __version__
from anban.base import durable as _durable
from anban.base import kept_keys as _kept
from anban.base.clock import ShiftedClock, SystemClock
from anban.base.db import metadata
from anban.base.ids import new_id
from anban.base.spill import SpillSeal
from anban.carriers import promise_all, worker
from anban.cases import models as _cases
from anban.cases.figures import join_times
from anban.conversations import models as _conversations
from anban.conversations import usage_models as _usage
from anban.detectors.listed.listed_words import listed_words
from anban.detectors.panel import Panel, build_panel
from anban.detectors.senses.image import can_see, read_image
from anban.house import House
from anban.law.register import load
from anban.ledger import models as _ledger
from anban.ledger.checkpoint import signer
from anban.ledger.handover import signing_now
from anban.ledger.sequencer import Sequencer, pace_of
from anban.outreach import models as _outreach
from anban.outreach.building import build_outreach
from anban.outreach.witnessing import build_witnesses
from anban.parts import (
    admin_key,
    kept_spool,
    keyring_of,
    own_service,
    reach_database,
    reach_hearing,
    reach_keys,
    reach_opinion,
    reach_upstream,
    rules_of,
)
from anban.people import family_models as _family
from anban.people import models as _people
from anban.privacy import copy_models as _copies
from anban.privacy import key_models as _keys
from anban.privacy import models as _privacy
from anban.privacy import network_log as _network
from anban.privacy.key_following import check_keys, keep_keys
from anban.privacy.key_room import KeyRoom
from anban.privacy.sharing import sharing_of
from anban.provider import access_models as _access
from anban.provider import desk_models as _desk
from anban.provider import page_links as _links
from anban.provider import persona_models as _personas
from anban.rails.companion import Companion
from anban.rails.figures import Figures
from anban.rails.interrupted import Interrupted
from anban.rails.own_words import keep_up, words_of
from anban.rails.post import Flights, Post
from anban.rails.presence import Presence
from anban.rails.pulse import beat
from anban.rails.runtime import Runtime
from anban.rails.senses import Senses
from anban.rails.upstream import Upstream
from anban.risk import models as _risk
from anban.settings import DEMO_KEY, Settings, check_against_law
from anban.web.access import logged
from anban.web.auth import Doorman
from anban.web.callers import DESK_FORMS
from anban.web.desk.door import Desk
from anban.web.doors import DEMO_DOORS, EVERY_DOOR
from anban.web.gateway.body import Limits
from anban.web.gateway.chat import Gateway
from anban.web.gateway.idempotency import Replies
from anban.web.guardian.door import Console
from anban.web.headers import hardened, headed, with_cookie
from anban.web.health import Watched
from anban.web.ledger import Ledgers
from anban.web.manage import Office
from anban.web.oidc import provider_of
from anban.web.problems import answer_problem
from anban.web.tokens import tokens_of
from anban.web.user import Pages

log = structlog.get_logger()

HERE = Path(__file__).parent
TABLES = (
    _access, _cases, _conversations, _copies, _desk, _durable, _family, _kept, _keys, _ledger, _links, _network,
    _outreach, _people, _personas, _privacy, _risk, _usage,
)  # fmt: skip


def every_table() -> MetaData:
    """All tables of the house: importing this module has brought them in."""
    return metadata


async def build(settings: Settings, panel: Panel | None = None) -> House:
    """Everything a process needs. Raises `Misconfigured`; a database that does not open leaves help, and no chat.

    `panel` stands in for the detectors that ship with Anban: loading those takes most of the time.
    """
    clock = ShiftedClock() if settings.demo else SystemClock()
    register = load()
    check_against_law(settings, register, clock.now())
    keyring, generated = keyring_of(settings, clock)
    keys = await reach_keys(settings, keyring)
    sharing = sharing_of(settings)
    opinion, hearing = reach_opinion(settings, clock, sharing.guard), reach_hearing(settings, clock)
    listed = listed_words(settings.wordlists)
    db = await reach_database(settings)
    service, first_key = await own_service(db, settings, keys, clock.now())
    words = await words_of(db, service, signed_only=settings.enforce)
    rules = rules_of(register, settings)
    model = (
        reach_upstream(settings, settings.upstream_url, rules(service, frozenset[str](), clock.now()), clock)
        if settings.upstream_url
        else Companion(words, pace=0.02 if settings.demo else 0.0)
    )
    bell = asyncio.Event()
    rt = Runtime(
        clock=clock,
        db=db,
        keys=keys,
        rules=rules,
        panel=panel or build_panel(listed=listed),
        words=words,
        model=Interrupted(model, clock) if settings.demo else model,
        model_name=settings.upstream_model or ("" if settings.upstream_url else "anban-demonstration"),
        model_down=lambda: isinstance(model, Upstream) and model.breaker.open,
        presence=Presence(),
        post=Post(),
        flights=Flights(),
        spool=kept_spool(settings.data, keys),
        figures=Figures(),
        wake_work=bell.set,
        opinion=opinion,
        sharing=sharing,
        senses=Senses(hearing, read_image if can_see() else None),
    )
    sequencer = Sequencer(
        db, partial(signer, keys, settings.deployment), clock, holder=new_id("proc_"),
        pace=pace_of(rules(service, frozenset[str](), clock.now())),
        signing=partial(signing_now, keys=keys, deployment=settings.deployment),
    )  # fmt: skip
    outreach = build_outreach(
        settings.channels.get_secret_value(), demo=settings.demo, clock=clock, keys=keys, db=db,
        rules=rules(service, frozenset[str](), clock.now()),
    )  # fmt: skip
    keyroom = KeyRoom(
        db, clock, keys, keyring, rt.spool, SpillSeal(settings.data / "spill.pub", keys).publish,
        lambda at: rules(service, frozenset[str](), at), service.id,
    )  # fmt: skip
    await check_keys(keyroom)
    seconds = rules(service, frozenset[str](), clock.now()).number("outreach-request-seconds")
    witnesses = build_witnesses(settings.witnesses.get_secret_value(), demo=settings.demo, within=seconds)
    return House(
        settings, register, rt, service, sequencer, outreach, witnesses, Replies(), keyroom, bell,
        admin_key(settings.data), first_key, generated,
    )  # fmt: skip


def mount(house: House) -> Litestar:
    """The doors around a house."""
    settings, rt = house.settings, house.rt
    rules = rt.rules(house.service, frozenset[str](), rt.clock.now())
    gateway = Gateway(
        rt=rt,
        doorman=Doorman(rt.db, rt.clock),
        limits=Limits(
            rules.whole("body-max-bytes"),
            rules.whole("message-max-characters"),
            rules.whole("conversation-max-turns"),
            rules.whole("json-max-depth"),
        ),
        tokens=tokens_of(settings, rules, rt.clock),
        fallback=house.service,
        slow_reader=rules.number("slow-reader-seconds"),
        replies=house.replies,
        visitor_secret=rt.keys.derived("visitor cookies").secret if settings.demo else None,
    )
    watched = Watched(rt, house.sequencer)
    office = Office(gateway, house.admin_key, settings.demo, settings.data)
    environment = Environment(
        loader=FileSystemLoader(HERE / "web" / "pages"), autoescape=True, undefined=StrictUndefined
    )
    desk = Desk(
        gateway, environment, settings.demo, rt.keys.derived(DESK_FORMS).secret, join_times,
        provider=provider_of(settings, rt.clock), own_url=settings.own_url,
    )  # fmt: skip
    pages = Pages(gateway, watched, environment, DEMO_KEY if settings.demo else None)
    static = create_static_files_router("/static", [HERE / "web" / "static"], include_in_schema=False)
    handlers = [*EVERY_DOOR, static, *(DEMO_DOORS if settings.demo else ())]
    parts = {
        "gateway": gateway, "watched": watched, "office": office, "pages": pages, "desk": desk,
        "console": Console(gateway, environment, settings.demo, rt.keys.derived("guardian forms").secret),
        "register": house.register,
        "ledgers": Ledgers(
            settings.deployment, partial(signing_now, keys=rt.keys, deployment=settings.deployment), house.witnesses,
            house.register,
        ),
        "keyroom": replace(house.keyroom, db=rt.db, clock=rt.clock),
    }  # fmt: skip
    return Litestar(
        handlers,
        dependencies={
            name: Provide(_giving(part), sync_to_thread=False, use_cache=True) for name, part in parts.items()
        },
        exception_handlers={Exception: answer_problem},
        after_request=headed,
        before_send=[with_cookie, hardened],
        middleware=[logged(rt)],
        openapi_config=OpenAPIConfig(
            title="Anban 安伴",
            version=__version__,
            path="/anban/v1/schema",
            render_plugins=[JsonRenderPlugin()],  # none that loads a page of its own from elsewhere
            use_handler_docstrings=True,
        ),
        logging_config=None,
        state=State({"house": house}),
        request_max_body_size=8 * 1024 * 1024,
    )


@asynccontextmanager
async def alive(house: House) -> AsyncGenerator[None]:
    """What runs beside the doors: the ledger's sequencer, and the pulse that keeps promises between turns."""
    stop = asyncio.Event()
    await promise_all(house)
    tasks = [
        asyncio.create_task(house.sequencer.run_forever(stop)),
        asyncio.create_task(beat(house.rt, house.service, stop)),
        asyncio.create_task(keep_up(house.rt, house.service, stop)),
        asyncio.create_task(worker(house).run_forever(stop)),
        asyncio.create_task(keep_keys(house.keyroom, stop, house.keys_back, house.bell)),
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait(tasks, timeout=5)
        for part in (house.rt.model, house.rt.opinion, house.rt.senses, house.outreach, *house.witnesses.values()):
            if part is not None:
                await part.close()
        await house.rt.db.close()


def _giving(part: Any) -> Callable[[], Any]:
    return lambda: part
