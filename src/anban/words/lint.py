"""Safe-messaging linter: what nobody, machine or colleague, should say to a person in pain."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import re2

from anban.words.helplines import Audience, Lang


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing not to say. A hit inside a match of `unless` is no hit; with `denied`, nor is one that is denied."""

    id: str
    find: list[str]
    why_zh: str
    why_en: str
    unless: list[str] = []
    audience: tuple[Audience, ...] = ("adult", "minor", "elder")
    denied: bool = False


class _Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    zh: str
    en: str


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shape of a message. Sentence length is counted in characters without spaces (zh) or in words (en).

    `denied` says how words are taken back or told as another's before they are said: "you are not selfish", "he calls
    you weak". It is looked for in the same clause, at most `denied_within` characters before them.
    """

    sentence_end: str
    longest_sentence: int
    unit: str
    questions: str
    exclamations: str
    number: str
    human_sentence: int
    pause: str
    list_item: str
    list_lines: str
    denied: list[str]
    denied_within: int
    clause_end: str
    why: dict[str, _Reason]


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: _Form
    never: list[_Rule]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to change before sending: which rule, where (start, end), and why in both languages."""

    rule: str
    span: tuple[int, int]
    why_zh: str
    why_en: str


@dataclass(frozen=True, slots=True)
class _Patterns:
    rules: _Rules
    never: tuple[tuple[_Rule, Any, Any | None], ...]
    sentence: Any
    unit: Any
    questions: Any
    exclamations: Any
    number: Any
    pause: Any
    list_item: Any
    list_lines: Any
    denied: Any
    clause_end: Any


def lint(text: str, lang: Lang, audience: Audience = "adult") -> list[Finding]:
    """Everything in `text` that breaks the safe-messaging rules, in order of place; empty when it may be sent.

    Rules follow WHO and Samaritans guidance on speaking of suicide; they are data in `rules/`. Linear time in the
    length of the text. An empty answer does not make words wise: a person still reads them.
    """
    patterns = _patterns(lang)
    found = [*_never(text, audience, patterns), *_shape(text, patterns)]
    return sorted(found, key=lambda finding: (finding.span, finding.rule))


def sentences(text: str, lang: Lang) -> tuple[tuple[int, int], ...]:
    """Where each sentence starts and ends, blank ones left out."""
    return tuple(m.span() for m in _patterns(lang).sentence.finditer(text) if m.group().strip())


def length(sentence: str, lang: Lang) -> int:
    """How long a sentence reads: characters without spaces and closing marks (zh), words (en)."""
    return sum(1 for _ in _patterns(lang).unit.finditer(sentence.rstrip(" \n。？；，.?;,")))


def _never(text: str, audience: Audience, patterns: _Patterns) -> Iterator[Finding]:
    for rule, find, unless in patterns.never:
        if audience not in rule.audience:
            continue
        allowed = [m.span() for m in unless.finditer(text)] if unless else []
        for hit in find.finditer(text):
            start, end = hit.span()
            if any(a <= start and end <= b for a, b in allowed):
                continue
            if not (rule.denied and _denied(text, start, patterns)):
                yield Finding(rule.id, (start, end), rule.why_zh, rule.why_en)


def _denied(text: str, at: int, patterns: _Patterns) -> bool:
    """True when the clause that leads up to position `at` takes back what follows, or says that others say it."""
    before = text[max(0, at - patterns.rules.form.denied_within) : at]
    ends = [m.end() for m in patterns.clause_end.finditer(before)]
    return patterns.denied.search(before[ends[-1] :] if ends else before) is not None


def _shape(text: str, patterns: _Patterns) -> Iterator[Finding]:
    form = patterns.rules.form
    spans = [m.span() for m in patterns.sentence.finditer(text)]

    def finding(rule: str, span: tuple[int, int]) -> Finding:
        return Finding(rule, span, form.why[rule].zh, form.why[rule].en)

    for start, end in spans:
        said = text[start:end].rstrip(" \n。？；，.?;,")
        if sum(1 for _ in patterns.unit.finditer(said)) > form.longest_sentence:
            yield finding("long-sentence", (start, end))
    asked = [m.span() for m in patterns.questions.finditer(text)]
    if len(asked) > 1:
        yield finding("many-questions", asked[1])
    for hit in patterns.exclamations.finditer(text):
        yield finding("exclamation", hit.span())
    for hit in (*patterns.list_item.finditer(text), *patterns.list_lines.finditer(text)):
        yield finding("long-list", hit.span())
    number = patterns.number.search(text)
    if number and not _spoken_to_before(text, number.start(), patterns):
        yield finding("bare-number", number.span())


def _spoken_to_before(text: str, at: int, patterns: _Patterns) -> bool:
    """True when whole human words, up to a pause, stand before position `at`."""
    start = 0
    for pause in patterns.pause.finditer(text[:at]):
        said = sum(1 for _ in patterns.unit.finditer(text[start : pause.start()]))
        if said >= patterns.rules.form.human_sentence:
            return True
        start = pause.end()
    return False


def _join(expressions: list[str]) -> Any:
    return re2.compile("(?i)" + "|".join(f"(?:{one})" for one in expressions))


@cache
def _patterns(lang: Lang) -> _Patterns:
    raw = files("anban.words").joinpath("rules", f"{lang}.yaml").read_bytes()
    rules = msgspec.yaml.decode(raw, type=_Rules)
    form = rules.form
    return _Patterns(
        rules=rules,
        never=tuple((rule, _join(rule.find), _join(rule.unless) if rule.unless else None) for rule in rules.never),
        sentence=re2.compile(form.sentence_end),
        unit=re2.compile(form.unit),
        questions=re2.compile(form.questions),
        exclamations=re2.compile(form.exclamations),
        number=re2.compile(form.number),
        pause=re2.compile(form.pause),
        list_item=re2.compile(form.list_item),
        list_lines=re2.compile(form.list_lines),
        denied=_join(form.denied),
        clause_end=re2.compile(form.clause_end),
    )
