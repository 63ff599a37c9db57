"""What of somebody's own stands beside their chat: their safety card, and whom they may ring from a slow-down card."""

from collections.abc import Mapping
from dataclasses import dataclass

from anban.base.db import Connection
from anban.people.contacts import every_contact
from anban.people.models import Contact, User
from anban.people.safety_card import SafetyCard, card_of
from anban.words.helplines import Lang

SLOW_FROM = 2
"""The property level from which the slow-down card stands open (product section 4.2)."""

DIALLED = ("phone", "sms", "voice")


@dataclass(frozen=True, slots=True)
class Beside:
    """The card where one is written, contacts as something to press, and whether money is in danger."""

    card: SafetyCard | None = None
    callable: tuple[dict[str, str], ...] = ()
    slow: bool = False


NOTHING = Beside()


def beside_chat(connection: Connection, user: User, property_level: int) -> Beside:
    """Read it for one person; `property_level` is where they are held."""
    card = card_of(connection, user)
    contacts = tuple(dialled(each) for each in every_contact(connection, user) if can_ring(each))
    return Beside(card if card is not None and card.written else None, contacts, property_level >= SLOW_FROM)


def can_ring(contact: Contact) -> bool:
    """Whether the person may be offered to ring this contact: there is a number, and they did not say no."""
    return contact.state not in ("declined", "withdrawn") and not contact.unsafe and _number(contact) != ""


def dialled(contact: Contact) -> dict[str, str]:
    """A contact as something to press."""
    return {"name": contact.name, "number": _number(contact)}


def tail(address: str) -> str:
    """The end of an address: enough to know it again, too little for whoever looks over one's shoulder."""
    return address[-4:]


def politely(words: Mapping[str, str], lang: Lang, *, elder: bool) -> Mapping[str, str]:
    """The words of a page; in Chinese an elder is addressed with 您."""
    if not elder or lang != "zh":
        return words
    return {key: text.replace("你", "您") for key, text in words.items()}


def _number(contact: Contact) -> str:
    found = next((address for route, address in contact.ways if route in DIALLED), "")
    return "".join(each for each in found if each.isdigit() or each == "+")
