"""What may this person at the desk do with this case now?"""

from anban.web.desk.door import SignedIn
from anban.web.desk.reading import Seen

SEEING = frozenset({"note", "call", "hold", "release", "tell-now"})
"""What whoever reads the conversation may do; without having read it nobody acts on it."""

HOLDING = frozenset({"say", "typing", "second-opinion", "hand-back", "close"})


def allowed(seen: Seen, who: SignedIn) -> frozenset[str]:
    """The acts that are open to them. The case's own rules stand behind these and refuse what is too late."""
    case, so_far = seen.case, seen.so_far
    if not case.is_open:
        return _afterwards(seen, who)
    if so_far.claimed_by == who.staff.id:
        join = {"join"} if so_far.joined_at is None else set[str]()
        return HOLDING | SEEING | join | _debrief(seen, who)
    found = {"claim"} if so_far.claimed_by is None else set[str]()
    if seen.reading is not None:
        found |= SEEING
        if so_far.claimed_by is None and (seen.reading == "follow-up" or who.staff.role == "lead"):
            found |= {"close", "follow-up"}
    return frozenset(found | _debrief(seen, who))


def _afterwards(seen: Seen, who: SignedIn) -> frozenset[str]:
    found = set(_debrief(seen, who))
    if seen.reading is not None:
        found.add("reopen")
        if seen.reading in ("follow-up", "supervision") or _took_part_and_reads(seen, who):
            found.add("follow-up")
        if seen.case.state == "closed" and who.staff.id not in took_part(seen):
            found.add("review")
    return frozenset(found)


def _took_part_and_reads(seen: Seen, who: SignedIn) -> bool:
    """Who held a minor's case follows it up under an approval."""
    return seen.reading == "granted" and who.staff.id in took_part(seen)


def took_part(seen: Seen) -> frozenset[str]:
    """Whoever held or closed the case."""
    return frozenset(event.actor for event in seen.case.events if event.kind in ("claimed", "closed"))


def _debrief(seen: Seen, who: SignedIn) -> frozenset[str]:
    return frozenset({"debrief"}) if who.staff.id in took_part(seen) else frozenset()


def appeal_acts(is_open: bool, *, reading: bool) -> frozenset[str]:
    """What anybody at the desk may do with an appeal: nobody answers it without having opened it."""
    if not is_open:
        return frozenset({"open"})
    return frozenset({"open", "grant", "keep"}) if reading else frozenset({"open"})


def claim_acts(who: SignedIn, *, looked: bool) -> frozenset[str]:
    """What they may do with a held claim to be a guardian: leads alone, and only after looking at who claims."""
    if who.staff.role != "lead":
        return frozenset()
    return frozenset({"open", "release", "refuse"}) if looked else frozenset({"open"})


def home_acts(who: SignedIn, asked_by: str) -> frozenset[str]:
    """What they may do with a mark "unsafe at home": anybody asks that it be taken back, somebody else agrees."""
    return frozenset() if asked_by == who.staff.id else frozenset({"clear"})
