"""Every door of the house in one list: an address that stands nowhere here does not exist."""

from typing import Final

from litestar.types import ControllerRouterHandler

from anban.web.appeals import get_appeal_figures, post_answer, post_appeal
from anban.web.approach import APPROACH_DOORS
from anban.web.caseroom import act_on_case, get_case, list_cases, list_queue
from anban.web.contact import press_seen, seen_page
from anban.web.copies import COPY_DOORS
from anban.web.demo import advance_clock, sent, take_model_away
from anban.web.desk.acting import act_at_desk, look_at_words
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
from anban.web.gateway.chat import chat_completions, models
from anban.web.gateway.events import acknowledge_event, events
from anban.web.gateway.moderations import moderations
from anban.web.guardian import PAGES as GUARDIAN_PAGES
from anban.web.guardianship import act_on_guardian, get_guardians, post_claim, post_code, post_link
from anban.web.health import healthz, metrics, openapi, readyz
from anban.web.helplines import line_feedback, list_lines
from anban.web.invited import invited_page, press_answer
from anban.web.kept import KEPT_DOORS
from anban.web.keys import KEY_DOORS
from anban.web.ledger import LEDGER_DOORS
from anban.web.manage import get_person, put_person
from anban.web.me.doors import PAGES as MY_PAGES
from anban.web.personas import decide_persona, get_persona, list_personas, write_persona
from anban.web.processors import PROCESSOR_DOORS
from anban.web.studio import decide_wording, find_faults, list_words, preview, put_sign_off, put_wording
from anban.web.studio_page import STUDIO_PAGES
from anban.web.usage import USAGE_DOORS
from anban.web.user import chat_page, press_exit, say, status_page

EVERY_DOOR: Final[tuple[ControllerRouterHandler, ...]] = (
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
)  # fmt: skip

DEMO_DOORS: Final[tuple[ControllerRouterHandler, ...]] = (advance_clock, take_model_away, sent)
"""What only a demonstration opens."""
