"""The desk's doors to what families wait for, for `app.py`."""

from litestar.types import ControllerRouterHandler

from anban.web.desk.appeals import act_on_appeal, appeal_page, appeals_page
from anban.web.desk.claims import act_on_claim, claim_page, clear_mark

FAMILY_DESK: tuple[ControllerRouterHandler, ...] = (
    appeals_page, appeal_page, act_on_appeal, claim_page, act_on_claim, clear_mark,
)  # fmt: skip
