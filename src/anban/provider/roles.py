"""Who may do what here, and what do they never see? One closed table; everything that checks a role reads it.

No role can change what stands in the ledger: there is no such right to give (reliability section 8).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

StaffRole = Literal["responder", "lead", "engineer", "officer", "auditor", "data-engineer", "administrator"]
"""What an account at the desk can be."""

Role = Literal["user", "guardian", "contact", StaffRole]

Right = Literal[
    "own.page", "child.overview", "letter.answer",
    "desk.work", "desk.lead", "access.ask", "access.decide",
    "people.read", "people.write", "cases.read", "cases.act", "appeals.answer", "complaints.read", "complaints.write",
    "evidence.read", "duties.read", "drills.read", "drills.run", "rota.read", "rota.write",
    "staff.read", "staff.write", "service.write", "keys.read", "keys.write",
    "words.read", "words.write", "personas.read", "personas.write", "lines.read",
    "data.read", "data.write",
]  # fmt: skip
"""What can be allowed. `own.page` and the two after it belong to people outside, who come in by doors of their own."""

Sight = Literal["words", "identity", "unclaimed", "others", "staff-names", "diagnosis", "evidence", "secrets"]
"""What somebody may never see: what was said, who somebody is, what was said and by whom before a claim, other people,
who at the desk it was, scores as if they were a diagnosis, the record of what was done, keys and passwords."""


@dataclass(frozen=True, slots=True)
class Powers:
    """What a role may do and never sees. `code` says that a second factor is needed each time, whoever vouches."""

    may: frozenset[Right]
    never: frozenset[Sight]
    code: bool = False
    tier: int = 0
    """The line in which they are called when nothing else is said; 0 stands on no rota."""


def _powers(*may: Right, never: tuple[Sight, ...], code: bool = False, tier: int = 0) -> Powers:
    return Powers(frozenset(may), frozenset({*never, "secrets"}), code, tier)


ROLES: Final[Mapping[Role, Powers]] = MappingProxyType(
    {
        "user": _powers("own.page", never=("others", "staff-names", "diagnosis")),
        "guardian": _powers("child.overview", "letter.answer", never=("words", "others", "staff-names", "diagnosis")),
        "contact": _powers("letter.answer", never=("words", "others", "staff-names", "diagnosis")),
        "responder": _powers("desk.work", "access.ask", "rota.read", "lines.read", never=("unclaimed",), tier=1),
        "lead": _powers(
            "desk.work", "desk.lead", "access.ask", "access.decide", "appeals.answer", "complaints.read",
            "complaints.write", "rota.read", "rota.write", "words.read", "words.write", "personas.read",
            "personas.write", "lines.read", "drills.read", never=("unclaimed",), tier=3,
        ),
        "engineer": _powers(
            "evidence.read", "duties.read", "drills.read", "drills.run", "words.read", "personas.read", "lines.read",
            never=("words", "identity", "staff-names"),
        ),
        "officer": _powers(
            "access.ask", "access.decide", "people.read", "cases.read", "complaints.read", "complaints.write",
            "evidence.read", "duties.read", "drills.read", "drills.run", "rota.read", "staff.read", "words.read",
            "personas.read", "lines.read", "keys.read", never=("unclaimed",), code=True,
        ),
        "auditor": _powers(
            "evidence.read", "duties.read", "drills.read", "words.read", "lines.read",
            never=("words", "identity", "staff-names"),
        ),
        "data-engineer": _powers("data.read", "data.write", "duties.read", never=("words", "identity", "staff-names")),
        "administrator": _powers(
            "staff.read", "staff.write", "rota.read", "rota.write", "service.write", "keys.read", "keys.write",
            "duties.read", "lines.read", never=("words", "identity", "evidence"), code=True,
        ),
    }
)  # fmt: skip
"""The whole table (product section 2). Acting and auditing are never one role: whoever keeps accounts, keys and the
switch does not read the evidence, and whoever reads the evidence switches nothing."""

STAFF_ROLES: Final[tuple[StaffRole, ...]] = get_args(StaffRole)


def may(role: Role, right: Right) -> bool:
    """Whether somebody in this role may do this at all; who it is about is checked where it is done."""
    return right in ROLES[role].may


def needs_code(role: Role) -> bool:
    """Whether this role comes in with a second factor only, also where somebody else's log-in vouches for it."""
    return ROLES[role].code


def usual_tier(role: StaffRole) -> int:
    """The line in which this role is called, where none was chosen."""
    return ROLES[role].tier
