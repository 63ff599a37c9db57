"""What the template studio takes over HTTP."""

from typing import Annotated, Literal

import msgspec
from litestar.params import Parameter

from anban.web.shapes import Short
from anban.words.helplines import Audience, Lang

TemplateId = Annotated[str, Parameter(min_length=1, max_length=80, pattern=r"^[a-z0-9.-]+$")]
WordingId = Annotated[str, Parameter(min_length=1, max_length=40, pattern=r"^[a-z0-9_]+$")]
Variant = Annotated[str, msgspec.Meta(min_length=1, max_length=4_000, pattern=r"^[^\x00]*$")]
Wordings = Annotated[
    dict[Audience, Annotated[list[Variant], msgspec.Meta(min_length=1, max_length=12)]], msgspec.Meta(min_length=1)
]
Act = Literal["approve", "live", "retire"]


class NewWording(msgspec.Struct, forbid_unknown_fields=True):
    """A service's own words for one template, by audience one text a variant. `by` is the log-in of a lead."""

    template: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    lang: Lang
    text: Wordings
    by: Short


class Deciding(msgspec.Struct, forbid_unknown_fields=True):
    """Under whose log-in something is decided."""

    by: Short


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """Words to look at: one text, or with `template` a whole wording in its markup."""

    lang: Lang = "zh"
    audience: Audience = "adult"
    text: Variant | None = None
    template: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    wording: Wordings | None = None


class NewSignOff(msgspec.Struct, forbid_unknown_fields=True):
    """A professional, and the digest of the words they read."""

    name: Short
    profession: Short
    registration: Short
    digest: Annotated[str, msgspec.Meta(min_length=64, max_length=64, pattern="^[0-9a-f]{64}$")]
    by: Short
