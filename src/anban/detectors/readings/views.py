"""The several readings of one text in which the same words are looked for, each made only on a hint."""

import unicodedata

from anban.detectors.readings.characters import Characters
from anban.detectors.readings.chinese import Chinese, close_up
from anban.detectors.readings.decoded import decodings
from anban.detectors.readings.english import Parting, english
from anban.detectors.readings.latin import Latin
from anban.detectors.readings.lines import as_one_line
from anban.detectors.readings.normalise import View, folded_view
from anban.detectors.readings.pinyin import Pinyin
from anban.detectors.readings.sounds import Sounds
from anban.detectors.readings.spaced import untagged
from anban.detectors.readings.spellings import HERE
from anban.detectors.readings.turned import Turned
from anban.detectors.tables import read_yaml

_MOST_VIEWS = 12
_ENDLESS = 12_000  # characters from which a text is closed up and opened, and not respelt
_LONG = 8000  # characters from which only the innermost layer of an encoding is read
_MOST_CHARS = 120_000  # in all views of a text
_FIRST_FEW = 5  # views that every detector reads; from there on the most undone ones come first
_SHORT = 40  # characters of a text that may be nothing but initials
_AZ = frozenset("abcdefghijklmnopqrstuvwxyz")
_MARKS = Characters(dict.fromkeys((  # that combine with the letter before them
    *range(0x300, 0x370), *range(0x483, 0x48A), *range(0x591, 0x5C8), *range(0x610, 0x61B), *range(0x64B, 0x660),
    *range(0x1AB0, 0x1B00), *range(0x1DC0, 0x1E00), *range(0x20D0, 0x2100), *range(0xFE20, 0xFE30),
), ""))  # fmt: skip
_ACCENTED = frozenset(map(chr, (*range(0xC0, 0x370), *range(0x1E00, 0x1F00))))


class Trail:
    """The views of one text while they are made: each step works on what the step before left."""

    def __init__(self, first: View) -> None:
        self.text = first.text
        self._views = [first]
        self._seen = {first.text}
        self._last: int | None = None
        self._passed: set[int] = set()

    def step(self, name: str, reading: str | None) -> None:
        """A reading that what follows builds on."""
        if reading is not None and self.aside(name, reading):
            if self._last is not None:
                self._passed.add(self._last)
            self._last = len(self._views) - 1
            self.text = reading

    def aside(self, name: str, reading: str | None) -> bool:
        """A reading by itself; whether it is a new one."""
        if reading is None or reading in self._seen:
            return False
        self._seen.add(reading)
        self._views.append(View(name, reading))
        return True

    def long(self) -> bool:
        """Whether so much has been made of a very long text that more would take too long."""
        return sum(len(view.text) for view in self._views) > _MOST_CHARS

    def views(self) -> list[View]:
        """All of them, the text itself first; of many, those that a later step went beyond come last."""
        if len(self._views) <= _FIRST_FEW:
            return self._views
        return [*(view for at, view in enumerate(self._views) if at not in self._passed),
                *(self._views[at] for at in sorted(self._passed, reverse=True))]  # fmt: skip


class Readings:
    """Makes the views of a text. Loaded once; holds only tables."""

    def __init__(self) -> None:
        marks = read_yaml(HERE / "marks.yaml")
        phrases = read_yaml(HERE / "phrases.yaml")
        look: dict[str, str] = {**marks["lookalike"], **marks["strange"]}
        self._strange = frozenset(marks["strange"])
        for base in (0x1F150, 0x1F170, 0x1F1E6, 0x1F130):
            look.update((chr(base + n), chr(ord("a") + n)) for n in range(26))
        self._look = Characters({ord(odd): plain for odd, plain in look.items()})
        # Beside each other strange letters leave no doubt, and some more stand for those that they look like.
        stranger: dict[str, str] = marks["stranger"]
        sure = look | {odd: look.get(plain, plain) for odd, plain in stranger.items()}
        self._look_strange = Characters({ord(odd): plain for odd, plain in sure.items()})
        self._look_set = frozenset(look)
        self._pictures_zh: dict[str, str] = marks["pictures"]["zh"]
        self._pictures_en = {picture: f" {word} " for picture, word in marks["pictures"]["en"].items()}
        self._picture_set = frozenset(self._pictures_zh)
        sounds = Sounds(phrases)
        self._english = english()
        self._pinyin = Pinyin(sounds, self._english, phrases)
        self._latin = Latin(self._english, phrases, marks)
        self._chinese = Chinese(sounds, marks)
        self._turned = Turned(self._english, phrases)

    def of(self, raw: str) -> tuple[View, ...]:
        """All views of `raw`, the folded one first. Linear in its length; at most twelve views."""
        parting = Parting(self._english)
        views = self._of(raw, parting)
        opened = decodings(raw.encode("utf-8", "replace").decode("utf-8"))
        for name, plain in opened if len(raw) <= _LONG else opened[-1:]:
            views.extend(View(name, view.text) for view in self._of(plain, parting))
        return tuple(views[:_MOST_VIEWS])

    def _of(self, raw: str, parting: Parting) -> list[View]:
        trail = Trail(folded_view(raw))
        first = trail.text
        chars = set(first)
        trail.step("squashed", untagged(trail.text, chars))
        if "\n" in chars:
            trail.step("lines", as_one_line(trail.text))
        if not trail.text.isascii():
            if len(trail.text) <= _ENDLESS:
                trail.step("reversed", self._turned.upright(trail.text, chars))
            trail.step("lookalike", self._plain_letters(trail.text, chars))
            if trail.text is not first:
                chars = set(trail.text)
        latin = not chars.isdisjoint(_AZ) or not chars.isdisjoint(self._pinyin.bopomofo_letters)
        han = not trail.text.isascii() and _has_han(chars)
        if han and len(trail.text) <= _ENDLESS:
            self._chinese.add_stand_ins(trail)
        seen = trail.text
        self._close_up(trail, chars, han, latin, parting)
        if trail.long() or len(trail.text) > _ENDLESS:
            return trail.views()
        if latin:
            trail.step("leet", self._latin.without_digits(trail.text, parting))
            trail.step("pinyin", self._pinyin.read(trail.text, han))
            han = han or (not trail.text.isascii() and _has_han(set(trail.text)))
            self._latin.add_words(trail, parting)
        if trail.long():
            return trail.views()
        if han:
            self._chinese.add(trail, seen)
        elif len(trail.text) <= _SHORT:
            self._chinese.add_stand_ins(trail)
        if han and latin:
            trail.step("mixed", self._latin.one_language(trail.text))
        trail.aside("reversed", self._turned.reading(trail.text))
        return trail.views()

    def _close_up(self, trail: Trail, chars: set[str], han: bool, latin: bool, parting: Parting) -> None:
        """Letters and characters set apart put together, pictures read as words unless they are what sets apart."""
        text = trail.text
        closed = (latin and self._latin.closed(text, parting)) or text
        closed = close_up(closed) if han else closed
        pictures = chars & self._picture_set
        if pictures and closed != text and len(text) <= _LONG:
            trail.aside("pictures", _told(pictures, text, self._pictures_zh if han else self._pictures_en))
        trail.step("squashed", closed)
        if pictures:
            if not han:
                trail.step("pictures", _told(pictures, trail.text, self._pictures_en))
            if han or not latin:
                trail.step("pictures", _told(pictures, closed, self._pictures_zh))

    def _plain_letters(self, text: str, chars: set[str]) -> str:
        if not chars.isdisjoint(_ACCENTED):
            for letters, plain in (("nü", "nv"), ("lü", "lv"), ("ǖ", "v"), ("ǘ", "v"), ("ǚ", "v"), ("ǜ", "v")):
                text = text.replace(letters, plain)
            text = _MARKS.put_in(unicodedata.normalize("NFD", text))
        if chars.isdisjoint(self._look_set):
            return text
        return (self._look_strange if len(chars & self._strange) > 1 else self._look).put_in(text)


def _told(pictures: set[str], text: str, words: dict[str, str]) -> str:
    """The text with each of these pictures in words."""
    for picture in pictures:
        text = text.replace(picture, words.get(picture, picture))
    return text


def _has_han(chars: set[str]) -> bool:
    return any("\u3400" <= char <= "\u9fff" for char in chars)
