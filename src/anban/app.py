"""The composition root: builds the runtime and mounts the doors. Nothing else constructs things."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
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
from litestar.types import ControllerRouterHandler
from sqlalchemy import MetaData

from anban import __version__
from anban.base import durable as _durable
from anban.base import kept_keys as _kept
from anban.base.clock import ShiftedClock, SystemClock
from anban.base.db import metadata
from anban.base.durable import Worker
from anban.base.errors import StorageFailed
from anban.base.ids import new_id
from anban.base.spill import SpillSeal
from anban.cases import models as _cases
from anban.cases.appeal import APPEAL, carry_appeal
from anban.cases.carry import carry_crisis
from anban.cases.carrying import Carrying
from anban.cases.crisis import CRISIS
from anban.cases.drill_schedule import DRILL, carry_drill, promise_drill
from anban.cases.erasing import carry_erasure
from anban.cases.family_post import CLAIM, LETTER, RECHECK, carry_claim, carry_letter, carry_recheck
from anban.cases.figures import join_times
from anban.cases.guardian_week import WEEK, carry_week, promise_weeks
from anban.cases.held import people_held
from anban.cases.ringing import Ringing
from anban.cases.told_to_owner import told_to_owner
from anban.cases.usage_day import USAGE_DAY, carry_usage_day, promise_usage_day
from anban.conversations import models as _conversations
from anban.conversations import usage_models as _usage
from anban.detectors.listed.listed_words import listed_words
from anban.detectors.panel import Panel, build_panel
from anban.detectors.senses.image import can_see, read_image
from anban.law.register import Register, load
from anban.ledger import models as _ledger
from anban.ledger.checkpoint import signer
from anban.ledger.handover import signing_now
from anban.ledger.sequencer import Sequencer, pace_of
from anban.outreach import models as _outreach
from anban.outreach.building import build_outreach
from anban.outreach.outreach import Outreach
from anban.outreach.witnesses import Witness
from anban.outreach.witnessing import WITNESS, Witnessing, build_witnesses, carry_witness, promise_witnesses
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
from anban.privacy.copies import COPY
from anban.privacy.copying.work import Copying, carry_copy
from anban.privacy.erasure import ERASURE
from anban.privacy.key_following import check_keys, keep_keys
from anban.privacy.key_room import KeyRoom
from anban.privacy.retention import RETENTION, Sweeping, carry_retention, promise_retention
from anban.privacy.rotating import ROTATION, carry_rotation
from anban.privacy.sharing import sharing_of
from anban.provider import access_models as _access
from anban.provider import desk_models as _desk
from anban.provider import page_links as _links
from anban.provider import persona_models as _personas
from anban.provider.access import ACCESS, carry_access
from anban.provider.models import Service
from anban.rails.companion import Companion
from anban.rails.figures import Figures
from anban.rails.limits import zone_of
from anban.rails.own_words import keep_up, words_of
from anban.rails.post import DESK, Flights, Post
from anban.rails.presence import Presence
from anban.rails.pulse import beat
from anban.rails.runtime import Runtime
from anban.rails.senses import Senses
from anban.rails.upstream import Upstream
from anban.risk import models as _risk
from anban.settings import DEMO_KEY, Settings, check_against_law
from anban.web.access import logged
from anban.web.appeals import get_appeal_figures, post_answer, post_appeal
from anban.web.approach import APPROACH_DOORS
from anban.web.auth import Doorman
from anban.web.callers import DESK_FORMS
from anban.web.caseroom import act_on_case, get_case, list_cases, list_queue
from anban.web.contact import press_seen, seen_page
from anban.web.copies import COPY_DOORS, FOLDER
from anban.web.demo import advance_clock, sent
from anban.web.desk.acting import act_at_desk, look_at_words
from anban.web.desk.door import Desk
from anban.web.desk.family_doors import FAMILY_DESK
from anban.web.desk.lead import lead_page, put_shift, stop_shift, take_break
from anban.web.desk.login import log_in, log_out, login_page
from anban.web.desk.personas import decide_at_desk, persona_page, personas_page
from anban.web.desk.queue import desk_events, show_queue
from anban.web.desk.room import case_page, closed_page, desk_page
from anban.web.desk.roster import change_staff, list_staff, put_rota, put_staff, show_rota
from anban.web.desk.staff_doors import WHO_MAY_DOORS
from anban.web.drills import drill_so_far, list_drills, name_drill_person, post_drill
from anban.web.erasures import ERASURE_DOORS
from anban.web.evidence import decision, duties, ledger_tail, turn_service
from anban.web.family import (
    get_consents,
    get_family,
    get_limits,
    post_block,
    post_consent,
    post_home,
    post_invitation,
    post_spending,
    put_age,
    put_limits,
    put_mode,
    withdraw_consent,
)
from anban.web.gateway.body import Limits
from anban.web.gateway.chat import Gateway, chat_completions, models
from anban.web.gateway.events import acknowledge_event, events
from anban.web.gateway.idempotency import Replies
from anban.web.gateway.moderations import moderations
from anban.web.guardian import PAGES as GUARDIAN_PAGES
from anban.web.guardian.door import Console
from anban.web.guardianship import act_on_guardian, get_guardians, post_claim, post_code, post_link
from anban.web.headers import hardened, headed, with_cookie
from anban.web.health import Watched, healthz, metrics, openapi, readyz
from anban.web.helplines import line_feedback, list_lines
from anban.web.invited import invited_page, press_answer
from anban.web.kept import KEPT_DOORS
from anban.web.keys import KEY_DOORS
from anban.web.ledger import LEDGER_DOORS, Ledgers
from anban.web.manage import Office, get_person, put_person
from anban.web.me.doors import PAGES as MY_PAGES
from anban.web.oidc import provider_of
from anban.web.personas import decide_persona, get_persona, list_personas, write_persona
from anban.web.problems import answer_problem
from anban.web.processors import PROCESSOR_DOORS
from anban.web.studio import decide_wording, find_faults, list_words, preview, put_sign_off, put_wording
from anban.web.studio_page import STUDIO_PAGES
from anban.web.tokens import tokens_of
from anban.web.usage import USAGE_DOORS
from anban.web.user import Pages, chat_page, press_exit, say, status_page

log = structlog.get_logger()

HERE = Path(__file__).parent
TABLES = (
    _access, _cases, _conversations, _copies, _desk, _durable, _family, _kept, _keys, _ledger, _links, _network,
    _outreach, _people, _personas, _privacy, _risk, _usage,
)  # fmt: skip


@dataclass(frozen=True)
class House:
    """A deployment that is built and ready to be served."""

    settings: Settings
    register: Register
    rt: Runtime
    service: Service
    sequencer: Sequencer
    outreach: Outreach
    witnesses: dict[str, Witness]
    replies: Replies
    keyroom: KeyRoom
    bell: asyncio.Event
    """Rings when this process made a promise that may be due at once."""

    admin_key: str
    first_key: str | None
    demo_master_key: bool
    keys_back: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a key service that was gone at start answers: whoever serves this house builds it anew."""


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
        model=model,
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


def worker(house: House) -> Worker:
    """Who carries this house's cases on the slow clock."""
    rt, url = house.rt, house.settings.own_url

    def changed(user: str) -> None:
        rt.post.wake(user)
        rt.post.wake(DESK)

    async def gone(service: str, ref: str) -> None:
        rt.presence.forget(service, ref)
        house.replies.forget_person(service, ref)

    carrying = Carrying(
        db=rt.db,
        clock=rt.clock,
        keys=rt.keys,
        rules=rt.rules,
        words=rt.words,
        outreach=house.outreach,
        ringing=Ringing(rt.keys, rt.words, house.outreach, url),
        changed=changed,
        public_url=url,
    )
    copying = Copying(
        rt.db, rt.clock, rt.keys, rt.rules, rt.words, house.settings.data / FOLDER,
        house.settings.aigc_producer or house.service.name, partial(told_to_owner, words=rt.words),
    )  # fmt: skip
    carriers = {
        ACCESS: partial(carry_access, db=rt.db, clock=rt.clock, keys=rt.keys, rules=rt.rules),
        CRISIS: partial(carry_crisis, c=carrying),
        COPY: partial(carry_copy, c=copying),
        ERASURE: partial(carry_erasure, c=carrying, gone=gone),
        DRILL: partial(carry_drill, c=carrying),
        USAGE_DAY: partial(carry_usage_day, c=carrying, forget=rt.presence.forget),
        APPEAL: partial(carry_appeal, c=carrying),
        LETTER: partial(carry_letter, c=carrying),
        CLAIM: partial(carry_claim, c=carrying, forget=rt.presence.forget),
        RECHECK: partial(carry_recheck, c=carrying),
        RETENTION: partial(carry_retention, c=Sweeping(rt.db, rt.clock, rt.rules, people_held)),
        ROTATION: partial(carry_rotation, c=replace(house.keyroom, db=rt.db, clock=rt.clock)),
        WITNESS: partial(carry_witness, c=_witnessing(house)),
        WEEK: partial(carry_week, c=carrying, zone_of=zone_of),
    }
    return Worker(rt.db, rt.clock, carriers, new_id("work_"), house.bell)


def _witnessing(house: House) -> Witnessing:
    rt, rules = house.rt, house.rt.rules(house.service, frozenset[str](), house.rt.clock.now())
    every, away = rules.lasting("witness-push-seconds"), rules.lasting("witness-away-minutes")
    return Witnessing(rt.db, rt.clock, house.witnesses, every, away, rt.figures.witnessed)


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
    handlers: list[ControllerRouterHandler] = [
        chat_completions, models, moderations, events, acknowledge_event, press_exit,
        put_person, get_person, list_cases, list_queue, get_case, act_on_case,
        get_family, put_age, put_mode, get_consents, post_consent, withdraw_consent, get_limits, put_limits,
        post_block, post_spending, post_home, post_invitation,
        post_claim, post_code, post_link, get_guardians, act_on_guardian,
        post_appeal, post_answer, get_appeal_figures,
        ledger_tail, decision, duties, turn_service,
        line_feedback, list_lines,
        *USAGE_DOORS,
        *LEDGER_DOORS,
        *WHO_MAY_DOORS,
        *KEY_DOORS,
        *FAMILY_DESK,
        *KEPT_DOORS,
        *PROCESSOR_DOORS,
        *COPY_DOORS,
        *ERASURE_DOORS,
        *APPROACH_DOORS,
        *STUDIO_PAGES,
        *GUARDIAN_PAGES,
        *MY_PAGES,
        list_personas, get_persona, write_persona, decide_persona, personas_page, persona_page, decide_at_desk,
        list_words, preview, find_faults, put_wording, decide_wording, put_sign_off,
        post_drill, list_drills, name_drill_person, drill_so_far,
        list_staff, put_staff, change_staff, show_rota, put_rota,
        login_page, log_in, log_out, lead_page, put_shift, stop_shift, take_break,
        desk_page, case_page, closed_page, show_queue, desk_events, look_at_words, act_at_desk,
        healthz, readyz, metrics, openapi, chat_page, say, status_page, seen_page, press_seen,
        invited_page, press_answer,
        create_static_files_router("/static", [HERE / "web" / "static"], include_in_schema=False),
    ]  # fmt: skip
    if settings.demo:
        handlers += [advance_clock, sent]
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
    await _promise(house)
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


async def _promise(house: House) -> None:
    """What a service owes from its first start on, whoever is or is not there."""
    rt, at = house.rt, house.rt.clock.now()
    rules = rt.rules(house.service, frozenset[str](), at)
    with suppress(StorageFailed):  # promised at the next start; until then there is nothing that could be drilled
        await rt.db.write(partial(promise_drill, service=house.service.id, rules=rules, at=at))
        await rt.db.write(partial(promise_retention, service=house.service.id, rules=rules, at=at))
        await rt.db.write(partial(promise_usage_day, service=house.service.id, rules=rules, at=at))
        await rt.db.write(partial(promise_witnesses, names=sorted(house.witnesses), at=at))
        zone = zone_of(None, rules)
        await rt.db.write(partial(promise_weeks, service=house.service.id, rules=rules, zone=zone, at=at))


def _giving(part: Any) -> Callable[[], Any]:
    return lambda: part
