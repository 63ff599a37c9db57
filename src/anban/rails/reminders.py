"""Reminders of one person: minors' mode and its minutes, what is real, one's own limit, dependence. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from anban.conversations.sessions import Session
from anban.conversations.shown import Given
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.elder_setup import Occasion, guidance_due
from anban.people.standing import Standing
from anban.rails.limits import Left
from anban.risk.dependence import measured
from anban.risk.models import Held

ORDER = ("mode.minor", "break", "soon", "reality", "own-limit", "dependence", "ai.first", "preview", "setup", "guide")
"""Which notice goes first (product section 4.5); danger and comfort come before them all."""

CRISIS = 3
"""From this life level on only what the law sets a time for is shown, after the words of comfort."""


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that must be given now. `window` makes it unique; `again` is one that the app never confirmed.

    `pictured`: the person's own figures come along for the app to draw.
    """

    kind: str
    window: str
    template: str
    slots: dict[str, str] = field(default_factory=dict[str, str])
    again: Given | None = None
    pictured: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """That minors' mode was put on for a suspicion: which one, and what gave rise to it, in words for the person."""

    id: str
    category: str


@dataclass(frozen=True, slots=True)
class Person:
    """What these reminders go by, at one moment. `own_day` is the day on which a limit of one's own is used up."""

    standing: Standing = Standing()
    held: Held = Held()
    left: Left | None = None
    own_day: str | None = None
    switch: Switch | None = None
    zoned: datetime | None = None
    """The moment on the person's own clock."""

    asks: tuple[Occasion, datetime] | None = None
    """That an elder is to name somebody to be called, on which occasion, and since when that is so."""

    preview: int | None = None
    """Turns that are left of a first look, the one at hand included; None where nothing is counted."""


NOBODY = Person()


def reminders_due(session: Session | None, given: Iterable[Given], rules: Rulebook, person: Person) -> tuple[Due, ...]:
    """Every reminder of this person that is due and was not given in its window, in no order."""
    told = tuple(given)
    found: list[Due | None] = [mode_due(person)]
    if person.held.life < CRISIS:
        found += [soon_due(rules, person), own_limit_due(rules, person), dependence_due(rules, person)]
        found += [guide_due(told, rules, person), contact_due(rules, person), preview_due(person)]
        if session is not None:
            found.append(reality_due(session, told, rules, person))
    known = {(each.kind, each.window) for each in told}
    return tuple(due for due in found if due is not None and (due.kind, due.window) not in known)


def mode_due(person: Person) -> Due | None:
    """Minors' mode was put on because of something noticed: said at once, with the reason and the way to appeal."""
    if person.switch is None or not person.standing.suspected:
        return None
    slots = {"category": person.switch.category}
    return Due("mode.minor", f"mode|{person.switch.id}", "notice.mode.minor", slots)


def soon_due(rules: Rulebook, person: Person) -> Due | None:
    """The companion will rest in a few minutes: for the day's time or for the night."""
    left = person.left
    if left is None or not 0 < left.seconds <= rules.lasting("minors-limit-warning-minutes").total_seconds():
        return None
    template = "notice.quiet-soon" if left.why == "quiet" else "limit.minor-soon"
    return Due("soon", f"soon|{left.window}", template, {"minutes": str(left.minutes)})


@performs("reality-reminder")
def reality_due(session: Session, given: Iterable[Given], rules: Rulebook, person: Person) -> Due | None:
    """A minor is told again that this is no person, each interval of continuous use (draft art 12(1), final art 14).

    A break reminder says it too, so the two never follow each other within one interval.
    """
    if not person.standing.is_minor or not rules.owes("reality-reminder"):
        return None
    interval = reality_interval(person.standing, rules).total_seconds()
    passed = int(session.seconds // interval)
    if passed < 1:
        return None
    since = session.last_at - timedelta(seconds=session.seconds - passed * interval)
    if any(each.kind in ("break", "reality") and each.at >= since for each in given):
        return None
    return Due("reality", f"{session.id}|{passed}", "notice.reality")


def reality_interval(standing: Standing, rules: Rulebook) -> timedelta:
    """The interval that the guardian chose, within what the rules allow; else the rules' own."""
    chosen = standing.guardian_limits.reality_minutes
    if chosen is None:
        return rules.lasting("reality-reminder-interval")
    least, most = rules.lasting("reality-reminder-least-minutes"), rules.lasting("reality-reminder-most-minutes")
    return min(max(timedelta(minutes=chosen), least), most)


def own_limit_due(rules: Rulebook, person: Person) -> Due | None:
    """Somebody has used up the minutes that they set for themselves: said once that day, and nothing is locked."""
    if person.own_day is None or (person.left is not None and person.left.seconds <= 0):
        return None
    minutes = str(person.standing.own_limits.minutes)
    return Due("own-limit", f"own|{person.own_day}", "notice.own-limit", {"minutes": minutes})


@performs("dependence-reminder")
def dependence_due(rules: Rulebook, person: Person) -> Due | None:
    """Signs of dependence, D2 and up: at most once a week, with one's own figures (draft art 16(2), final art 18)."""
    if person.held.dependence < 2 or person.held.life >= 2 or person.zoned is None:
        return None
    if not rules.sets("ai-notice-occasions") or "dependence" not in rules.names("ai-notice-occasions"):
        return None
    year, week, _ = person.zoned.isocalendar()
    nights = measured(person.held.reasons).get("nights", 0)
    template, slots = ("notice.dependence.nights", {"nights": str(nights)}) if nights else ("notice.dependence", {})
    return Due("dependence", f"week|{year}-{week:02d}", template, slots, pictured=True)


@performs("registration-facts")
def preview_due(person: Person) -> Due | None:
    """Who has not registered where that is asked is told once a day how many turns they have to look around."""
    if person.preview is None or person.preview < 1 or person.zoned is None or person.held.life >= 2:
        return None
    return Due("preview", f"preview|{person.zoned.date()}", "notice.preview", {"turns": str(person.preview)})


def guide_due(given: Iterable[Given], rules: Rulebook, person: Person) -> Due | None:
    """Elders are told how to use this well, and plainly of money and health: at first use and monthly, in calm times.

    (Draft art 13(1), final art 15.)
    """
    if person.zoned is None or person.held.life >= 2 or person.held.property:
        return None
    times = [each.at for each in given if each.kind == "guide"]
    if not guidance_due(person.standing, times, person.zoned, rules):
        return None
    return Due("guide", f"guide|{person.zoned.date()}", "notice.elder.guide")


@performs("elder-contact")
def contact_due(rules: Rulebook, person: Person) -> Due | None:
    """An elder is asked, gently and in calm times, to name somebody who may be called, or whether they still fit.

    At registration, after a skip at the next visit, and yearly (draft art 13(1), final art 12 and 15); who lets it pass
    without a word is asked again a month later.
    """
    if person.asks is None or person.zoned is None or person.held.life >= 2 or person.held.property:
        return None
    occasion, since = person.asks
    month = int((person.zoned - since) / rules.lasting("elder-guidance-days"))
    template = "notice.elder.contact-yearly" if occasion == "yearly" else "notice.elder.contact"
    return Due("setup", f"setup|{occasion}|{since:%Y-%m-%d}|{month}", template)


def first_of(found: Iterable[Due]) -> Due | None:
    """The one that goes first; of two of a kind the one that the app never confirmed."""
    return min(found, key=lambda due: (ORDER.index(due.kind), due.again is None), default=None)
