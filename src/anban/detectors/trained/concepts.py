"""A bilingual thesaurus: words that mean nearly the same are one concept, so that what is learned of one holds for all.

The model has read little. That `抚恤金` and `pension` belong together, or `packed up` and `打包`, it could not learn
from its texts; here people have written it down. A text becomes the row of its concepts, in order.
"""

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ahocorasick_rs import AhoCorasick, MatchKind

from anban.detectors.places import is_latin
from anban.detectors.tables import THESAURUS, read_thesaurus
from anban.detectors.trained.features import each_once

BITS = 16
_SHIFT = np.uint64(64 - BITS)
_NEAR = 40  # characters within which two concepts stand together
_ONE, _FIELD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_TWO, _SKIP, _THREE = np.uint64(0xD6E8FEB86659FD93), np.uint64(0xA24BAED4963EE407), np.uint64(0x9FB21C651E98DF25)
_LATIN = frozenset(filter(is_latin, map(chr, range(128))))
_U31 = np.uint64(31)

Buckets = npt.NDArray[np.int64]
_U64 = npt.NDArray[np.uint64]


class Concepts:
    """The thesaurus, loaded once; immutable. Raises `Misconfigured` naming the file and line that is malformed."""

    def __init__(self, folder: Path = THESAURUS) -> None:
        entries: dict[str, str] = {}
        for entry, name in read_thesaurus(folder):
            entries.setdefault(entry, name)
        self.digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.txt")))).hexdigest()
        names = sorted(set(entries.values()))
        fields = sorted({name.partition(".")[0] for name in names})
        place = {name: n for n, name in enumerate(names)}
        self.names = tuple(names)
        self._concept = [place[name] for name in entries.values()]
        self._latin = [is_latin(entry[0]) for entry in entries]
        numbers = np.array([fields.index(name.partition(".")[0]) for name in names], np.uint64)
        self._field = (numbers + np.uint64(1)) * _FIELD
        self._one = np.arange(1, len(names) + 1, dtype=np.uint64) * _ONE
        self._find = AhoCorasick(list(entries), matchkind=MatchKind.LeftmostLongest)

    def found(self, text: str) -> list[tuple[int, int, int]]:
        """(concept, start, end) of each in a folded text, in order; a Latin entry only as whole words."""
        concept, latin = self._concept, self._latin
        return [
            (concept[entry], start, end)
            for entry, start, end in self._find.find_matches_as_indexes(text)
            if not latin[entry] or (text[start - 1 : start] not in _LATIN and text[end : end + 1] not in _LATIN)
        ]

    def buckets(self, text: str) -> Buckets:
        """Bucket numbers: each concept, its field, two and three that stand together; each once, sorted."""
        hits = self.found(text)
        if not hits:
            return np.empty(0, np.int64)
        which, begun, ended = zip(*hits, strict=True)
        ids = np.array(which)
        one = self._one[ids]
        pieces = [one, self._field[ids]]
        if len(ids) > 1:
            starts, ends = np.array(begun), np.array(ended)
            near = starts[1:] - ends[:-1] <= _NEAR
            two = _mixed(one[:-1] * _TWO + one[1:])
            pieces.append(two[near])
            if len(ids) > 2:
                wide = starts[2:] - ends[:-2] <= 2 * _NEAR
                pieces.append(_mixed(one[:-2] * _SKIP + one[2:])[wide])
                pieces.append(_mixed(two[:-1] * _THREE + one[2:])[wide])
        return each_once((_mixed(np.concatenate(pieces)) >> _SHIFT).view(np.int64))


def _mixed(values: _U64) -> _U64:
    mixed = values ^ (values >> _U31)
    mixed *= _TWO
    return mixed
