"""Bodies that the management API takes: strict, bounded, every fault named."""

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from anban.base.errors import BadInput

LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""No control characters: one of the databases refuses them, and nobody's name has any."""

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=LINE)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4_000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=LINE)]


Route = Literal["phone", "sms", "voice", "email", "webhook", "wecom", "dingtalk", "feishu", "push", "demo"]
"""`phone` is a number that takes both messages and calls; `sms` and `voice` say which to try first."""

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=LINE)]


class GivenWay(msgspec.Struct, forbid_unknown_fields=True):
    """One more way to the same contact."""

    route: Route
    address: Address


class GivenContact(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to call: by which route and under which address; further ways are tried after the first.

    `unsafe` says why telling this contact may harm the user: then they are not told unless two people decide so.
    `calls` is what the contact calls the user.
    """

    name: Short
    route: Route
    address: Address
    also: Annotated[list[GivenWay], msgspec.Meta(max_length=4)] = []
    unsafe: Annotated[str, msgspec.Meta(max_length=40, pattern="^[a-z-]*$")] = ""
    calls: Annotated[str, msgspec.Meta(max_length=40, pattern=LINE)] = ""


class PersonFacts(msgspec.Struct, forbid_unknown_fields=True):
    """Facts about a person; what is left out stays as it is."""

    birth_year: Annotated[int, msgspec.Meta(ge=1900, le=2100)] | None = None
    age_band: Literal["under_8", "8-11", "12-15", "16-17", "adult", "elder"] | None = None
    mode: Literal["ordinary", "minor", "elder"] | None = None
    time_zone: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    contacts: Annotated[list[GivenContact], msgspec.Meta(max_length=8)] | None = None
    guardians: Annotated[list[GivenContact], msgspec.Meta(max_length=8)] | None = None

    def facts(self) -> dict[str, Any]:
        """The given facts about the person themselves. Raises `BadInput` for a time zone that does not exist."""
        if self.time_zone is not None:
            try:
                ZoneInfo(self.time_zone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise BadInput("time_zone is not a known zone such as Asia/Shanghai", field="time_zone") from error
        given = {name: getattr(self, name) for name in ("birth_year", "age_band", "mode", "time_zone")}
        return {name: value for name, value in given.items() if value is not None}


class CaseAct(msgspec.Struct, forbid_unknown_fields=True):
    """What a responder does with a case, under their name. Each act reads the fields that concern it."""

    responder: Short
    text: Words | None = None
    level: Literal["L0", "L1", "L2", "L3", "L4"] | None = None
    outcome: Annotated[str, msgspec.Meta(max_length=64, pattern="^[a-z][a-z0-9-]*$")] | None = None
    contact: Annotated[str, msgspec.Meta(max_length=40, pattern="^[a-z0-9_]+$")] = "all"
    reason: Annotated[str, msgspec.Meta(max_length=120, pattern=LINE)] = ""
    number: Annotated[str, msgspec.Meta(max_length=20, pattern=r"^[0-9 +-]*$")] = ""
    follow_up_at: datetime | None = None
    checklist: Annotated[dict[str, bool], msgspec.Meta(max_length=12)] = {}


class Leaving(msgspec.Struct, forbid_unknown_fields=True):
    """Who presses the exit button, in which conversation."""

    user: Name
    conversation: Name | None = None


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    """Turn the service on or off."""

    state: Literal["on", "off"]


class Outage(msgspec.Struct, forbid_unknown_fields=True):
    """For how many seconds the demonstration's model does not answer; 0 ends it."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=600)]


class Advance(msgspec.Struct, forbid_unknown_fields=True):
    """Move the demonstration's clock forward."""

    advance_seconds: Annotated[float, msgspec.Meta(ge=0, le=366 * 86_400)]
