"""Bodies about age, consent, guardians, limits and appeals: strict, bounded, every fault named."""

from typing import Annotated, Literal

import msgspec

from anban.people.claims import Evidence
from anban.people.consents import Purpose
from anban.people.limits import Limits
from anban.web.shapes import LINE, Address, Route, Short, Words

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[a-z][a-z0-9.-]*$")]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[a-z0-9_]+$")]
Ref = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=LINE)]
PersonaName = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=LINE)]
TimeOfDay = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", min_length=5, max_length=5)]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=1440)]
Money = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", min_length=3, max_length=3)]
GivenBand = Literal["under-3", "3-7", "8-11", "12-15", "16-17", "adult", "elder"]


class GivenAge(msgspec.Struct, forbid_unknown_fields=True):
    """An age that was stated, proven, or that a device or a guardian tells; only this finding is kept, no proof.

    `source` is a code for how it was found, such as `id-check` or `device-os`.
    """

    kind: Literal["stated", "verified", "device", "guardian"]
    band: GivenBand
    source: Code
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


class GivenMode(msgspec.Struct, forbid_unknown_fields=True):
    """Enter minors' mode, or leave it; leaving names the guardian who agrees."""

    mode: Literal["minor", "ordinary"]
    ground: Literal["chosen", "device", "guardian"] = "chosen"
    guardian: Id | None = None


class GivenConsent(msgspec.Struct, forbid_unknown_fields=True):
    """One purpose, never several: which version of its text, and who agrees."""

    purpose: Purpose
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[A-Za-z0-9._-]+$")]
    by: Literal["user", "guardian"]
    guardian: Id | None = None


class Withdrawal(msgspec.Struct, forbid_unknown_fields=True):
    """Take back one purpose, at once."""

    purpose: Purpose
    by: Literal["user", "guardian"]
    guardian: Id | None = None


class GivenLimits(msgspec.Struct, forbid_unknown_fields=True):
    """Limits, whole: what is left out is not limited by these. A guardian's only tighten the rules."""

    by: Literal["guardian", "self"]
    guardian: Id | None = None
    minutes: Minutes | None = None
    quiet_from: TimeOfDay | None = None
    quiet_until: TimeOfDay | None = None
    reality_minutes: Annotated[int, msgspec.Meta(ge=15, le=180)] | None = None
    paused: bool = False
    spending: bool | None = None
    spend_each: Money | None = None
    spend_day: Money | None = None
    currency: Currency | None = None

    def limits(self) -> Limits:
        return Limits(
            self.minutes, self.quiet_from, self.quiet_until, self.reality_minutes, self.paused,
            self.spending, self.spend_each, self.spend_day, self.currency,
        )  # fmt: skip


class GivenBlock(msgspec.Struct, forbid_unknown_fields=True):
    """Close a character for this person, or open it again."""

    persona: PersonaName
    state: Literal["blocked", "open"]
    by: Literal["guardian", "self"]
    guardian: Id | None = None


class GivenPayment(msgspec.Struct, forbid_unknown_fields=True):
    """What the app wants to charge, in the smallest unit of the currency, under its own id for the request."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
    currency: Currency
    request: Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern="^[!-~]+$")]


class GivenMark(msgspec.Struct, forbid_unknown_fields=True):
    """The mark that somebody is unsafe at home: set by the child or the desk, taken back by the desk."""

    state: Literal["marked", "cleared"]
    by: Literal["user", "desk"]
    reason: Code = "said-so"


class Reached(msgspec.Struct, forbid_unknown_fields=True):
    """An address and the kind of it."""

    route: Route
    address: Address


class GivenClaim(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody claims to be a guardian: from one address, with a code to another. The evidence itself is not sent."""

    user: Ref
    name: Short
    evidence: Evidence
    claims_from: Reached
    code_to: Reached
    calls: Annotated[str, msgspec.Meta(max_length=40, pattern=LINE)] = ""


class GivenCode(msgspec.Struct, forbid_unknown_fields=True):
    """The code as it was entered."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=12, pattern="^[0-9]+$")]


class GuardianAct(msgspec.Struct, forbid_unknown_fields=True):
    """What is done about a claim or a guardian. Each act reads the fields that concern it."""

    by: Literal["user", "guardian", "desk"] = "user"
    guardian: Id | None = None
    responder: Annotated[str, msgspec.Meta(max_length=80, pattern=LINE)] = ""
    granted: bool = False


class GivenAppeal(msgspec.Struct, forbid_unknown_fields=True):
    """The person says that something is wrong. Nothing needs to be explained; words are read by a person only."""

    user: Ref
    about: Literal["age", "limit", "block", "mode", "other"]
    text: Words | None = None


class AppealAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A person's answer, under their name, with a reason code."""

    responder: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=LINE)]
    granted: bool
    reason: Code
