"""The several readings of one text in which the same words are looked for, each made only on a hint."""

import unicodedata
from collections.abc import Callable

from ahocorasick_rs import AhoCorasick

from anban.detectors.decoded import decodings
from anban.detectors.expressions import expression, rewrite
from anban.detectors.normalise import View, folded_view
from anban.detectors.spellings import HERE, Letters, Sounds, read_yaml

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_SPACED_HAN = expression(rf"(?:[{_HAN}][^{_HAN}\w]{{1,3}}){{2,}}[{_HAN}]|[{_HAN}][ *._|~+=^#@&·•/\\-]{{1,3}}[{_HAN}]")
_SPACED_LATIN = expression(r"(?:\b[a-z0-9@$!|][ *._|~+=^#@&/\\,-]{1,3}){3,}[a-z0-9@$!|]\b")
_WIDE_GAP = expression(r"[^a-z0-9@$!|]{2,}")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789@$!|")
_LEET_TOKEN = expression(r"[a-z0-9@$!|+]*(?:[a-z][0-9@$!|+]|[0-9@$|+][a-z])[a-z0-9@$!|+]*|\b[1&]\b")
_PINYIN_HINT = expression(
    r"xiang|huo|zi ?sha|jie ?shu|tiao ?[lhj]|ge ?wan|li ?kai|sheng ?ming|yi ?shu|qing ?sheng|\bsi ?le|an ?mian"
)
_COMPONENTS = frozenset("歹匕氵刂扌纟讠辶亻艹疒㐅丬")
_MOST_VIEWS = 12

_Adder = Callable[[str, str | None], None]


class Readings:
    """Makes the views of a text. Loaded once; holds only tables."""

    def __init__(self) -> None:
        marks = read_yaml(HERE / "marks.yaml")
        phrases = read_yaml(HERE / "phrases.yaml")
        look: dict[str, str] = dict(marks["lookalike"])
        for base, first in ((0x1F150, "a"), (0x1F170, "a"), (0x1F1E6, "a"), (0x1F130, "a")):
            look.update((chr(base + n), chr(ord(first) + n)) for n in range(26))
        self._look = {ord(odd): plain for odd, plain in look.items()}
        self._look_set = frozenset(look)
        self._leet = {ord(odd): plain for odd, plain in marks["leet"].items()}
        self._leet_set = frozenset(marks["leet"]) | {"8", "&"}
        self._leet_words: dict[str, str] = marks["leet_words"]
        self._pictures = {lang: {ord(p): word for p, word in t.items()} for lang, t in marks["pictures"].items()}
        self._picture_set = frozenset(marks["pictures"]["zh"])
        mixed: dict[str, str] = marks["mixed"]
        self._mixed_plain = list(mixed.values())
        self._mixed_words = AhoCorasick(list(mixed))
        self._parts: dict[str, str] = marks["parts"]
        self._part_hints = tuple(p for p in self._parts if p in {"足兆", "木娄", "月宛", "木乔", "害刀", "禾火"})
        self._sounds = Sounds(phrases)
        self._letters = Letters(phrases)

    def of(self, raw: str) -> tuple[View, ...]:
        """All views of `raw`, the folded one first. Linear in its length; at most twelve views."""
        views = self._of(raw)
        for name, plain in decodings(raw.encode("utf-8", "replace").decode("utf-8")):
            views.extend(View(name, view.text) for view in self._of(plain))
        return tuple(views[:_MOST_VIEWS])

    def _of(self, raw: str) -> list[View]:
        first = folded_view(raw)
        seen = {first.text}
        views = [first]
        text = first.text
        chars = set(text)
        han = any("\u3400" <= c <= "\u9fff" for c in chars)

        def add(name: str, reading: str | None) -> None:
            if reading is not None and reading not in seen:
                seen.add(reading)
                views.append(View(name, reading))

        if not text.isascii() and (plain := self._plain_letters(text, chars)) != text:
            add("lookalike", plain)
            text = plain
        if chars & self._picture_set:
            add("pictures", text.translate(self._pictures["zh" if han else "en"]))
        if han:
            self._add_chinese(text, chars, add)
        if any("a" <= c <= "z" for c in text):
            self._add_latin(text, chars, han, add)
        add("reversed", self._letters.turned(text))
        return views

    def _add_chinese(self, text: str, chars: set[str], add: "_Adder") -> None:
        close = _close_up(text)
        add("squashed", close)
        if chars & _COMPONENTS or any(hint in text for hint in self._part_hints):
            whole = "".join(text.split())
            for parts, char in self._parts.items():
                whole = whole.replace(parts, char)
            add("parts", whole)
        add("sounds", self._sounds.from_characters(close))

    def _add_latin(self, text: str, chars: set[str], han: bool, add: "_Adder") -> None:
        if han:
            add("mixed", self._one_language(text))
        if _SPACED_LATIN.search(text):
            text = _join_letters(text)
            add("squashed", text)
        if chars & self._leet_set and _LEET_TOKEN.search(text):
            for one in ("i", "l") if chars & {"1", "|", "!"} else ("i",):
                plain = self._unleet(text, one)
                add("leet", plain)
                add("leet", self._letters.glued(plain))
        if _PINYIN_HINT.search(text):
            add("pinyin", self._sounds.from_pinyin(text))
        add("glued", self._letters.glued(text))
        add("respelt", self._letters.respelt(text))
        add("shifted", self._letters.shifted(text))

    def _plain_letters(self, text: str, chars: set[str]) -> str:
        if any("\u00c0" <= c <= "\u036f" or "\u1e00" <= c <= "\u1eff" for c in chars):
            text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
        return text.translate(self._look) if chars & self._look_set else text

    def _unleet(self, text: str, one: str) -> str:
        table = {**self._leet, ord("1"): one, ord("!"): one, ord("|"): one}
        words = (
            self._leet_words.get(word) or (word.translate(table) if not word.isdigit() and not word.isalpha() else word)
            for word in text.split(" ")
        )
        return " ".join(words)

    def _one_language(self, text: str) -> str | None:
        parts: list[str] = []
        at = 0
        for word, start, end in self._mixed_words.find_matches_as_indexes(text, overlapping=True):
            if not (_is_letter(text[start - 1 : start]) or _is_letter(text[end : end + 1])):
                parts.append(text[at:start].rstrip(" ") + self._mixed_plain[word])
                at = end + (text[end : end + 1] == " ")
        return "".join(parts) + text[at:] if parts else None


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z"


def _close_up(text: str) -> str:
    """Characters of Chinese set apart by marks or blanks, put together again."""
    return rewrite(_SPACED_HAN, text, lambda found: "".join(char for char in found if "\u3400" <= char <= "\u9fff"))


def _join_letters(text: str) -> str:
    """Letters set apart, put together into words; a wider gap than the usual one parts two words."""

    def joined(found: str) -> str:
        words = _WIDE_GAP.split(found) if _WIDE_GAP.search(found) else [found]
        return " ".join("".join(filter(_LETTERS.__contains__, word)) for word in words)

    return rewrite(_SPACED_LATIN, text, joined)
