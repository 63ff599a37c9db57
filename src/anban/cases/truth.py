"""What may be said of a case: which promises are kept already, and which are not."""

from anban.cases.course import Course
from anban.cases.owed import TRIGGERS
from anban.words.helplines import Line
from anban.words.promise import Contact, PromiseState, Takeover


def promise_state(course: Course | None, lines: tuple[Line, ...] = (), *, staffed: bool = False) -> PromiseState:
    """The state that templates are bound to (product section 5.3). Without a case nothing has been done.

    `staffed` tells whether somebody is on duty at this moment.
    """
    desk = "open" if staffed else "none"
    if course is None:
        return PromiseState(lines=lines, desk=desk)
    return PromiseState(takeover=_takeover(course), contact=_contact(course), lines=lines, desk=desk)


def _takeover(course: Course) -> Takeover:
    if course.claimed_by is not None:
        return "joined"
    if course.waiting_since is None:
        return "none"
    if course.paged:
        return "asked"
    return "off_hours" if course.off_hours else "none"


def _contact(course: Course) -> Contact:
    if course.confirmed:
        return "received"
    if course.told is not None:
        return "sent"
    if course.holds:
        return "held"
    promised = course.theme in TRIGGERS and course.theme != "threat"
    if promised and course.open and course.danger_since is not None and course.contacts_known:
        # Only inside the review window: afterwards what was tried is what counts.
        return "will" if not course.attempts else "none"
    return "none"
