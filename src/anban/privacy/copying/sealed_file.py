"""A file that is never readable on the disk: sealed piece by piece under one person's key, in order and whole or not.

Each piece is bound to its place in the file and the last one says that it is the last, so that pieces cannot be left
out, moved or cut off without being noticed.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from anban.base.keys import DataKey, Unreadable

PIECE: Final = 65_536
"""Bytes of one piece before it is sealed."""

_LENGTH: Final = 4


class SealedFile:
    """What is written is sealed at once; `size` counts the bytes as they were given. Private to whoever runs us."""

    def __init__(self, path: Path, key: DataKey, place: str) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._key, self._place = key, place
        self._waiting = bytearray()
        self._number = 0
        self.size = 0

    def write(self, content: bytes | bytearray | memoryview) -> int:
        """Take more bytes; how many there were."""
        taken = len(content)
        self._waiting += content
        self.size += taken
        while len(self._waiting) > PIECE:
            self._seal(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return taken

    def flush(self) -> None:
        """Nothing to do: what is not a whole piece yet waits in memory."""

    def finish(self) -> None:
        """Seal what is left as the last piece, and have it all on the disk."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def give_up(self) -> None:
        """Close without a last piece: what was written opens to nobody."""
        self._file.close()

    def _seal(self, piece: bytes, *, last: bool) -> None:
        sealed = self._key.seal(piece, _bound(self._place, self._number, last=last))
        self._file.write(len(sealed).to_bytes(_LENGTH, "big") + sealed)
        self._number += 1


def unsealed(path: Path, key: DataKey, place: str) -> Iterator[bytes]:
    """The pieces of a sealed file, opened one by one. Raises `Unreadable` where one is missing, altered or cut off."""
    with open(path, "rb") as file:
        number = 0
        head = file.read(_LENGTH)
        while True:
            sealed = file.read(int.from_bytes(head, "big")) if len(head) == _LENGTH else b""
            if not sealed:
                raise Unreadable("a sealed file is cut off")
            head = file.read(_LENGTH)
            yield key.open(sealed, _bound(place, number, last=not head))
            if not head:
                return
            number += 1


def _bound(place: str, number: int, *, last: bool) -> str:
    return f"{place}|{number}|{'last' if last else 'more'}"
