"""A claim to be somebody's guardian, as it is stored: who claims, how far it has come, and what binds it."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import orjson
from sqlalchemy import Connection, Row, func, insert, or_, select, update

from anban.base.errors import BadInput, Conflict
from anban.base.ids import new_id
from anban.base.keys import DataKey, MasterKeys
from anban.base.times import aware
from anban.law.rulebook import Rulebook
from anban.people.family_models import guardians
from anban.people.letters import Way
from anban.people.models import User

Evidence = Literal["household-register", "birth-record", "court", "school", "account", "stated"]
"""What the service has looked at; the paper itself stays with nobody."""

State = Literal["claimed", "waiting", "bound", "refused", "revoked", "expired"]
OPEN: Final = ("claimed", "waiting")
WAITING_FOR_SOMEBODY: Final = ("home", "child", "age")
"""Why time alone binds nobody: `held` of a claim; `desk` means that the desk let it go on."""

_CLAIMANTS: Final = "guardian claimants"
_CODES: Final = "guardian codes"
_NOBODYS: Final = "guardian claims on nobody"


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims, from which address, and to which other address the code goes. `calls`: what they call the child."""

    name: str = field(repr=False)
    evidence: Evidence
    claims_from: Way = field(repr=False)
    code_to: Way = field(repr=False)
    calls: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim. `user` is None for a claim on nobody we know, which looks the same from outside.

    `held` says why it waits for the desk (home, child) or for the person themselves (age).
    """

    id: str
    user: str | None
    service: str
    state: State
    held: str
    evidence: str
    contact: str | None
    tries: int
    made_at: datetime
    waits_until: datetime | None
    bound_at: datetime | None
    claimant: str = field(repr=False)
    second: str = field(repr=False)
    code: str = field(repr=False)
    key_version: int = field(repr=False)
    sealed: bytes = field(repr=False)


def address_digest(keys: MasterKeys, way: Way) -> str:
    """A keyed digest of an address, the same however it is written and whichever master key is the newest."""
    oldest = keys.older[-1] if keys.older else keys.current
    return keys.derived(_CLAIMANTS, oldest).digest(normal(way[1]).encode("utf-8", "replace"))


def normal(address: str) -> str:
    """An address without what people write differently: blanks, hyphens, case, the country code of a number."""
    bare = "".join(char for char in address.casefold() if char not in " -()\u3000")
    return bare.removeprefix("+86").removeprefix("0086") if bare.lstrip("+").isdigit() else bare


def new_claim(
    connection: Connection, keys: MasterKeys, service: str, user: User | None, given: Claimant, held: str, at: datetime
) -> tuple[str, str]:
    """Store a claim; (its id, its code). The code is kept as a digest only."""
    identifier = new_id("gua_")
    code = f"{secrets.randbelow(1_000_000):06}"
    told = orjson.dumps({"name": given.name, "calls": given.calls, "from": given.claims_from, "to": given.code_to})
    version = 0 if user is None else user.key.version
    connection.execute(
        insert(guardians).values(
            id=identifier, user=None if user is None else user.id, service=service, state="claimed", held=held,
            claimant=address_digest(keys, given.claims_from), second=address_digest(keys, given.code_to),
            evidence=given.evidence, code=code_digest(keys, identifier, code), tries=0, made_at=at,
            key_version=version, sealed=_key(keys, user).seal(told, _place(identifier, version)),
        )
    )  # fmt: skip
    return identifier, code


def code_digest(keys: MasterKeys, identifier: str, code: str) -> str:
    """What of a code is kept."""
    return keys.derived(_CODES).digest(f"{identifier}|{code}".encode("utf-8", "replace"))


def claimant_of(keys: MasterKeys, user: User | None, claim: Claim) -> Claimant:
    """Who claims, opened."""
    key = _key(keys, user)
    sealing = key if user is None else key.of(claim.key_version)
    told = orjson.loads(sealing.open(claim.sealed, _place(claim.id, claim.key_version)))
    first, second = (told["from"][0], told["from"][1]), (told["to"][0], told["to"][1])
    return Claimant(told["name"], claim.evidence, first, second, told["calls"])  # pyright: ignore[reportArgumentType]


def within_limits(connection: Connection, keys: MasterKeys, given: Claimant, at: datetime, rules: Rulebook) -> None:
    """Raises `BadInput` when both addresses are one, `Conflict` when this claimant has claimed too often, or too many.

    Counted over both addresses and over every person, known or not, so that refusals tell nothing about anybody.
    """
    if normal(given.claims_from[1]) == normal(given.code_to[1]):
        raise BadInput("the code goes to another address than the one you claim from", field="code_to")
    mine = {address_digest(keys, given.claims_from), address_digest(keys, given.code_to)}
    same = or_(guardians.c.claimant.in_(mine), guardians.c.second.in_(mine))
    since = at - rules.lasting("guardian-claim-days")
    made = connection.execute(select(func.count()).where(same, guardians.c.made_at > since)).scalar() or 0
    if made >= rules.whole("guardian-claims-most"):
        raise Conflict("too many claims from here; ask the service's own people", code="too_many_claims")
    if minors_of(connection, mine) >= rules.whole("guardian-minors-most"):
        raise Conflict("too many minors for one guardian; ask the service's own people", code="too_many_minors")


def minors_of(connection: Connection, addresses: set[str]) -> int:
    """To how many people a claimant with these address digests is bound."""
    same = or_(guardians.c.claimant.in_(addresses), guardians.c.second.in_(addresses))
    found = connection.execute(
        select(func.count(guardians.c.user.distinct())).where(same, guardians.c.state == "bound")
    )
    return found.scalar() or 0


def read_claim(connection: Connection, identifier: str, *, locked: bool = False) -> Claim | None:
    """One claim; with `locked`, nobody else changes it until this transaction ends."""
    wanted = select(guardians).where(guardians.c.id == identifier)
    row = connection.execute(wanted.with_for_update() if locked else wanted).first()
    return None if row is None else _claim(row)


def claims_on(connection: Connection, user: str, *states: str) -> tuple[Claim, ...]:
    """The claims on a person in these states, or all of them, oldest first."""
    wanted = select(guardians).where(guardians.c.user == user).order_by(guardians.c.id)
    if states:
        wanted = wanted.where(guardians.c.state.in_(states))
    return tuple(_claim(row) for row in connection.execute(wanted))


def bound_with(connection: Connection, service: str, address: str) -> tuple[Claim, ...]:
    """The guardians of a service who are bound under this address digest."""
    same = or_(guardians.c.claimant == address, guardians.c.second == address)
    wanted = select(guardians).where(same, guardians.c.service == service, guardians.c.state == "bound")
    return tuple(_claim(row) for row in connection.execute(wanted.order_by(guardians.c.id)))


def held_claims(connection: Connection, service: str) -> tuple[Claim, ...]:
    """The claims of a service that wait for a person: unsafe at home, refused by the child, of an unknown age."""
    wanted = select(guardians).where(
        guardians.c.service == service, guardians.c.state.in_(OPEN), guardians.c.held.in_(WAITING_FOR_SOMEBODY),
        guardians.c.user.is_not(None),
    )  # fmt: skip
    return tuple(_claim(row) for row in connection.execute(wanted.order_by(guardians.c.id)))


def set_claim(connection: Connection, identifier: str, **values: Any) -> None:
    """Move a claim on."""
    connection.execute(update(guardians).where(guardians.c.id == identifier).values(**values))


def _key(keys: MasterKeys, user: User | None) -> DataKey:
    oldest = keys.older[-1] if keys.older else keys.current
    return keys.derived(_NOBODYS, oldest) if user is None else user.key


def _place(identifier: str, version: int) -> str:
    return f"guardians|{identifier}|{version}"


def _claim(row: Row[Any]) -> Claim:
    def moment(stored: datetime | None) -> datetime | None:
        return None if stored is None else aware(stored)

    return Claim(
        row.id, row.user, row.service, row.state, row.held, row.evidence, row.contact, row.tries, aware(row.made_at),
        moment(row.waits_until), moment(row.bound_at), row.claimant, row.second, row.code, row.key_version, row.sealed,
    )  # fmt: skip
