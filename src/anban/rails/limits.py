"""Limits that a turn can run into; only stated here, never placed above danger."""

from dataclasses import dataclass

from anban.law.performs import performs
from anban.provider.models import Service


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that is reached: its name for the ledger and the words for it."""

    kind: str
    template: str


@performs("kill-switch")
def reached(service: Service) -> Limit | None:
    """The limit that stops this turn, or None.

    A switched-off service rests; help and exit stay (draft art 8, final art 9).
    """
    if service.state == "off":
        return Limit("switched-off", "limit.switched-off")
    return None
