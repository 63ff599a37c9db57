"""Turns a folded text into numbers for the linear model: hashed pieces of characters, words and the turns before."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from anban.detectors.signal import Role

BITS = 17
_SHIFT = np.uint64(64 - BITS)
_CHARS = 600  # of a text that are read at a time
_BEFORE = 3  # turns before that are read, and
_QUIET = 40
_BEFORE_CHARS = 90  # how much of the end of each
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_WORD = np.uint64(0xA24BAED4963EE407)
_PAIR = np.uint64(0x9FB21C651E98DF25)
_USER_SEED, _COMPANION_SEED = np.uint64(0x51ED270B7A9F3D11), np.uint64(0x2545F4914F6CDD1D)

Buckets = npt.NDArray[np.int64]
_U64 = npt.NDArray[np.uint64]


def buckets(text: str, longest: int = 4) -> Buckets:
    """Bucket numbers of the pieces of `text`: 1 to `longest` characters, words, two or three words; each once."""
    codes = _codes(text[:_CHARS])
    pieces = _char_pieces(codes, longest)
    pieces.extend(_word_pieces(codes))
    return each_once((np.concatenate(pieces) >> _SHIFT).astype(np.int64))


def buckets_before(turns: Sequence[tuple[Role, str]]) -> Buckets:
    """Bucket numbers of the last turns before the text; who spoke is part of each piece."""
    found = [_buckets_of_turn(role, text[-_BEFORE_CHARS:]) for role, text in turns[-_BEFORE:]]
    if not found:
        return np.empty(0, dtype=np.int64)
    return found[0] if len(found) == 1 else each_once(np.concatenate(found))


@lru_cache(maxsize=1024)
def _buckets_of_turn(role: Role, text: str) -> Buckets:
    """A turn comes again with every message that follows it; it is taken apart once."""
    seed = _USER_SEED if role == "user" else _COMPANION_SEED
    codes = _codes(text)
    pieces = [(piece ^ seed) * _MIX for piece in (*_char_pieces(codes, 3), *_word_pieces(codes))]
    return each_once((np.concatenate(pieces) >> _SHIFT).astype(np.int64))


def each_once(found: Buckets) -> Buckets:
    """Sorted, without repeats: `numpy.unique` for arrays so short that its own overhead would be most of the time."""
    found.sort()
    keep = np.empty(len(found), dtype=np.bool_)
    keep[0] = True
    np.not_equal(found[1:], found[:-1], out=keep[1:])
    return found[keep]


def forget_earlier_turns() -> None:
    """Drop what is remembered of earlier turns, as erasing a person's words requires."""
    _buckets_of_turn.cache_clear()


def share(count: int) -> float:
    """What one of `count` pieces weighs. A short text says less, so that its few pieces may not say it louder."""
    return float((count + _QUIET) ** -0.5)


def _codes(text: str) -> _U64:
    padded = f"\x02{text}\x03"
    return np.frombuffer(padded.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)


def _char_pieces(codes: _U64, longest: int) -> list[_U64]:
    pieces: list[_U64] = []
    rolling = (codes + np.uint64(1)) * _STEP
    base = rolling
    for length in range(1, min(longest, len(codes)) + 1):
        if length > 1:
            rolling = (rolling[:-1] ^ (rolling[:-1] >> np.uint64(29))) * _MIX + base[length - 1 :]
        pieces.append((rolling ^ (rolling >> np.uint64(32))) * _PAIR)
    return pieces


def _word_pieces(codes: _U64) -> list[_U64]:
    letter = ((codes >= 97) & (codes <= 122)) | (codes == 39) | ((codes >= 48) & (codes <= 57))
    if not letter.any():
        return []
    edges = np.flatnonzero(np.diff(letter.astype(np.int8), prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    place: Any = np.arange(len(codes), dtype=np.uint64)
    owner = np.repeat(starts, ends - starts).astype(np.uint64)
    inside = place[letter]
    mixed = (codes[letter] * _STEP) ^ ((inside - owner + np.uint64(1)) * _WORD)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * _MIX
    firsts = np.concatenate(([0], np.cumsum(ends - starts)[:-1]))
    words: _U64 = np.add.reduceat(mixed, firsts)
    words = (words ^ (words >> np.uint64(30))) * _WORD
    pieces = [words]
    if len(words) > 1:
        pieces.append((words[:-1] * _PAIR + words[1:]) * _MIX)
    if len(words) > 2:
        pieces.append((words[:-2] * _STEP + words[2:] * _PAIR) * _MIX)
        pieces.append(((words[:-2] * _PAIR + words[1:-1]) * _STEP + words[2:]) * _MIX)
    return pieces
