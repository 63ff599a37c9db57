"""Whole nights at random, in virtual time: people claim, hand back and hold, providers fail, processes die.

Two promises are looked at after every step: nothing forbidden ever happens (safety), and what is owed happens in time
once the world holds still (liveness). A seed is a night; the same seed is the same night.
"""

import random
from datetime import timedelta

from anban.cases.course import Course
from anban.cases.owed import Reach, Tell, Unreachable
from tests.cases.timeline import ELDERS, RULES, START, Night

PEOPLE = ("stf_lin", "stf_chen", "stf_wang")


class Broken(AssertionError):
    """A rule of the house was broken in this night."""


def night_of(seed: int) -> Night:
    """Live through one night and check it."""
    chance = random.Random(seed)
    reach = [
        Reach(f"con_{number}", chance.choice([0, 1, 2, 3]), chance.choice(["", "", "", "named-by-user"]))
        for number in range(chance.randrange(4))
    ]
    night = Night(
        level=chance.choice([2, 3, 3, 4, 4]),
        theme=chance.choice(["self", "self", "self", "property", "threat", "health-emergency", "other"]),
        reach=reach,
        duty=chance.choice([(), (1,), (1, 2), (1, 2, 3)]),
        rules=chance.choice([RULES, ELDERS]),
        answer=lambda act: chance.choices(["accepted", "refused", "unknown", None], [6, 2, 2, 2])[0],
    )
    at = 0.0
    for _ in range(chance.randrange(1, 25)):
        at += chance.choice([1, 5, 29, 31, 60, 119, 300, 1800]) * chance.random()
        night.until(seconds=at)
        _forbidden(night)
        _something(night, chance)
    # The world holds still from here: everything owed must come about in time.
    night.answer = lambda act: "accepted"
    calm = night.second
    night.until(seconds=calm + 3 * 3600)
    _forbidden(night)
    _promised(night, calm)
    return night


def _something(night: Night, chance: random.Random) -> None:
    """One thing that people or the world do, where it can be done."""
    course = night.course
    who = chance.choice(PEOPLE)
    if not course.open:
        if chance.random() < 0.2:
            night.happens("reopened", who, level=course.level, theme=course.theme)
        return
    what = chance.choice(
        ["claimed", "joined", "handed_back", "closed", "held", "released", "confirmed", "raised", "requested", "duty"]
    )
    match what:
        case "claimed" if course.claimed_by is None:
            night.happens("claimed", who)
        case "joined" if course.claimed_by and course.joined_at is None:
            night.happens("joined", course.claimed_by)
        case "handed_back" if course.claimed_by:
            night.happens("handed_back", course.claimed_by)
        case "closed" if chance.random() < 0.3:
            night.happens("closed", who, level="L1")
        case "held":
            contact = chance.choice(["all", *(each.id for each in night.reach)])
            night.happens("held", who, contact=contact, reason="asked")
        case "released" if course.holds:
            night.happens(
                "released", who, contact=chance.choice([each.contact for each in course.holds]), seconded=True
            )
        case "confirmed" if course.attempts and chance.random() < 0.4:
            night.happens("confirmed", "contact", contact=chance.choice(course.attempts).contact)
        case "raised" if course.level < 4:
            night.happens("raised", level=course.level + 1, theme=course.theme)
        case "requested" if course.claimed_by is None:
            night.happens("requested", requested=True)
        case "duty":
            night.duty = chance.choice([(), (1,), (1, 2), (1, 2, 3)])
        case _:
            return


def _forbidden(night: Night) -> None:
    """Nothing was sent to whom it may not be sent, nor when it may not, nor for ever."""
    unsafe = {each.id for each in night.reach if each.unsafe}
    past = Night(level=night.level, theme=night.theme, reach=night.reach)
    past.events.clear()
    accepted: set[str] = set()
    tries: dict[str, int] = {}
    for event in night.events:
        before = past.course
        if event.kind == "attempted":
            send, contact = event.facts["send"], event.facts["contact"]
            tries[send] = tries.get(send, 0) + 1
            held = before.holds_back(contact)
            own_hold = any(hold.contact == contact for hold in before.holds)
            _no(contact in unsafe and contact not in before.released, "an unsafe contact was told", night)
            _no(own_hold and contact not in before.released, "a contact that was held was told", night)
            _no(held is not None and before.level < 4, "a contact was told during a hold", night)
            _no(bool(before.confirmed), "somebody was called after a receipt", night)
            _no(not before.open, "somebody was called for a closed case", night)
            _no(send in accepted, "an accepted send was repeated", night)
            _no(tries[send] > 6 and before_outcome(before, send) == "unknown", "a send was repeated without end", night)
            since = before.danger_since
            early = since is not None and event.at < since + timedelta(seconds=300 if before.level < 4 else 0)
            _no(early and before.hurried_at is None, "a contact was told inside the window", night)
        if event.kind == "sent" and event.facts["outcome"] == "accepted":
            accepted.add(event.facts["send"])
        if event.kind == "paged":
            _no(before.claimed_by is not None, "the desk was paged for a case that somebody holds", night)
        past.events.append(event)


def before_outcome(course: Course, send: str) -> str | None:
    """How the newest try of this send ended, as far as known."""
    return next((each.outcome for each in course.attempts if each.send == send), None)


def _promised(night: Night, calm: float) -> None:
    """With everything working for three hours, nobody waits unseen and nobody is untold in silence."""
    course = night.course
    if not course.open:
        return
    if course.claimed_by is None and course.waiting_since is not None and (course.level >= 3 or course.requested):
        _no(not course.paged and not course.off_hours, "nobody was paged, and nobody said so", night)
        _no(not course.alarmed, "an unclaimed case alarmed nobody", night)
        latest = max((course.alarmed[-1] - START).total_seconds(), 0)
        _no(latest < calm, "the alarm stopped while nobody had claimed", night)
    tells = course.danger_since is not None and course.theme in ("self", "property", "health-emergency")
    if not tells or course.confirmed:
        return
    free = [each for each in night.reach if each.steps and (not each.unsafe or each.id in course.released)]
    if any(hold.contact == "all" for hold in course.holds) and course.level < 4:
        return
    free = [each for each in free if not any(hold.contact == each.id for hold in course.holds)]
    if free:
        told = {attempt.contact for attempt in course.attempts if attempt.outcome is not None}
        _no(not {each.id for each in free} <= told, "a contact that could be told was not", night)
    else:
        gone = any(isinstance(act, Unreachable) for _, act in night.done)
        _no(not gone and not any(isinstance(act, Tell) for _, act in night.done), "untold, and nobody knows", night)


def _no(so: bool, what: str, night: Night) -> None:
    if so:
        story = "\n".join(
            f"  +{(event.at - START).total_seconds():8.1f} {event.kind} {dict(event.facts)}" for event in night.events
        )
        raise Broken(f"{what}; level {night.level} {night.theme} reach {night.reach} duty {night.duty}\n{story}")
