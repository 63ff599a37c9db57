"""The files our words stand in, read once; what is malformed or untrue does not load."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, TypeVar

import msgspec

from anban.base.errors import Misconfigured
from anban.words.claims import claims
from anban.words.helplines import Audience, Lang
from anban.words.markup import Clause, parse
from anban.words.promise import Condition, read_condition

T = TypeVar("T")

LANGS: tuple[Lang, ...] = ("zh", "en")
BUILT_IN_SLOTS = frozenset({"lines", "medical", "police", "emergency"})


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    version: int
    when: str
    text: dict[Audience, list[str]]
    needs: list[str] = []
    slots: list[str] = []
    status: Literal["draft", "approved"] = "draft"
    approved_by: list[str] = []


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spoken_to: Literal["person", "model"]
    templates: list[_Entry]


@dataclass(frozen=True, slots=True)
class Template:
    """One thing to say, in one language; `variants` holds at least the adult's wording."""

    id: str
    version: int
    lang: Lang
    when: str
    spoken_to: Literal["person", "model"]
    needs: Condition
    slots: frozenset[str]
    status: Literal["draft", "approved"]
    approved_by: tuple[str, ...]
    variants: Mapping[Audience, tuple[tuple[Clause, ...], ...]]

    def variants_for(self, audience: Audience) -> tuple[tuple[Clause, ...], ...]:
        """The wording for `audience`, or the adult's where no other is needed."""
        return self.variants.get(audience) or self.variants["adult"]


@cache
def read_templates(lang: Lang) -> tuple[Template, ...]:
    """All templates of one language; Misconfigured for a malformed file, a twin id or an untrue claim."""
    found: dict[str, Template] = {}
    for file in _yaml_files(lang, pages=False):
        for template in _read(file, lang):
            if template.id in found:
                raise Misconfigured(f"two templates are called {template.id} in {lang}")
            found[template.id] = template
    return tuple(found.values())


def reworded(base: Template, text: Mapping[Audience, Sequence[str]], version: int, by: Sequence[str]) -> Template:
    """`base` in other words, approved by `by`; id, slots and needed states stay as they are.

    Raises ValueError for words that cannot be read as a template, or that claim what need not be so.
    """
    variants = _variants(text, base.slots, base.needs, base.spoken_to, base.lang)
    return replace(base, variants=variants, version=version, status="approved", approved_by=tuple(by))


@cache
def read_pages(lang: Lang) -> Mapping[str, str]:
    """Page words from every `pages*.yaml`, flat key to text; Misconfigured when a key is given twice."""
    words: dict[str, str] = {}
    for file in _yaml_files(lang, pages=True):
        found = _decode(file, dict[str, str])
        if twice := words.keys() & found.keys():
            raise Misconfigured(f"page words given twice: {sorted(twice)}")
        words.update(found)
    return words


def _yaml_files(lang: Lang, *, pages: bool) -> list[Traversable]:
    every = sorted(files("anban.words").joinpath(lang).iterdir(), key=lambda file: file.name)
    found = [file for file in every if file.name.endswith(".yaml") and file.name != "phrases.yaml"]
    return [file for file in found if file.name.startswith("pages") == pages]


def _decode(file: Traversable, shape: type[T]) -> T:
    try:
        return msgspec.yaml.decode(file.read_bytes(), type=shape)
    except msgspec.MsgspecError as error:
        raise Misconfigured(f"{file.name}: {error}") from error


def _read(file: Traversable, lang: Lang) -> Iterator[Template]:
    content = _decode(file, _File)
    for entry in content.templates:
        try:
            yield _template(entry, content.spoken_to, lang)
        except ValueError as error:
            raise Misconfigured(f"{lang}/{file.name}: {entry.id}: {error}") from error


def _template(entry: _Entry, spoken_to: Literal["person", "model"], lang: Lang) -> Template:
    needs = read_condition("&".join(entry.needs)) if entry.needs else Condition()
    variants = _variants(entry.text, frozenset(entry.slots), needs, spoken_to, lang)
    if entry.status == "approved" and len(set(entry.approved_by)) < 2:
        raise ValueError("approved needs two different people")
    return Template(
        id=entry.id,
        version=entry.version,
        lang=lang,
        when=entry.when,
        spoken_to=spoken_to,
        needs=needs,
        slots=frozenset(entry.slots),
        status=entry.status,
        approved_by=tuple(entry.approved_by),
        variants=variants,
    )


def _variants(
    text: Mapping[Audience, Sequence[str]],
    slots: Collection[str],
    needs: Condition,
    spoken_to: Literal["person", "model"],
    lang: Lang,
) -> Mapping[Audience, tuple[tuple[Clause, ...], ...]]:
    variants: dict[Audience, tuple[tuple[Clause, ...], ...]] = {
        audience: tuple(parse(each) for each in texts) for audience, texts in text.items()
    }
    if not all(variants.values()) or "adult" not in variants:
        raise ValueError("has no words for adults, or an empty list")
    for clause in (clause for texts in variants.values() for each in texts for clause in each):
        if unknown := clause.slots - BUILT_IN_SLOTS - set(slots):
            raise ValueError(f"undeclared slots {sorted(unknown)}")
        if spoken_to == "person":
            _refuse_untrue(clause, needs, lang)
    return variants


def _refuse_untrue(clause: Clause, needs: Condition, lang: Lang) -> None:
    condition = clause.when.also(needs)
    for claim in claims(clause.text, lang):
        if not any(condition.implies(allowed) for allowed in claim.allowed):
            raise ValueError(f"claims {claim.id} where that need not be so")
