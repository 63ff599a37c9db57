"""A bank of openings for those who write to a person in pain: a start in one's own voice, not a script."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import msgspec

from anban.base.errors import Misconfigured
from anban.words.helplines import Audience, Lang


class _Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    say: dict[Audience, list[str]]


@dataclass(frozen=True, slots=True)
class PhraseGroup:
    """Phrases for one moment of a conversation; `say` holds at least the adult's wording."""

    id: str
    title: str
    say: Mapping[Audience, tuple[str, ...]]

    def said_to(self, audience: Audience) -> tuple[str, ...]:
        """The phrases for `audience`, or the adult's where no others are needed."""
        return self.say.get(audience) or self.say["adult"]


def read_phrases(lang: Lang) -> tuple[PhraseGroup, ...]:
    """The phrase bank in the order of a conversation. `{service}` and `{name}` are for the desk to fill.

    Raises `Misconfigured` for a malformed file.
    """
    raw = files("anban.words").joinpath(lang, "phrases.yaml").read_bytes()
    try:
        groups = msgspec.yaml.decode(raw, type=list[_Group])
    except msgspec.MsgspecError as error:
        raise Misconfigured(f"{lang}/phrases.yaml: {error}") from error
    if missing := [group.id for group in groups if not group.say.get("adult")]:
        raise Misconfigured(f"{lang}/phrases.yaml: no words for adults in {missing}")
    return tuple(
        PhraseGroup(group.id, group.title, {audience: tuple(said) for audience, said in group.say.items()})
        for group in groups
    )
