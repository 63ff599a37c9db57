"""Somebody asks for a real person: a promise of the desk's, durable before our words speak of it."""

from functools import partial

from anban.cases.course import course
from anban.cases.request import Wish, request_person
from anban.rails.post import DESK
from anban.rails.runtime import Runtime
from anban.rails.situation import Situation


async def ask_for_person(situation: Situation, rt: Runtime) -> None:
    """Raise the wish at any level (draft art 11(3)). Raises `StorageFailed`; without a user id nobody can be sent.

    What the words then say of the desk comes from the case that this leaves behind.
    """
    message, present, rules = situation.message, situation.present, situation.rules
    if present.user is None:
        rt.figures.gaps.labels("wish-without-user-id").inc()
        return
    wish = Wish(
        service=message.service.id,
        user=present.user.id,
        decision=message.decision,
        rulebook=rules.version,
        at=message.at,
        level=present.held.life,
        audience=situation.standing.audience,
        newcomer_hours=rules.number("queue-newcomer-hours"),
    )
    case = await rt.db.write(partial(request_person, wish=wish), urgent=True)
    present.case, present.course = case.id, course(case.events)
    rt.wake_work()
    rt.post.wake(DESK)
