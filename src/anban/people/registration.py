"""What somebody who is not registered yet may try, said plainly, and what is still missing from their file."""

from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.consents import consents_missing
from anban.people.standing import Standing


@performs("registration-facts")
def preview_left(standing: Standing, turns_today: int, rules: Rulebook) -> int | None:
    """How many turns somebody unregistered has left today; None for who is registered. Danger is never counted."""
    if standing.registered:
        return None
    return max(0, rules.whole("preview-turns-per-day") - turns_today)


@performs("registration-facts", "service-agreement")
def missing(standing: Standing, rules: Rulebook) -> tuple[str, ...]:
    """What registration still asks for: age, agreement, guardian or contact, and a guardian's consents."""
    lacks: list[str] = []
    if standing.ground == "unknown":
        lacks.append("age")
    if "agreement" not in standing.consents:
        lacks.append("agreement")
    if standing.ground != "unknown" and not standing.registered:
        lacks.append("guardian" if standing.is_minor else "contact")
    return (*lacks, *(f"consent:{each}" for each in consents_missing(standing, rules)))
