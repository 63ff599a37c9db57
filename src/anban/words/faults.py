"""What stands in the way of a new wording: it cannot be read, it could be untrue, or the linter holds something."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from anban.words.helplines import Audience
from anban.words.lint import lint
from anban.words.markup import Clause
from anban.words.promise import KNOWN, Condition, PromiseState
from anban.words.reading import Template, reworded
from anban.words.templates import Words

Wording = Mapping[Audience, Sequence[str]]
"""By audience, one text a variant, in the markup of templates."""

TRIAL_SLOT = "…"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to change: which rule, in whose variant, the words at fault, and why in both languages."""

    rule: str
    why_zh: str
    why_en: str
    audience: Audience = "adult"
    variant: int = 0
    said: str = ""


def faults(words: Words, base: Template, text: Wording) -> tuple[Fault, ...]:
    """Everything against saying `text` in place of `base`, over every audience, variant and state; empty: nothing.

    The promise check comes first: words that could claim what is not so are not rendered at all.
    """
    try:
        tried = reworded(base, text, base.version, ("trial", "trial"))
    except ValueError as error:
        return (Fault("promise", f"不能用：{error}", f"cannot be used: {error}"),)
    found: dict[tuple[str, Audience, int, str], Fault] = {}
    for audience, variant, said in rendered(words, tried):
        for hit in lint(said, base.lang, audience):
            at = said[slice(*hit.span)].strip()
            fault = Fault(hit.rule, hit.why_zh, hit.why_en, audience, variant, at)
            found.setdefault((hit.rule, audience, variant, at), fault)
    return tuple(found.values())


def rendered(words: Words, template: Template) -> Iterator[tuple[Audience, int, str]]:
    """Each different text that people may get to see of `template`: audience, variant, words."""
    trial = words.with_wordings((template,))
    slots = dict.fromkeys(template.slots, TRIAL_SLOT)
    for audience, variants in template.variants.items():
        for turn, variant in enumerate(variants):
            texts: set[str] = {
                trial.render(
                    template.id, lang=template.lang, audience=audience, state=state, slots=slots, turn=turn
                ).text
                for state in states(template.needs, variant)
            }
            for text in sorted(texts):
                yield audience, turn, text


def states(needs: Condition, clauses: tuple[Clause, ...]) -> Iterator[PromiseState]:
    """The states that make a difference to these words, and in which they may be said."""
    named = {name for condition in (needs, *(clause.when for clause in clauses)) for name, _ in condition.parts}
    values = [KNOWN[name] if name in named else KNOWN[name][:1] for name in ("takeover", "contact")]
    desks = KNOWN["desk"] if "desk" in named else ("none",)
    for takeover, contact, desk in product(*values, desks):
        state = PromiseState(takeover=takeover, contact=contact, desk=desk)  # pyright: ignore[reportArgumentType]
        if needs.holds(state):
            yield state


def raw_text(template: Template) -> dict[Audience, list[str]]:
    """A template's words as somebody would write them: the start of a new wording."""
    return {
        audience: ["".join(_written(clause) for clause in variant) for variant in variants]
        for audience, variants in template.variants.items()
    }


def _written(clause: Clause) -> str:
    if not clause.when.parts:
        return clause.text
    condition = "&".join(f"{name}:{'|'.join(_in_order(name, allowed))}" for name, allowed in clause.when.parts)
    return f"{{{condition}→{clause.text}}}"


def _in_order(name: str, allowed: frozenset[str]) -> list[str]:
    return [value for value in KNOWN[name] if value in allowed]
