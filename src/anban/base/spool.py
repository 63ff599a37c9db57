"""A file of promises for when the database is gone: sealed, checksummed, fsynced, replayed in order."""

import os
import struct
import threading
import zlib
from pathlib import Path

from anban.base.errors import StorageFailed
from anban.base.keys import DataKey, Unreadable

_HEAD = struct.Struct(">II")
_MOST = 1 << 20


class Spool:
    """Append-only; each record is length, CRC-32, sealed bytes. A torn last record is not a record."""

    def __init__(self, path: Path, key: DataKey) -> None:
        self.path = path
        self._key = key
        self._lock = threading.Lock()

    @property
    def empty(self) -> bool:
        return not self.path.exists() or self.path.stat().st_size == 0

    def append(self, record: bytes) -> None:
        """Seal `record` and return once it is on disk. Raises `StorageFailed`."""
        sealed = self._key.seal(record, "spool")
        try:
            with self._lock:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                try:
                    os.write(handle, _HEAD.pack(len(sealed), zlib.crc32(sealed)) + sealed)
                    os.fsync(handle)
                finally:
                    os.close(handle)
        except OSError as error:
            raise StorageFailed("the spool could not be written") from error

    def records(self) -> list[bytes]:
        """Every whole record, oldest first; a torn or altered one ends the list, what follows cannot be trusted."""
        if self.empty:
            return []
        found: list[bytes] = []
        content = self.path.read_bytes()
        at = 0
        while at + _HEAD.size <= len(content):
            length, checksum = _HEAD.unpack_from(content, at)
            sealed = content[at + _HEAD.size : at + _HEAD.size + length]
            if length > _MOST or len(sealed) < length or zlib.crc32(sealed) != checksum:
                break
            try:
                found.append(self._key.open(sealed, "spool"))
            except Unreadable:
                break
            at += _HEAD.size + length
        return found

    def clear(self, replayed: int) -> None:
        """Drop the first `replayed` records, keeping any that arrived since."""
        with self._lock:
            rest = self.records()[replayed:]
            part = self.path.with_suffix(".part")
            with open(part, "wb") as file:
                for record in rest:
                    sealed = self._key.seal(record, "spool")
                    file.write(_HEAD.pack(len(sealed), zlib.crc32(sealed)) + sealed)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self.path)
