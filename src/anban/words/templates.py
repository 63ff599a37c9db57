"""Our own words: said only where they are true."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from anban.base.errors import AnbanError
from anban.words.helplines import Audience, Helplines, Lang, load_helplines, say_lines
from anban.words.markup import fill
from anban.words.promise import NOTHING_DONE, Condition, PromiseBroken, PromiseState
from anban.words.reading import LANGS, Template, read_pages, read_templates

__all__ = [
    "Audience",
    "Lang",
    "PromiseBroken",
    "PromiseState",
    "Spoken",
    "Template",
    "Words",
    "WordsMissing",
    "load_words",
]


class WordsMissing(AnbanError):
    """No such template, page language or slot value."""

    code = "words_missing"


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words ready to be shown, with what is needed to find their source again."""

    text: str
    template_id: str
    version: int
    lang: Lang


Key = tuple[str, Lang]


class Own:
    """A service's own wording in place of some packaged templates; exchanged whole, at once for whoever renders."""

    def __init__(self, templates: Iterable[Template] = ()) -> None:
        self.templates: Mapping[Key, Template] = {}
        self.adopt(templates)

    def adopt(self, templates: Iterable[Template]) -> None:
        """From now on these are said, and no other own wording."""
        self.templates = {(template.id, template.lang): template for template in templates}


@dataclass(frozen=True, slots=True)
class Words:
    """Everything Anban itself can say. Needs no database and no network; `own` is filled by whoever has one."""

    templates: Mapping[Key, Template]
    pages: Mapping[Lang, Mapping[str, str]]
    helplines: Helplines
    own: Own = field(default_factory=Own)

    def with_wordings(self, live: Iterable[Template]) -> "Words":
        """The same words with a service's own wording in place of the packaged one; these stay as they are."""
        return replace(self, own=Own(live))

    def render(
        self,
        template_id: str,
        *,
        lang: Lang,
        audience: Audience = "adult",
        state: PromiseState = NOTHING_DONE,
        slots: Mapping[str, str] | None = None,
        turn: int = 0,
    ) -> Spoken:
        """The words of a template that are true in `state`.

        `turn` counts turns since the template was first used; variants follow each other so that nobody hears the same
        sentence twice in a row. The slots `lines`, `medical`, `police` and `emergency` (two routes) come from
        `state.lines`, or from memory when it is empty. Raises PromiseBroken when the whole template needs a state that
        is not so, WordsMissing for an unknown template or a slot without a value.
        """
        template = self.template(template_id, lang)
        if not template.needs.holds(state):
            raise PromiseBroken(f"{template_id} says what is not so")
        variants = template.variants_for(audience)
        slot = partial(self._slot, template, state, slots or {})
        text = fill(variants[turn % len(variants)], state, slot)
        return Spoken(text, template.id, template.version, lang)

    def template(self, template_id: str, lang: Lang) -> Template:
        """The template itself; WordsMissing when there is none."""
        found = self.own.templates.get((template_id, lang)) or self.templates.get((template_id, lang))
        if found is None:
            raise WordsMissing(f"no template {template_id} in {lang}")
        return found

    def page(self, lang: Lang) -> Mapping[str, str]:
        """All page words of one language: flat key to text."""
        return self.pages[lang]

    def unapproved(self) -> tuple[str, ...]:
        """Templates spoken to people that two professionals have not approved yet; `enforce` asks for none."""
        return tuple(sorted({template.id for template in self.spoken() if template.status != "approved"}))

    def spoken(self) -> tuple[Template, ...]:
        """Every template that people hear, own wording first, by id and language."""
        said = {**self.templates, **self.own.templates}
        return tuple(said[key] for key in sorted(said) if said[key].spoken_to == "person")

    def digest(self) -> str:
        """What a professional signs: any change of what people may hear, and when, gives another digest."""
        seen = hashlib.sha256()
        for template in self.spoken():
            said = {
                audience: [[(clause.text, _condition(clause.when)) for clause in variant] for variant in variants]
                for audience, variants in template.variants.items()
            }
            seen.update(repr((template.id, template.lang, _condition(template.needs), sorted(said.items()))).encode())
        return seen.hexdigest()

    def _slot(self, template: Template, state: PromiseState, given: Mapping[str, str], name: str) -> str:
        match name:
            case "lines":
                return say_lines(state.lines or self.helplines.from_memory(), template.lang)
            case "medical":
                return self.helplines.emergency("medical", state.lines).dialled(template.lang)
            case "emergency":
                return self._emergency(template.lang, state)
            case "police":
                return self.helplines.emergency("police", state.lines).dialled(template.lang)
            case _:
                if name not in given:
                    raise WordsMissing(f"{template.id} needs the slot {name}", field=name)
                return given[name]

    def _emergency(self, lang: Lang, state: PromiseState) -> str:
        """Two different routes for a body in danger; where one number answers for all, the second is a line to talk."""
        lines = state.lines or self.helplines.from_memory()
        first = [self.helplines.emergency(kind, state.lines) for kind in ("medical", "police")]
        routes = tuple(dict.fromkeys(line.dialled(lang) for line in (*first, *lines)))
        return (" 或 " if lang == "zh" else " or ").join(routes[:2])


def _condition(condition: Condition) -> list[tuple[str, list[str]]]:
    return sorted((name, sorted(allowed)) for name, allowed in condition.parts)


def load_words() -> Words:
    """Read every template and page word; Misconfigured when one is malformed or claims what its condition does not."""
    templates: dict[tuple[str, Lang], Template] = {
        (template.id, template.lang): template for lang in LANGS for template in read_templates(lang)
    }
    return Words(templates, {lang: read_pages(lang) for lang in LANGS}, load_helplines())
