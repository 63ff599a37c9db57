"""What a crisis case owes next, and when: pure, of its course, its people, who is on duty, the rules and the time.

Two ladders run side by side and never wait for each other. The desk: page, second line, everybody, until somebody has
joined. The contacts: told at once when it is happening now, otherwise after a short look by a person; silence sends.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from anban.cases.course import TELLS_FROM, Attempt, Course
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.risk.ladder import LIFE_NAMES

LEAD = 3
"""The tier of those who are called when the lines before them have not answered."""

LONGER = 2
"""How often the pause between alarms doubles: each quarter of an hour, then each half, then each hour, without end."""

TRIGGERS = {
    "self": ("suicide", "self-harm"),
    "health-emergency": ("life", "health"),
    "threat": ("life",),
    "property": ("major-property-loss", "property"),
}
"""Which of the law's occasions a theme is (`contact-triggers`); for others a person decides."""


@dataclass(frozen=True, slots=True)
class Reach:
    """One contact as far as the plan cares: how many steps (ways times channels) there are, and whether it is safe."""

    id: str
    steps: int
    unsafe: str = ""
    answers_for_a_minor: bool = False
    """Whether this is the guardian of somebody under age, who is told at once (final art 14)."""


@dataclass(frozen=True, slots=True)
class Page:
    """Call this tier of the desk."""

    tier: int
    why: str


@dataclass(frozen=True, slots=True)
class Call:
    """Reach those who were paged outside the desk's page; tier 0 is everybody."""

    tier: int


@dataclass(frozen=True, slots=True)
class OffHours:
    """Nobody is on duty: say so, and call the leads all the same."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Call everybody: the desk has not answered, or nobody could be told."""

    why: str


@dataclass(frozen=True, slots=True)
class HoldBack:
    """This contact may be the danger: a person decides first."""

    contact: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Send to this contact by this step. `again` repeats a send whose end nobody knows, under its own id."""

    contact: str
    step: int
    turn: int
    again: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nobody could be told, for this reason."""

    why: str


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Ask the person gently how the next day is."""


Owed = Page | Call | OffHours | Alarm | HoldBack | Tell | Unreachable | CheckIn


def owed(
    course: Course, reach: Sequence[Reach], duty: Collection[int], rules: Rulebook, now: datetime
) -> tuple[tuple[Owed, ...], datetime | None]:
    """Everything owed at `now`, and when to look again (None: only when something happens).

    `duty` are the tiers somebody is on duty in; `reach` the contacts in the order to call them.
    """
    found: list[Owed] = []
    later: list[datetime] = []
    for ladder in (_desk(course, duty, rules, now), _contacts(course, reach, rules, now), _after(course, rules, now)):
        for each in ladder:
            if not isinstance(each, datetime):
                found.append(each)
            elif each > now:
                later.append(each)
    return tuple(found), min(later, default=None)


@performs("crisis-takeover")
def _desk(course: Course, duty: Collection[int], rules: Rulebook, now: datetime) -> Iterator[Owed | datetime]:
    """Page, then the second line, then everybody (draft art 11(3)). An L2 needs a person's eyes, not their sleep."""
    if not course.open:
        return
    for tier in dict.fromkeys(course.unrung):
        yield Call(tier)
    if course.claimed_by is not None:
        yield from _joining(course, rules, now)
        return
    since = course.waiting_since
    if since is None:
        return
    if course.level == 2 and not course.requested:
        since += rules.lasting("desk-review-hours")
        if since > now:
            yield since
            return
    # An L2 whose hours have run out, and a wish for a person, go by the pace of L3.
    within = timedelta(seconds=rules.table("takeover-claim-seconds")[LIFE_NAMES[max(course.level, 3)]])
    alarm = since + rules.lasting("desk-alarm-seconds")
    if course.paged:
        higher = [tier for tier in sorted(duty) if tier > max(course.paged)]
        if higher and max(course.paged) < LEAD:
            second = max(course.paged.values()) + within
            yield Page(higher[0], "unclaimed") if now >= second else second
    elif duty:
        yield Page(min(duty), "opened" if course.level >= TELLS_FROM else "asked")
    else:
        if not course.off_hours:
            yield OffHours()
        alarm = since
        yield now + rules.lasting("desk-recheck-minutes")
    pause = rules.lasting("desk-alarm-again-minutes") * 2 ** min(max(len(course.alarmed) - 1, 0), LONGER)
    again = course.alarmed[-1] + pause if course.alarmed else alarm
    yield Alarm("unclaimed" if course.paged or duty else "off-hours") if now >= again else again


def _joining(course: Course, rules: Rulebook, now: datetime) -> Iterator[Owed | datetime]:
    """Who claimed must join: a claim that stays silent is a person left alone."""
    within = timedelta(seconds=rules.table("takeover-join-seconds")[LIFE_NAMES[max(course.level, 3)]])
    if course.joined_at is None:
        since, why = course.claimed_at, "not-joined"
    else:
        # They joined, the person wrote, and nobody has answered: a lead looks, and may hand back in their place.
        since, why = course.wrote_at, "unanswered"
    if since is None or any(at >= since + within for at in course.alarmed):
        return
    yield Alarm(why) if now >= since + within else since + within


@performs("contact-told", "elder-contact", "property-loss-help", "guardian-alerts")
def _contacts(course: Course, reach: Sequence[Reach], rules: Rulebook, now: datetime) -> Iterator[Owed | datetime]:
    """Tell the contacts, one after the other, channel after channel (draft art 11(3), 13(1); final art 13)."""
    if not course.open or course.danger_since is None or course.confirmed:
        return
    if course.hurried_at is None and not set(TRIGGERS.get(course.theme, ())) & set(rules.names("contact-triggers")):
        return
    window = rules.table("contact-review-seconds")[LIFE_NAMES[max(course.level, TELLS_FROM)]]
    if any(each.answers_for_a_minor for each in reach):
        window = min(window, rules.number("guardian-alert-seconds"))
    start = course.hurried_at or course.danger_since + timedelta(seconds=window)
    holding = [each for each in reach if each.unsafe and each.id not in course.released]
    for each in holding:
        if course.holds_back(each.id) is None:
            yield HoldBack(each.id, each.unsafe)
    if course.theme == "threat" and course.holds_back("all") is None and "all" not in course.released:
        # Who threatens may be the one we would call: a person decides.
        yield HoldBack("all", "theme.threat")
        return
    free = [each for each in reach if not each.unsafe or each.id in course.released]
    everybody = course.holds_back("all")
    if everybody is not None:
        ends = everybody.at + rules.lasting("contact-hold-imminent-seconds")
        if course.level < 4:
            if everybody.by == "anban":
                yield from _decide(course, everybody.at, rules, now)
            return
        if now < ends:
            yield ends
            return
        # Happening now and two minutes gone: whoever was not named as the danger is told (product section 5.5).
        start = max(start, ends)
    free = [each for each in free if not any(hold.contact == each.id for hold in course.holds)]
    if now < start:
        yield start
        return
    free = [each for each in free if each.steps]
    if not free:
        why = "held" if holding else "no-channel" if reach else "nobody-on-file"
        if not course.unreachable:
            yield Unreachable(why)
            yield Alarm(f"contacts-{why}")
        return
    yield from _rounds(course, free, start, rules, now)


def _decide(course: Course, since: datetime, rules: Rulebook, now: datetime) -> Iterator[Owed | datetime]:
    """We held telling back ourselves, and only a person lifts that: they are called when none has decided."""
    late = since + rules.lasting("desk-alarm-seconds")
    if not any(at >= late for at in course.alarmed):
        yield Alarm("hold-undecided") if now >= late else late


def _rounds(
    course: Course, free: Sequence[Reach], start: datetime, rules: Rulebook, now: datetime
) -> Iterator[Owed | datetime]:
    """The list of contacts, round after round, until somebody has confirmed.

    Times run from what was really sent, so that a case taken up late goes on in order instead of all at once.
    """
    receipt, alarm = rules.lasting("contact-receipt-seconds"), start + rules.lasting("desk-alarm-seconds")
    begins = start
    for turn in range(rules.whole("outreach-rounds")):
        if now < begins:
            yield begins
            break
        sent = [each.first_at for each in course.attempts if each.turn == turn]
        if not sent:
            yield Tell(free[0].id, 0, turn)
            break
        last = min(sent)
        for place, each in enumerate(free):
            opens = min(sent) + place * rules.lasting("outreach-contact-seconds")
            for step in range(each.steps):
                due = _due(course, each.id, step, turn, opens, rules.lasting("outreach-channel-seconds"))
                if due is None:
                    break
                last = max(last, due)
                made = _made(course, each.id, step, turn)
                if made is not None:
                    yield from _again(made, rules, now)
                else:
                    yield Tell(each.id, step, turn) if now >= due else due
        # The next round's turn comes after this one's receipts had their time.
        begins = last + receipt
    else:
        if now < begins:
            yield begins
        elif course.unreachable == 0:
            yield Unreachable("no-answer")
            yield Alarm("contacts-no-answer")
    if not any(at >= alarm for at in course.alarmed):
        yield Alarm("contacts-silent") if now >= alarm else alarm


def _due(course: Course, contact: str, step: int, turn: int, opens: datetime, channel: timedelta) -> datetime | None:
    """When a step is due: a channel's time after the one before, or at once when that one was refused.

    None while the one before has not been taken.
    """
    if step == 0:
        return opens
    before = _made(course, contact, step - 1, turn)
    if before is None:
        return None
    refused = before.outcome == "refused" and before.settled_at is not None
    return before.settled_at if refused else before.first_at + channel


def _made(course: Course, contact: str, step: int, turn: int) -> Attempt | None:
    return next(
        (each for each in course.attempts if (each.contact, each.step, each.turn) == (contact, step, turn)), None
    )


def _again(made: Attempt, rules: Rulebook, now: datetime) -> Iterator[Owed | datetime]:
    """A send whose end nobody knows, or whose process died before it could tell, is sent once more under its id."""
    if made.outcome in ("accepted", "refused"):
        return
    most = rules.whole("outreach-repeats")
    if made.outcome == "unknown" and made.tries > most:
        return
    pause = timedelta(seconds=rules.number("outreach-repeat-seconds") * 2 ** (min(made.tries, most) - 1))
    due = (made.settled_at or made.at) + pause
    yield Tell(made.contact, made.step, made.turn, made) if now >= due else due


def _after(course: Course, rules: Rulebook, now: datetime) -> Iterator[Owed | datetime]:
    """The day after: one gentle question, once."""
    if course.open or course.closed_at is None or course.checked_in or course.level < 2:
        return
    due = course.follow_up_at or course.closed_at + rules.lasting("aftercare-hours")
    yield CheckIn() if now >= due else due
