"""How does a guardian come in, and what do they and the child see?"""

from anban.web.guardian.acts import act_as_guardian
from anban.web.guardian.console import guardian_page, guardian_table
from anban.web.guardian.door import (
    ask_guardian_link,
    enter_guardian,
    guardian_enter_page,
    guardian_login_page,
    leave_guardian,
)
from anban.web.guardian.mirror import mirror_page, mirror_table

PAGES = (
    guardian_login_page, ask_guardian_link, guardian_enter_page, enter_guardian, leave_guardian,
    guardian_page, guardian_table, act_as_guardian, mirror_page, mirror_table,
)  # fmt: skip
"""Every door of guardians, and the child's mirror."""
