"""What somebody who is not registered yet may try, said plainly, and what is still missing from their file."""

from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.consents import consents_missing
from anban.people.standing import Standing


def preview_turns(rules: Rulebook) -> int | None:
    """How many turns a day a service gives to who has not registered; None where it asks nobody to register."""
    return rules.whole("preview-turns-per-day") if rules.holds("registration-required") else None


@performs("registration-facts")
def preview_left(standing: Standing, turns_today: int, rules: Rulebook) -> int | None:
    """How many turns somebody unregistered has left today; None where nothing is counted. Danger is never counted."""
    given = preview_turns(rules)
    return None if given is None or not _asked(standing) else max(0, given - turns_today)


@performs("registration-facts", "service-agreement")
def missing(standing: Standing, rules: Rulebook) -> tuple[str, ...]:
    """What registration still asks for: age, agreement, guardian or contact, and a guardian's consents."""
    return (*_asked(standing), *(f"consent:{each}" for each in consents_missing(standing, rules)))


def _asked(standing: Standing) -> tuple[str, ...]:
    """What the person themselves, and whoever they name, have still to do."""
    lacks: list[str] = []
    if standing.ground == "unknown":
        lacks.append("age")
    if "agreement" not in standing.consents:
        lacks.append("agreement")
    if standing.ground != "unknown" and not standing.registered:
        lacks.append("guardian" if standing.is_minor else "contact")
    return tuple(lacks)
