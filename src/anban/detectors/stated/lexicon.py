"""One engine for all word lists and expressions: finds keys in one pass, then asks only the rules that own them."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from anban.detectors.expressions import Expression, expression
from anban.detectors.stated.rules import Frame, Rule, RuleSet

_BREAKS = "。!?;\n…"
_MOST = 64  # matches of one rule that are looked at
_LONG = 1500  # a text longer than this is read by expressions only near their keys,
_NEAR = 160  # this close
_APART = 40  # after the first many, a key nearer than this to the one before adds nothing to what is read
_WORK = (
    1_000_000  # characters that expressions may read in one look; the rest of the rules is then reported as not asked
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that held, and where."""

    rule: Rule
    start: int
    end: int


@dataclass(slots=True)
class Effort:
    """What one look may still read. Runs out only on texts made to be slow."""

    left: int = _WORK

    def spend(self, chars: int) -> bool:
        self.left -= chars
        return self.left >= 0


class Lexicon:
    """Rules ready to be asked. Immutable once built."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules.rules
        self._frames = rules.frames
        owners: dict[str, list[int]] = {}
        for number, rule in enumerate(self._rules):
            for key in rule.keys:
                owners.setdefault(key, []).append(number)
        self._owners = list(owners.values())
        self._keys = AhoCorasick(list(owners))
        written = [rule.expression for rule in self._rules if rule.expression is not None]
        written.extend(frame.expression for frame in self._frames.values())
        self._compiled: dict[str, Expression] = {one: expression(one) for one in dict.fromkeys(written)}

    def hits(self, text: str, given: Set[str], effort: Effort) -> Iterator[Hit]:
        """Every rule that holds in `text`. `given` are tags already known from the turns before."""
        asked = self._asked(text)
        if not asked:
            return
        masks = self._masks(asked, text, effort)
        plain = _blank(text, masks)
        if masks:
            asked = self._asked(plain)
        frames = _Frames(self, plain, effort)
        tags = set(given)
        later: list[int] = []
        for number in asked:
            rule = self._rules[number]
            if rule.signal == "mask":
                continue
            if rule.needs:
                later.append(number)
                continue
            yield from self._ask(number, asked[number], plain, frames, tags, effort)
        for number in later:
            if tags >= self._rules[number].needs:
                yield from self._ask(number, asked[number], plain, frames, tags, effort)

    def without_idioms(self, text: str) -> str:
        """The text with ways of speaking that mean something else blanked out, same length."""
        asked = self._asked(text)
        return _blank(text, self._masks(asked, text, Effort()))

    def _masks(self, asked: dict[int, list[tuple[int, int]]], text: str, effort: Effort) -> list[tuple[int, int]]:
        numbers = [number for number in asked if self._rules[number].signal == "mask"]
        return [span for number in numbers for span in self._spans(number, asked[number], text, effort)]

    def _ask(
        self, number: int, places: list[tuple[int, int]], text: str, frames: "_Frames", tags: set[str], effort: Effort
    ) -> Iterator[Hit]:
        rule = self._rules[number]
        for start, end in self._spans(number, places, text, effort):
            if not any(frames.hold(name, start, end) for name in rule.unless):
                tags.update(rule.tags)
                yield Hit(rule, start, end)
                return

    def _asked(self, text: str) -> dict[int, list[tuple[int, int]]]:
        """Rule number -> places of its keys, in the order of the rules."""
        found: dict[int, list[tuple[int, int]]] = {}
        long = len(text) > _LONG
        for key, start, end in self._keys.find_matches_as_indexes(text, overlapping=True):
            for number in self._owners[key]:
                places = found.setdefault(number, [])
                if not long or len(places) < _MOST or start - places[-1][0] >= _APART:
                    places.append((start, end))
        return dict(sorted(found.items()))

    def _spans(
        self, number: int, places: list[tuple[int, int]], text: str, effort: Effort
    ) -> Iterable[tuple[int, int]]:
        rule = self._rules[number]
        if rule.expression is None:
            return places[:_MOST]
        pattern = self._compiled[rule.expression]
        found: list[tuple[int, int]] = []
        for low, high in _neighbourhoods(places, len(text)):
            if not effort.spend(high - low):
                break
            piece = text[low:high] if high - low < len(text) else text
            found.extend(
                (low + m.start(), low + m.end()) for m, _ in zip(pattern.finditer(piece), range(_MOST), strict=False)
            )
        return found[:_MOST]

    def compiled(self, written: str) -> Expression:
        """The expression of a rule or frame, compiled."""
        return self._compiled[written]

    def frame(self, name: str) -> Frame:
        """The frame of that name."""
        return self._frames[name]


class _Frames:
    """Which exclusions hold in one text; each is worked out at most once."""

    def __init__(self, lexicon: Lexicon, text: str, effort: Effort) -> None:
        self._lexicon = lexicon
        self._text = text
        self._effort = effort
        self._places: dict[tuple[str, int], list[tuple[int, int]]] = {}

    def hold(self, name: str, start: int, end: int) -> bool:
        frame = self._lexicon.frame(name)
        if frame.scope in ("before", "within", "after"):
            holds = self._near(frame, start, end)
        else:
            low, high = self._sentence(start, end) if frame.scope == "clause" else self._around(start, end)
            holds = any(low <= at and until <= high for at, until in self._find(name, frame, start, end))
        return holds and not any(self._find(other, self._lexicon.frame(other), start, end) for other in frame.but)

    def _around(self, start: int, end: int) -> tuple[int, int]:
        """The part of the text that frames look at: all of it, or what lies near in a long one."""
        if len(self._text) <= _LONG:
            return 0, len(self._text)
        return max(0, start // _LONG * _LONG - _LONG), min(len(self._text), (end // _LONG + 2) * _LONG)

    def _near(self, frame: Frame, start: int, end: int) -> bool:
        match frame.scope:
            case "before":
                piece = self._text[max(0, start - frame.width) : start]
            case "within":
                piece = self._text[max(0, start - frame.width) : end]
            case _:
                piece = self._text[end : end + frame.width]
        return bool(piece) and self._lexicon.compiled(frame.expression).search(piece) is not None

    def _find(self, name: str, frame: Frame, start: int, end: int) -> list[tuple[int, int]]:
        low, high = self._around(start, end)
        known = (name, low)
        if known not in self._places:
            found: list[tuple[int, int]] = []
            if self._effort.spend(high - low):
                matches = self._lexicon.compiled(frame.expression).finditer(self._text[low:high])
                found = [(low + m.start(), low + m.end()) for m, _ in zip(matches, range(64), strict=False)]
            self._places[known] = found
        return self._places[known]

    def _sentence(self, start: int, end: int) -> tuple[int, int]:
        low = max((self._text.rfind(mark, 0, start) for mark in _BREAKS), default=-1) + 1
        ends = [at for mark in _BREAKS if (at := self._text.find(mark, end)) >= 0]
        return low, min(ends, default=len(self._text))


def _neighbourhoods(places: list[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """What an expression must read: the whole of a short text, the surroundings of its keys in a long one."""
    if length <= _LONG:
        return [(0, length)]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(places):
        low, high = max(0, start - _NEAR), min(length, end + _NEAR)
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with idioms blanked out, same length."""
    for start, end in spans:
        text = text[:start] + "\u25a1" * (end - start) + text[end:]
    return text


def tags_of(hits: Iterable[Hit]) -> frozenset[str]:
    """What the rules that held say about the text, for rules that need it."""
    return frozenset(tag for hit in hits for tag in hit.rule.tags)


def by_signal(hits: Iterable[Hit]) -> Mapping[str, Hit]:
    """The strongest hit of each signal."""
    best: dict[str, Hit] = {}
    for hit in hits:
        if hit.rule.signal not in best or best[hit.rule.signal].rule.score < hit.rule.score:
            best[hit.rule.signal] = hit
    return best
