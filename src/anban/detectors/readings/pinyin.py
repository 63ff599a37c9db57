"""Pinyin and Bopomofo, with or without tones and blanks, alone or among characters, put into characters."""

from typing import Any

from anban.detectors.expressions import expression
from anban.detectors.places import put_in
from anban.detectors.readings.english import English, chinese_phrases
from anban.detectors.readings.pieces import Only, pieces, words_in
from anban.detectors.readings.sounds import Sounds
from anban.detectors.readings.spellings import HERE, Swap
from anban.detectors.tables import read_yaml

_TONE_NUMBER = expression(r"[aeiouvnrg][1-5]")
_BOPOMOFO_TONES = ("ˉ", "ˊ", "ˇ", "ˋ", "˙", "\u0304", "\u0307")  # the last two as folding leaves them
_LEAST_STRANGE = 0.34  # of a text without characters, the share of words that are not English, and
_LEAST_COVERED = 0.34  # of its syllables, the share that stand in known phrases, and
_LEAST_SOUND = 0.6  # the share of words that are syllables
_LONGEST = 48  # letters of one word
_MOST_WORDS = 1500  # of a text that are tried


class Pinyin:
    """Known phrases are put in by the longest first, then each syllable that is left by the best guess."""

    def __init__(self, sounds: Sounds, english: English, phrases: dict[str, Any]) -> None:
        self._sounds = sounds
        self._english = english
        self._guess: dict[str, str] = sounds.first_char | phrases["guess"]
        coded: dict[str, str] = {}
        for phrase in chinese_phrases():
            coded.setdefault(phrase.translate(sounds.by_char), phrase)
        self._phrases = Swap(coded)
        table = read_yaml(HERE / "bopomofo.yaml")
        first, rest = table["first"], table["rest"]
        self._bopomofo: dict[str, str] = {a + b: first[a] + rest[b] for a in first for b in rest}
        self._bopomofo |= {
            **table["without_first"],
            **{k: v for k, v in rest.items() if k not in table["without_first"]},
        }
        self._bopomofo |= table["alone"]
        self.bopomofo_letters = frozenset("".join(self._bopomofo))
        self._only_bopomofo = Only(self.bopomofo_letters)

    def read(self, text: str, han: bool) -> str | None:
        """The text with its pinyin in characters; None when it holds none, or English words explain it better."""
        if not self.bopomofo_letters.isdisjoint(text):
            text = self._from_bopomofo(text)
        if _TONE_NUMBER.search(text):
            text = _without_numbers(text)
        words = words_in(text)[:_MOST_WORDS]
        known = self._english.words
        strange = [word for word in words if word not in known and word.strip("'") not in known]
        if not strange or (not han and len(strange) < _LEAST_STRANGE * len(words)):
            return None
        heard = {word: found for word in dict.fromkeys(strange)
                 if (found := self._split(word)) and not self._english.knows(word)}  # fmt: skip
        if sum(len(heard.get(word, ())) for word in strange) < (1 if han else 2):
            return None
        split = {word: found for word in dict.fromkeys(words) if (found := heard.get(word) or self._split(word))}
        mostly = sum(word in split for word in words) >= _LEAST_SOUND * len(words)
        if not han and not mostly:
            return None
        return self._put(text, split if mostly else heard, han)

    def _put(self, text: str, split: dict[str, list[str]], han: bool) -> str | None:
        """Units of one syllable each, then the phrases they make."""
        coded: list[str] = []
        plain: list[str] = []
        heard: list[bool] = []
        at = 0
        for word, start, end in pieces(text):
            syllables = split.get(word)
            if syllables:
                self._copy(text[at:start].strip(" "), coded, plain, heard)
                coded.extend(self._sounds.code[syllable] for syllable in syllables)
                plain.extend(self._guess[syllable] for syllable in syllables)
                heard.extend([True] * len(syllables))
                at = end
        self._copy(text[at:].lstrip(" ") if at else text, coded, plain, heard)
        out: list[str] = []
        last = put = covered = 0
        for phrase, start, end in self._phrases.hits("".join(coded)):
            if any(heard[start:end]):
                out += [*plain[last:start], phrase]
                last, put, covered = end, put + 1, covered + end - start
        if put == 0 if han else covered < _LEAST_COVERED * sum(heard):
            return None  # a name, or words of another language that happen to be made of syllables
        return "".join([*out, *plain[last:]])

    def _copy(self, text: str, coded: list[str], plain: list[str], heard: list[bool]) -> None:
        """What is no pinyin stays as it is."""
        coded.extend(self._sounds.by_char.get(ord(char), char) for char in text)
        plain.extend(text)
        heard.extend([False] * len(text))

    def _split(self, word: str) -> list[str] | None:
        """The word as whole syllables, longest last; None when it is no pinyin. An apostrophe parts two syllables."""
        if len(word) > _LONGEST:
            return None
        found: list[str] = []
        for run in word.split("'"):
            syllables = self._split_run(run) if run else []
            if syllables is None:
                return None
            found += syllables
        return found

    def _split_run(self, run: str) -> list[str] | None:
        cut = [0] + [-1] * len(run)
        for end in range(1, len(run) + 1):
            for start in range(max(0, end - 6), end):
                if cut[start] >= 0 and run[start:end] in self._sounds.code:
                    cut[end] = start
                    break
        if cut[-1] < 0:
            return None
        syllables: list[str] = []
        end = len(run)
        while end:
            syllables.append(run[cut[end] : end])
            end = cut[end]
        return syllables[::-1]

    def _from_bopomofo(self, text: str) -> str:
        """Bopomofo in Latin letters, a blank after each syllable."""
        for tone in _BOPOMOFO_TONES:
            text = text.replace(tone, " ")
        return put_in(text, ((self._spelt(run), start, end) for run, start, end in pieces(text, self._only_bopomofo)))

    def _spelt(self, run: str) -> str:
        syllables: list[str] = []
        at = 0
        while at < len(run):
            size = next((n for n in (3, 2, 1) if run[at : at + n] in self._bopomofo), 0)
            syllables.append(self._plain(self._bopomofo[run[at : at + size]]) if size else run[at])
            at += size or 1
        return " ".join(syllables) + " "

    def _plain(self, syllable: str) -> str:
        """In the spelling of our table: ju for jv, zhi for zh."""
        if syllable[:1] in "jqx" and syllable[1:2] == "v":
            syllable = syllable[0] + "u" + syllable[2:]
        return syllable if syllable in self._sounds.code else syllable.replace("v", "u")


def _without_numbers(text: str) -> str:
    """Tone numbers as what parts two syllables: `wo3xiang3` as `wo'xiang'`."""
    for number in "12345":
        if number in text:
            for last in _LAST_LETTERS:
                text = text.replace(last + number, f"{last}'")
    return text


_LAST_LETTERS = "aeiouvnrg"  # of a syllable
