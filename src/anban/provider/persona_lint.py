"""What is against a character: forbidden aims in its card and prompts, what it seems to be, what it is about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from anban.base.errors import Misconfigured
from anban.detectors.expressions import Expression, expression
from anban.detectors.readings.normalise import fold, way_back
from anban.detectors.tables import read_yaml
from anban.law.performs import performs

Gravity = Literal["never", "forbidden", "relation", "sector"]
RULES = Path(__file__).with_name("persona_rules.yaml")
FORBIDDEN = (
    "replaces-social-life", "controls-minds", "induces-addiction", "claims-human", "secrecy-from-parents",
    "sexual-minor", "imitates-relative", "false-authority",
)  # fmt: skip
"""What no character may aim at. The linter knows plain forms of it; whoever reviews a card answers for each by name."""

_CLAUSE = 48
"""Characters before a hit in which its denial is looked for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a card: which rule, how grave, where (start, end), what it proposes, why in both languages."""

    rule: str
    gravity: Gravity
    span: tuple[int, int]
    gives: str
    why_zh: str
    why_en: str


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    gravity: Gravity
    gives: str
    find: tuple[tuple[str, Expression], ...]
    unless: Expression | None
    also: Expression | None
    why_zh: str
    why_en: str


@dataclass(frozen=True, slots=True)
class _Rules:
    rules: tuple[_Rule, ...]
    denied: Mapping[str, Expression]
    not_denied: Mapping[str, Expression]
    frames: Mapping[str, Expression]
    no_frame: Expression
    denied_near: Mapping[str, Expression]


@performs("no-addictive-goals")
def lint_card(text: str) -> tuple[Finding, ...]:
    """Everything that speaks against a card, in both languages, in order of place; one finding for each rule.

    Linear time in the length of the text. An empty answer makes no character good: a second person reads it
    (draft article 9, final article 10).
    """
    folded, known = fold(text), _rules()
    back = way_back(text, folded)
    found: list[Finding] = []
    for rule in known.rules:
        if rule.also is not None and not any(_stands(folded, rule.also, known)):
            continue
        hit = next(_hits(folded, rule, known), None)
        if hit is not None:
            span = (0, len(text)) if back is None else (back[hit[0]], back[hit[1] - 1] + 1)
            found.append(Finding(rule.id, rule.gravity, span, rule.gives, rule.why_zh, rule.why_en))
    return tuple(sorted(found, key=lambda each: (each.span, each.rule)))


def proposed(findings: Sequence[Finding], gravity: Literal["relation", "sector"]) -> tuple[str, ...]:
    """What the card seems to be to people, or what it is about; the closest bond first."""
    order = {"kin": 0, "partner": 1, "other-intimate": 2}
    also = ("kin",) if gravity == "relation" and any(each.rule == "imitates-relative" for each in findings) else ()
    names = dict.fromkeys((*also, *(each.gives for each in findings if each.gravity == gravity)))
    return tuple(sorted(names, key=lambda name: order.get(name, 3)))


def framed(prompt: str) -> str:
    """The relation that an app's own prompt gives to the companion: kin, partner, other-intimate, or empty."""
    text, known = fold(prompt), _rules()
    allowed = [each.span() for each in known.no_frame.finditer(text)]
    for relation, pattern in known.frames.items():
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(a < end and start < b for a, b in allowed):
                continue
            inside = text[max(0, start - _CLAUSE) : end].rstrip(" \n,.;!，。；！】」])")
            if not any(known.denied_near[lang].search(inside) for lang in known.denied_near):
                return relation
    return ""


def _hits(text: str, rule: _Rule, known: _Rules) -> Iterator[tuple[int, int]]:
    allowed = [each.span() for each in rule.unless.finditer(text)] if rule.unless else []
    for lang, pattern in rule.find:
        for match in pattern.finditer(text):
            start, end = match.span()
            meant = start < end and not any(a < end and start < b for a, b in allowed)
            if meant and not _denied(text, start, known.denied[lang], known.not_denied[lang]):
                yield start, end


def _stands(text: str, pattern: Expression, known: _Rules) -> Iterator[bool]:
    """True for each hit of `pattern` that no language denies."""
    for match in pattern.finditer(text):
        if not any(_denied(text, match.start(), known.denied[lang], known.not_denied[lang]) for lang in known.denied):
            yield True


def _denied(text: str, at: int, denied: Expression, unless: Expression) -> bool:
    before = text[max(0, at - _CLAUSE) : at]
    return denied.search(before) is not None and unless.search(before) is None


@cache
def _rules() -> _Rules:
    raw = read_yaml(RULES)
    words: dict[str, str] = raw["words"]

    def compiled(written: str) -> Expression:
        for name, listed in words.items():
            written = written.replace("{" + name + "}", listed)
        return expression(written)

    def joined(written: Sequence[str]) -> Expression:
        return compiled("|".join(f"(?:{one})" for one in written))

    return _Rules(
        tuple(_rule(each, joined, compiled) for each in raw["rules"]),
        {lang: compiled(one) for lang, one in raw["denied"].items()},
        {lang: compiled(one) for lang, one in raw["denied_unless"].items()},
        {relation: joined(each) for relation, each in raw["frames"].items()},
        joined(raw["frames_unless"]),
        {lang: compiled(one) for lang, one in raw["frames_denied"].items()},
    )


def _rule(raw: Mapping[str, Any], joined: Any, compiled: Any) -> _Rule:
    if raw["gravity"] not in get_args(Gravity):
        raise Misconfigured(f"persona_rules.yaml: {raw['id']} has no gravity that is known", field="persona_rules")
    return _Rule(
        id=raw["id"],
        gravity=raw["gravity"],
        gives=raw.get("gives", ""),
        find=(("zh", joined(raw["zh"])), ("en", joined(raw["en"]))),
        unless=joined(raw["unless"]) if "unless" in raw else None,
        also=compiled(raw["also"]) if "also" in raw else None,
        why_zh=raw["why"]["zh"],
        why_en=raw["why"]["en"],
    )
