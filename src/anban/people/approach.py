"""Whether somebody may be written to without having asked: asked by whatever writes on its own account."""

from datetime import datetime
from typing import Literal

from anban.law.performs import performs
from anban.people.models import User
from anban.people.standing import Standing

Kept = Literal["minor", "left"]
"""Why somebody is not approached: minors never are, and nobody is in the hours of quiet after they left."""


@performs("minors-mode", "free-exit")
def kept_from(user: User, standing: Standing, at: datetime) -> Kept | None:
    """Why this person may not be approached at `at`; None where they may (draft art 12, 18, final art 14, 19).

    Safety does not ask about age: care, a takeover and what a contact is told come to minors too, when they are due.
    """
    if standing.is_minor:
        return "minor"
    return "left" if in_quiet(user, at) is not None else None


def may_approach(user: User, standing: Standing, at: datetime) -> bool:
    """Whether something may be sent to this person that they did not ask for."""
    return kept_from(user, standing, at) is None


@performs("free-exit")
def in_quiet(user: User, at: datetime) -> datetime | None:
    """Until when somebody who left is left alone; None once that is over. A question of care can wait that long too."""
    return user.quiet_until if user.quiet_until is not None and at < user.quiet_until else None
