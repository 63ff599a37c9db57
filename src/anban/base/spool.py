"""A file of promises for when the database is gone: sealed, checksummed, fsynced, replayed in order."""

import fcntl
import os
import struct
import zlib
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import structlog

from anban.base.errors import StorageFailed
from anban.base.keys import KeysAway, Unreadable

_HEAD = struct.Struct(">II")
_MOST = 1 << 20

_log: Any = structlog.get_logger("anban.spool")


class Seal(Protocol):
    """What seals a record and opens it again."""

    def seal(self, text: bytes, place: str) -> bytes: ...

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises `Unreadable`, or `KeysAway` when nobody can tell."""
        ...


class Spool:
    """Append-only; each record is length, CRC-32, sealed bytes. A torn last record is not a record.

    Processes that share the file take turns through a lock beside it. `older` are keys that may have sealed what waits
    here already. What cannot be read is never thrown away: it moves to a `.torn` file beside this one.
    """

    def __init__(self, path: Path, key: Seal, older: Collection[Seal] = ()) -> None:
        self.path = path
        self._key = key
        self._keys = (key, *older)

    @property
    def empty(self) -> bool:
        return not self.path.exists() or self.path.stat().st_size == 0

    def append(self, record: bytes) -> None:
        """Seal `record` and return once it is on disk. Raises `StorageFailed`."""
        framed = self._framed(record)
        try:
            with self._alone(), open(self.path, "ab", opener=_private) as file:
                # What a crash left half written would hide everything behind it.
                end = self._set_aside()
                file.truncate(end)
                file.write(framed)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageFailed("the spool could not be written") from error

    def records(self) -> list[bytes]:
        """Every whole record, oldest first; a torn or altered one ends the list, what follows cannot be trusted.

        Raises `KeysAway` while there are no keys to open them.
        """
        return [] if self.empty else self._whole()[0]

    def seal_anew(self) -> None:
        """Seal what waits with the newest key. Raises `OSError`, or `KeysAway`."""
        if not self.empty:
            self.clear(())

    def clear(self, entered: Collection[bytes], refused: Collection[bytes] = ()) -> None:
        """Drop the records that were `entered` and put the `refused` ones behind the others; what came since stays.

        Another process may have cleared the same ones meanwhile. Raises `OSError`.
        """
        with self._alone():
            self._set_aside()
            waiting = [record for record in self._whole()[0] if record not in entered]
            part = self.path.with_suffix(".part")
            with open(part, "wb", opener=_private) as file:
                # A stable sort: each group keeps its order.
                file.writelines(self._framed(record) for record in sorted(waiting, key=lambda each: each in refused))
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self.path)

    def _framed(self, record: bytes) -> bytes:
        sealed = self._key.seal(record, "spool")
        return _HEAD.pack(len(sealed), zlib.crc32(sealed)) + sealed

    def _whole(self, *, unopened: bool = False) -> tuple[list[bytes], int]:
        """Every whole record, and where the last of them ends. `unopened`: as its checksum tells, without keys."""
        found: list[bytes] = []
        content = self.path.read_bytes() if self.path.exists() else b""
        at = 0
        while at + _HEAD.size <= len(content):
            length, checksum = _HEAD.unpack_from(content, at)
            sealed = content[at + _HEAD.size : at + _HEAD.size + length]
            if length > _MOST or len(sealed) < length or zlib.crc32(sealed) != checksum:
                break
            record = sealed if unopened else self._opened(sealed)
            if record is None:
                break
            found.append(record)
            at += _HEAD.size + length
        return found, at

    def _opened(self, sealed: bytes) -> bytes | None:
        for key in self._keys:
            with suppress(Unreadable):
                return key.open(sealed, "spool")
        return None

    def _set_aside(self) -> int:
        """Keep what stands behind the last whole record, for a person to look at; where that record ends."""
        try:
            end = self._whole()[1]
        except KeysAway:
            end = self._whole(unopened=True)[1]
        rest = self.path.read_bytes()[end:] if self.path.exists() else b""
        if rest:
            _log.critical("spool.set_aside", bytes=len(rest))
            with open(self.path.with_suffix(".torn"), "ab", opener=_private) as file:
                file.write(rest)
                file.flush()
                os.fsync(file.fileno())
        return end

    @contextmanager
    def _alone(self) -> Generator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
