"""Who outside gets what of a person, and on which basis: each is declared, or is not asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from anban.base.errors import Misconfigured
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.standing import Standing
from anban.settings import Connector, Declared, Settings

log: Any = structlog.get_logger("anban.sharing")

DUTY: Final = "no-third-party-sharing"

SENT: Final[Mapping[Connector, tuple[str, ...]]] = {
    "model": ("messages",),
    "guard": ("messages",),
    "transcriber": ("recordings",),
    "channel": ("contacts", "alerts"),
    "witness": ("digests",),
    "key-service": ("keys",),
    "login": ("staff",),
    "analytics": ("figures",),
}
"""What each kind of connector is given, whoever stands behind it."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody outside who is given something. `reference` is the contract or the clause that the basis rests on.

    `mask`: identifiers are taken out of what leaves. `pseudonym`: a name that means nothing elsewhere goes along.
    """

    connector: Connector
    place: str
    name: str
    name_en: str
    country: str
    basis: str
    reference: str = ""
    declared: bool = True
    mask: bool = True
    pseudonym: bool = False

    @property
    def code(self) -> str:
        """How the ledger calls it: the kind of connector and where it is."""
        return f"{self.connector}:{self.place}"[:120]

    def shown(self) -> dict[str, Any]:
        """As the public list tells it."""
        return {
            "connector": self.connector,
            "place": self.place,
            "name": {"zh": self.name, "en": self.name_en or self.name},
            "country": self.country or None,
            "data": list(SENT[self.connector]),
            "basis": self.basis,
            "reference": self.reference or None,
            "declared": self.declared,
            "masked": self.mask and "messages" in SENT[self.connector],
        }


@dataclass(frozen=True, slots=True)
class Sharing:
    """Everybody outside whom this deployment gives something. None for a part that is our own or built in."""

    model: Party | None = None
    guard: Party | None = None
    transcriber: Party | None = None
    others: tuple[Party, ...] = ()

    @property
    def parties(self) -> tuple[Party, ...]:
        return (*(each for each in (self.model, self.guard, self.transcriber) if each is not None), *self.others)


@performs(DUTY)
def sharing_of(settings: Settings) -> Sharing:
    """Who is given what, as the settings declare it.

    Raises `Misconfigured` for a model, guard or transcriber outside that nobody declared: words go to nobody without a
    basis (draft art 14(2), final art 16). Channels are only told of: in danger they rest on a vital interest, and help
    is never withheld for want of a line in a file.
    """
    asked = {
        "model": settings.upstream_url,
        "guard": settings.guard_url,
        "transcriber": settings.transcribe_url,
    }
    model, guard, transcriber = (_party(settings, connector, url) for connector, url in asked.items())  # type: ignore[arg-type]
    return Sharing(model, guard, transcriber, (*_channels(settings), *_further(settings)))


def may_share(party: Party | None, standing: Standing, rules: Rulebook) -> bool:
    """Whether this person's words may go to that party.

    A minor's never without their guardian's separate consent (draft art 14(2), final art 17); an adult's where the
    basis is consent only with their own.
    """
    if party is None or not rules.owes(DUTY):
        return True
    if standing.is_minor or party.basis == "consent":
        return "sharing" in standing.consents
    return True


def _party(settings: Settings, connector: Connector, url: str | None) -> Party | None:
    host = urlsplit(url).hostname if url else None
    if host is None or _here(host):
        return None
    found = _declared(settings.processors, connector, host)
    if found is None and settings.demo:
        log.warning("sharing.undeclared", connector=connector, host=host)
        return Party(connector, host, host, host, "", "undeclared", declared=False)
    if found is None:
        raise Misconfigured(
            f"{connector} at {host} is outside, and no [[processors]] says who it is and on which basis it is given "
            "what people write; declare it, or say own = true where it is yours",
            field="processors",
        )
    return None if found.own else _of(found)


def _channels(settings: Settings) -> list[Party]:
    parties: list[Party] = []
    if settings.demo:
        return parties  # a demonstration tells nobody outside
    for each in settings.channels.get_secret_value():
        kind, name = str(each.get("kind", "")), str(each.get("name") or each.get("kind", ""))
        found = _declared(settings.processors, "channel", name) or _declared(settings.processors, "channel", kind)
        if found is None:
            log.warning("sharing.undeclared", connector="channel", channel=name)
            parties.append(Party("channel", name, name, name, "", "vital-interest", declared=False))
        elif not found.own:
            parties.append(_of(found, name))
    return parties


def _further(settings: Settings) -> list[Party]:
    """Those who get nothing that people write: witnesses, a key service, where staff log in; and others declared."""
    reached: list[tuple[Connector, str, str]] = []
    for each in settings.witnesses.get_secret_value():
        reached.append(("witness", _place(each.get("url")), "no-person"))
    if (kms := settings.kms.get_secret_value()) is not None:
        reached.append(("key-service", _place(kms.url), "no-person"))
    if settings.oidc_issuer:
        reached.append(("login", _place(settings.oidc_issuer), "undeclared"))
    parties: list[Party] = []
    for connector, place, basis in dict.fromkeys(reached):
        if not place or _here(place):
            continue
        found = _declared(settings.processors, connector, place)
        if found is None:
            parties.append(Party(connector, place, place, place, "", basis, declared=False))
        elif not found.own:
            parties.append(_of(found))
    told = {(each.connector, each.place) for each in parties}
    known = ("model", "guard", "transcriber", "channel")
    return parties + [
        _of(each)
        for each in settings.processors
        if each.connector not in known and not each.own and (each.connector, each.place) not in told
    ]


def _place(address: Any) -> str:
    """The host of an address; what is no address, such as a file beside the data, is nobody outside."""
    return (urlsplit(str(address)).hostname or "") if address else ""


def _declared(processors: Iterable[Declared], connector: Connector, place: str) -> Declared | None:
    return next((each for each in processors if each.connector == connector and each.place == place), None)


def _of(declared: Declared, place: str = "") -> Party:
    return Party(
        declared.connector, place or declared.place, declared.name, declared.name_en, declared.country, declared.basis,
        declared.reference, mask=declared.mask, pseudonym=declared.pseudonym,
    )  # fmt: skip


def _here(host: str) -> bool:
    """This very machine. Another machine of the operator's own is declared with `own = true`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
