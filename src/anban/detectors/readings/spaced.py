"""Words whose letters are set apart by blanks, marks or tags, closed up again; words run together by marks, parted."""

from collections import Counter

from anban.detectors.expressions import expression, rewrite
from anban.detectors.readings.english import English, Parting
from anban.detectors.readings.pieces import OnlyAscii, words_in

_TAG = expression(r"<[/!]?[a-z][^<>\n]{0,80}>|\[/?(?:b|i|u|s|color|size|url|quote|spoiler)(?:=[^\[\]\n]{0,20})?\]")
_CHAIN = expression(r"(?:^|[^'\pL\pN])[*~|(\[{]*[a-z0-9](?:[^'\pL\pN\n]{1,6}[a-z0-9]\b){2,}[*~|)\]}]*")
_MARKED = expression(r"[a-z0-9]+(?:[^'\pL\pN\s]{1,4}[a-z0-9]+)+")
_ALNUM = OnlyAscii("abcdefghijklmnopqrstuvwxyz0123456789")
_MOST = 400  # places in one text that are closed up
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_EMPHASIS = "*~|()[]{}"
_END_MARKS = ".,!?;:~\"')("
_CHUNK = 5  # letters of a piece of a word that blanks have broken, and
_LEAST_ODD = 3  # pieces that are no words, in a row of them, and
_LONGEST_ROW = 80
_CHUNKS = 7  # how many pieces there are at most
_MOST_ODD = 300  # pieces that are tried, and
_MOST_TOKENS = 4000  # of a text in which broken words are looked for


def untagged(text: str, chars: set[str]) -> str:
    """The text without tags such as `<b>` and `[/i]`, which part the letters of a word for no reader to see."""
    return rewrite(_TAG, text, lambda _: "") if chars & {"<", "["} else text


class Spaced:
    """Holds only the vocabulary by which a hidden word is told from letters that happen to stand apart."""

    def __init__(self, english: English) -> None:
        self._english = english

    def closed(self, text: str, strange: frozenset[str], parting: Parting) -> str | None:
        """`k i l l`, `su.ic.ide`, `(e)(n)(d)`, `wan t to d ie`, `i.want.it` in plain writing; None when nothing was."""
        plain = text.replace("_", "-") if "_" in text else text
        given = plain
        plain = plain.replace(" ' ", " ")
        if _CHAIN.search(plain):
            plain = rewrite(_CHAIN, plain, lambda found: self._chain(found, parting), _MOST)
        if _MARKED.search(plain):
            plain = rewrite(_MARKED, plain, lambda found: self._marked(found, parting), _MOST)
        if any(len(word) < _CHUNK for word in strange):
            plain = self._broken(plain, parting)
        return plain if plain != given else None

    def _chain(self, found: str, parting: Parting) -> str | None:
        """Single letters with something between them: what parts two words is wider than what parts two letters."""
        letters, gaps, lead = _taken_apart(found)
        if sum(letter.isdigit() for letter in letters) * 2 > len(letters) or "".join(letters) in _ALPHABET:
            return None
        usual = Counter(gaps).most_common(1)[0][0]
        words = [letters[0]]
        for gap, letter in zip(gaps, letters[1:], strict=True):
            if gap != usual and (len(gap) > len(usual) or (" " in gap and " " not in usual)):
                words.append(letter)
            else:
                words[-1] += letter
        if len(words) == 1 and len(letters) == 3 and not (self._english.knows(words[0]) or _mixed(words[0])):
            return None
        return lead.rstrip(_EMPHASIS) + " ".join(word if self._english.knows(word) else parting.of(word) or word
                               for word in words)  # fmt: skip

    def _marked(self, found: str, parting: Parting) -> str | None:
        """One token with marks in it: a word broken by them, or several words held together by them."""
        pieces = words_in(found, _ALNUM)
        whole = "".join(pieces)
        if len(whole) > 60 or not whole.isalpha():
            return whole if len(whole) <= 16 and _mixed(whole) and all(len(p) == 1 for p in pieces) else None
        known = [piece in self._english.words for piece in pieces]
        if all(known):
            if "@" in found or "://" in found:
                return None  # an address
            often = len(pieces) > 2 or self._english.is_pair(pieces[0], pieces[1])
            return " ".join(pieces) if often else None
        if len(whole) > 2 and whole in self._english.words:
            return whole
        return parting.of(whole) if len(whole) > 6 else None

    def _broken(self, text: str, parting: Parting) -> str:
        """Words broken by blanks: two to seven short pieces, one of them no word, that make one word together."""
        words = self._english.words
        tokens = text.split(" ", _MOST_TOKENS)
        odd = [
            at for at, token in enumerate(tokens)
            if len(token) <= _CHUNK and token not in words and token.isascii()
            and (core := token.strip(_END_MARKS)).isalpha() and core not in words
        ]  # fmt: skip
        if not odd:
            return text
        done = -1
        for at in odd[:_MOST_ODD]:
            if at > done:
                done = self._join_row(tokens, at, parting)
            if at > done:
                done = self._join_around(tokens, at, done)
        return " ".join(token for token in tokens if token != _GONE)

    def _join_row(self, tokens: list[str], at: int, parting: Parting) -> int:
        """A row of short pieces, most of them no words, parted anew; the last place that was used, or -1."""
        start = end = at
        while start > 0 and self._is_piece(tokens[start - 1]):
            start -= 1
        while end + 1 < len(tokens) and end - start < _LONGEST_ROW and self._is_piece(tokens[end + 1]):
            end += 1
        row = tokens[start : end + 1]
        odd = sum(piece not in self._english.words for piece in row)
        if odd < _LEAST_ODD or odd * 3 < len(row):
            return -1
        plain = parting.of("".join(row))
        if plain is None:
            return -1
        tokens[start : end + 1] = [plain, *[_GONE] * (end - start)]
        return end

    @staticmethod
    def _is_piece(token: str) -> bool:
        return 0 < len(token) <= _CHUNK and token.isascii() and token.replace("'", "").isalpha()

    def _join_around(self, tokens: list[str], at: int, done: int) -> int:
        """Joins the longest word that holds the piece at `at`; the last place that was used."""
        for size in range(_CHUNKS, 1, -1):
            for start in range(max(done + 1, at - size + 1, 0), at + 1):
                pieces = tokens[start : start + size]
                if len(pieces) < size or not all(0 < len(piece) <= _CHUNK + 1 for piece in pieces):
                    continue
                last = pieces[-1].rstrip(_END_MARKS)
                whole = "".join(pieces[:-1]) + last
                if 2 < len(whole) <= 16 and whole in self._english.words and self._are_odd(pieces):
                    tokens[start : start + size] = [whole + pieces[-1][len(last) :], *[_GONE] * (size - 1)]
                    return start + size - 1
        return done

    def _are_odd(self, pieces: list[str]) -> bool:
        """Whether the pieces are no words of their own; an `i` among them asks for two that are none."""
        odd = sum(piece not in self._english.words for piece in pieces)
        return odd > ("i" in pieces or "a" in pieces)


def _taken_apart(found: str) -> tuple[list[str], list[str], str]:
    """The single letters of a chain, what stands between each two of them, and what stands before the first."""
    letters: list[str] = []
    gaps: list[str] = []
    gap = ""
    for char in found:
        if char.isascii() and char.isalnum():
            letters.append(char)
            gaps.append(gap)
            gap = ""
        else:
            gap += char
    return letters, gaps[1:], gaps[0]


_GONE = "\0"  # no folded text holds it


def _mixed(word: str) -> bool:
    """More letters than digits, and both."""
    digits = sum(char.isdigit() for char in word)
    return 0 < digits < len(word) - digits
