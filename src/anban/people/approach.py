"""Whether somebody may be written to without having asked: asked by whatever writes on its own account."""

from datetime import datetime

from anban.law.performs import performs
from anban.people.models import User
from anban.people.standing import Standing


@performs("minors-mode", "free-exit")
def may_approach(user: User, standing: Standing, at: datetime) -> bool:
    """False for minors at all times, and for everybody in the hours of quiet after they left (draft art 18, final 19).

    Safety does not ask: care, a takeover and what a contact is told come when they are due.
    """
    return not standing.is_minor and (user.quiet_until is None or at >= user.quiet_until)
