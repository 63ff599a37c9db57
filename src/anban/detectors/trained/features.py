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
_U1, _U29, _U30, _U31, _U32 = (np.uint64(number) for number in (1, 29, 30, 31, 32))
_LETTER = np.array([chr(code) in "abcdefghijklmnopqrstuvwxyz0123456789'" for code in range(128)])
_USER_SEED, _COMPANION_SEED = np.uint64(0x51ED270B7A9F3D11), np.uint64(0x2545F4914F6CDD1D)

Buckets = npt.NDArray[np.int64]
_U64 = npt.NDArray[np.uint64]


def buckets(text: str, longest: int = 4) -> Buckets:
    """Bucket numbers of the pieces of `text`: 1 to `longest` characters, words, two or three words; each once."""
    return each_once((_pieces(_codes(text[:_CHARS]), longest) >> _SHIFT).view(np.int64))


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
    pieces = _pieces(_codes(text), 3)
    pieces ^= seed
    pieces *= _MIX
    return each_once((pieces >> _SHIFT).view(np.int64))


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


def _pieces(codes: _U64, longest: int) -> _U64:
    """Numbers of all pieces, many steps over few arrays: on a short text each step costs more than what it works on."""
    runs = _char_runs(codes, longest)
    chars = np.concatenate(runs)
    chars ^= chars >> _U32
    chars *= _PAIR
    words = _word_pieces(codes)
    return np.concatenate([chars, *words]) if words else chars


def _char_runs(codes: _U64, longest: int) -> list[_U64]:
    base = (codes + _U1) * _STEP
    runs = [base]
    for length in range(1, min(longest, len(codes))):
        before = runs[-1][:-1]
        rolling = before ^ (before >> _U29)
        rolling *= _MIX
        rolling += base[length:]
        runs.append(rolling)
    return runs


def _word_pieces(codes: _U64) -> list[_U64]:
    # The marks at either end of the text are no letters, so that every word has a beginning and an end.
    letter = _LETTER.take(codes.view(np.int64), mode="clip")
    edges: Any = (letter[1:] != letter[:-1]).nonzero()[0]
    if not len(edges):
        return []
    edges += 1
    starts = edges[::2]
    lengths = edges[1::2] - starts
    ends = lengths.cumsum()
    inside: Any = letter.nonzero()[0]
    number = (inside - starts.repeat(lengths) + 1).view(np.uint64)
    mixed = (codes[inside] * _STEP) ^ (number * _WORD)
    mixed ^= mixed >> _U31
    mixed *= _MIX
    words: _U64 = np.add.reduceat(mixed, ends - lengths)
    words = (words ^ (words >> _U30)) * _WORD
    pieces = [words]
    if len(words) > 1:
        pieces.append((words[:-1] * _PAIR + words[1:]) * _MIX)
    if len(words) > 2:
        pieces.append((words[:-2] * _STEP + words[2:] * _PAIR) * _MIX)
        pieces.append(((words[:-2] * _PAIR + words[1:-1]) * _STEP + words[2:]) * _MIX)
    return pieces
