"""What follows from what was noticed: one pure, readable table. Danger before limits, limits before everything else."""

from collections.abc import Mapping
from typing import Literal

from anban.detectors.signal import Reading
from anban.law.performs import performs
from anban.people.standing import Standing
from anban.rails.limits import Limit
from anban.rails.verdict import Escalate, Proceed, Replace, Steer, Stop, Verdict
from anban.risk.models import Assessed, Held

FIRST_WORDS: Mapping[tuple[str, int], str] = {
    ("self", 4): "crisis.l4",
    ("self", 3): "crisis.l3",
    ("self", 2): "crisis.l2",
    ("health-emergency", 4): "health-emergency",
    ("health-emergency", 2): "health-emergency",
    ("threat", 3): "threat",
    ("threat", 2): "threat",
    ("violence", 2): "violence-urge",
    ("other", 2): "crisis.third-person",
}
"""The preset opening by theme and level (product sections 4.1 and 5.3)."""

REFUSED = ("sexual", "illegal", "political")
"""What a companion does not go along with (draft art 7, final art 8)."""


@performs("prohibited-content")
def decide(
    seen: Assessed,
    reading: Reading,
    held: Held,
    standing: Standing,
    limit: Limit | None,
    leaving: Literal["exit", "goodbye"] | None,
    thresholds: Mapping[str, float],
    bond: Replace | None = None,
) -> Verdict:
    """The verdict for one message. `held` is the person's level before this message."""
    if danger := _danger(seen, held):
        return danger
    if reading.unavailable:
        # Nobody could look, so absence of a sign means nothing: the companion rests, help stays.
        return Stop("outage.detectors", "detectors.unavailable")
    if limit is not None and not limit.personal:
        return Stop(limit.template, f"limit.{limit.kind}")
    if _over(reading, "asks-human", thresholds):
        return Replace("asks-human", "asks-human")
    # Time that is up ends no crisis: whoever is held in one is kept company until a person joins.
    if limit is not None and held.life < 3:
        return Replace("property.p2", "property.P2") if seen.property == 2 else _rests(limit, seen, held)
    if held.life >= 3:
        return Steer(("steer.hold",), "held.crisis", pause_persona=True)
    for kind in REFUSED:
        if _over(reading, kind, thresholds):
            return Replace("rail.stopped", f"refused.{kind}")
    if bond is not None:
        return bond
    if seen.property == 2:
        return Replace("property.p2", "property.P2")
    return _steered(seen, reading, held, standing, leaving, thresholds)


def without_storage(verdict: Verdict, seen: Assessed, held: Held) -> Escalate | Replace | None:
    """What is still said when nothing can be stored: our own words to whoever is or was in danger; None: nothing.

    A person in danger is never met with an error code alone (reliability section 4).
    """
    if isinstance(verdict, Escalate):
        return verdict
    if held.life >= 3:
        return Replace("crisis.hold", "held.crisis.unstored")
    if seen.life >= 2:
        return Replace(f"crisis.l{seen.life}", f"life.L{seen.life}.unstored")
    return Replace("outage.storage", "held.L2.unstored") if held.life == 2 else None


def _danger(seen: Assessed, held: Held) -> Verdict | None:
    if seen.life >= 2 and held.life >= max(seen.life, 3):
        return Escalate(seen.life, seen.theme, "crisis.hold", f"life.L{seen.life}.again")
    if seen.life >= 2 and seen.theme == "self" and held.life >= seen.life:
        # Asked once already: asking again each time would be an interrogation (product section 5.2).
        return Steer(("steer.l2",), "life.L2.again", pause_persona=True)
    if seen.life >= 2:
        words = FIRST_WORDS.get((seen.theme, seen.life), f"crisis.l{seen.life}")
        return Escalate(seen.life, seen.theme, words, f"life.L{seen.life}")
    if seen.property == 3:
        return Escalate(3, "property", "property.p3", "property.P3")
    return None


def _rests(limit: Limit, seen: Assessed, held: Held) -> Stop:
    """Somebody's time is up. Whoever says that they feel bad is heard first; the chat rests all the same."""
    if is_heard_first(seen, held):
        return Stop("limit.heard", f"limit.{limit.kind}")
    return Stop(limit.template, f"limit.{limit.kind}", limit.slots)


def is_heard_first(seen: Assessed, held: Held) -> bool:
    """Whether whoever meets a limit hears first that they were heard, at the start of an answer or in its middle."""
    return seen.life >= 1 or held.life >= 2


def _steered(
    seen: Assessed,
    reading: Reading,
    held: Held,
    standing: Standing,
    leaving: Literal["exit", "goodbye"] | None,
    thresholds: Mapping[str, float],
) -> Verdict:
    steers: list[tuple[str, str]] = []
    if held.life == 2:
        steers.append(("steer.l2", "held.L2"))
    elif seen.life == 1:
        steers.append(("steer.l1", "life.L1"))
    if seen.property == 1:
        steers.append(("steer.property", "property.P1"))
    bound = max(seen.dependence, held.dependence)
    if bound:
        steers.append(("steer.dependence.strong" if bound >= 3 else "steer.dependence", f"dependence.D{bound}"))
    if leaving == "goodbye":
        steers.append(("steer.goodbye", "goodbye"))
    if _over(reading, "asks-if-ai", thresholds):
        steers.append(("steer.asks-if-ai", "asks-if-ai"))
    if standing.audience != "adult":
        steers.append((f"steer.{standing.audience}", f"audience.{standing.audience}"))
    if not steers:
        return Proceed()
    return Steer(tuple(template for template, _ in steers), "+".join(rule for _, rule in steers))


def _over(reading: Reading, kind: str, thresholds: Mapping[str, float]) -> bool:
    limit = thresholds.get(kind)
    return limit is not None and reading.score(kind) >= limit
