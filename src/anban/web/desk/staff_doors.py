"""Every door of accounts, keys and access, for `app.py`."""

from litestar.types import ControllerRouterHandler

from anban.web.desk.access import ACCESS_DOORS
from anban.web.desk.account import ACCOUNT_DOORS
from anban.web.desk.oidc import OIDC_DOORS
from anban.web.desk.staff_keys import STAFF_KEY_DOORS
from anban.web.me.leaving import LEAVE_DOORS
from anban.web.reads import READ_DOORS

WHO_MAY_DOORS: tuple[ControllerRouterHandler, ...] = (
    *ACCOUNT_DOORS, *STAFF_KEY_DOORS, *ACCESS_DOORS, *OIDC_DOORS, *READ_DOORS, *LEAVE_DOORS,
)  # fmt: skip
