"""Where the master keys come from: the environment, or a file that replicas share, read again on change.

With a key service the file holds wrapped keys; they are unwrapped once and held in memory.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from anban.base.errors import BadInput, Conflict, Misconfigured
from anban.base.ids import new_id
from anban.base.key_lines import SIZE, KeyLine, parse_lines, written
from anban.base.keys import Ring, ring_of
from anban.base.kms.shape import KeyService

_FIELD = "ANBAN_MASTER_KEY_FILE"
Lines = tuple[KeyLine, ...]


class Keyring(Protocol):
    """A source of master keys. Only one that is `writable` can be rotated by the service itself."""

    @property
    def name(self) -> str: ...

    @property
    def writable(self) -> bool: ...

    def changed(self) -> bool:
        """Whether the source has changed since it was last read."""
        ...

    async def read(self) -> Ring:
        """The keys now. Raises `Misconfigured`, or `KeysAway` when the key service does not answer."""
        ...

    async def announce(self) -> int:
        """Write down a new version that opens and does not wrap yet; its number. Raises `Misconfigured`."""
        ...

    async def promote(self, version: int) -> None:
        """Let an announced version wrap from now on, and the others only open."""
        ...

    async def destroy(self, version: int) -> None:
        """Overwrite a version for good. Raises `Conflict` for the one that wraps."""
        ...


class GivenKeys:
    """Keys from the environment: what is given at start stays until the next."""

    name = "environment"
    writable = False

    def __init__(self, text: str) -> None:
        self._ring = ring_of(parse_lines(text))

    def changed(self) -> bool:
        return False

    async def read(self) -> Ring:
        return self._ring

    async def announce(self) -> int:
        raise _fixed()

    async def promote(self, version: int) -> None:
        raise _fixed()

    async def destroy(self, version: int) -> None:
        raise _fixed()


class KeyFile:
    """Keys in a file that only its owner reads; replicas share it. `service` wraps what stands in it."""

    def __init__(self, path: Path, service: KeyService | None = None) -> None:
        self.path = path
        self.name = "file" if service is None else service.name
        self._service = service
        self._stamp: tuple[int, int, int] | None = None
        self._open: dict[bytes, bytes] = {}

    @property
    def writable(self) -> bool:
        """Whether a new version can be put beside the old ones: the file is replaced as a whole."""
        return os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK | os.X_OK)

    def changed(self) -> bool:
        with suppress(OSError):
            return self._seen() != self._stamp
        return False  # a file that is gone for a moment changes nothing: what is in memory holds

    async def read(self) -> Ring:
        """The keys now; a deployment with a key service makes its first one when there is none."""
        if self._service is not None and not self.path.exists():
            first = await self._new(1, "")
            await asyncio.to_thread(self._changed_by, lambda lines: lines or (first,))
        stamp, lines = await asyncio.to_thread(self._read)
        ring = ring_of(tuple([await self._unwrapped(each) for each in lines]))
        self._stamp = stamp
        return ring

    async def announce(self) -> int:
        _, lines = await asyncio.to_thread(self._read)
        version = max(each.version for each in lines) + 1
        line = await self._new(version, "announced")

        def added(now: Lines) -> Lines:
            if any(each.version >= version for each in now):
                raise Conflict("another version was made at this moment", field="version")
            return (*now, line)

        await asyncio.to_thread(self._changed_by, added)
        return version

    async def promote(self, version: int) -> None:
        def moved(line: KeyLine) -> KeyLine:
            if line.version == version:
                return replace(line, state="")
            return replace(line, state="open-only") if line.state == "" and line.version < version else line

        await asyncio.to_thread(self._changed_by, lambda lines: tuple(map(moved, lines)))

    async def destroy(self, version: int) -> None:
        def gone(lines: Lines) -> Lines:
            wrapping = max((each.version for each in lines if each.state == ""), default=0)
            if version == wrapping:
                raise Conflict("this version wraps; make a newer one first", field="version")
            if all(each.version != version for each in lines):
                raise BadInput("there is no such version", field="version")
            return tuple(KeyLine(version, "destroyed", b"") if e.version == version else e for e in lines)

        await asyncio.to_thread(self._changed_by, gone)

    async def _new(self, version: int, state: str) -> KeyLine:
        secret = os.urandom(SIZE)
        if self._service is None:
            return KeyLine(version, "announced" if state else "", secret)
        wrapped = await self._service.wrap(secret, _context(version))
        self._open[wrapped] = secret
        return KeyLine(version, "announced" if state else "", wrapped, by_service=True)

    async def _unwrapped(self, line: KeyLine) -> KeyLine:
        if not line.by_service or line.state == "destroyed" or self._service is None:
            return line
        if line.material not in self._open:
            secret = await self._service.unwrap(line.material, _context(line.version))
            if len(secret) != SIZE:
                raise Misconfigured("what the key service unwrapped is no master key", field="ANBAN_KMS")
            self._open[line.material] = secret
        return replace(line, material=self._open[line.material], by_service=False)

    def _seen(self) -> tuple[int, int, int]:
        found = self.path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> tuple[tuple[int, int, int], Lines]:
        try:
            stamp = self._seen()
            lines = parse_lines(self.path.read_text(encoding="ascii"))
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured("the master key file cannot be read", field=_FIELD) from error
        if not lines:
            raise Misconfigured("the master key file is empty", field=_FIELD)
        return stamp, lines

    def _changed_by(self, change: Callable[[Lines], Lines]) -> None:
        """Replace the file under a lock, whole or not at all; what it held before is overwritten on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(new_id(f".{self.path.name}."))
        try:
            lock = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unwritable() from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self._read()[1] if self.path.exists() else ()
            after = change(before)
            if after == before:
                return
            former = os.open(self.path, os.O_RDWR) if self.path.exists() else None
            try:
                _put(part, written(after))
                os.replace(part, self.path)
                _sync_folder(self.path.parent)
                if former is not None:
                    _wipe(former)
            finally:
                if former is not None:
                    os.close(former)
        except OSError as error:
            raise _unwritable() from error
        finally:
            part.unlink(missing_ok=True)
            os.close(lock)


def _put(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _wipe(handle: int) -> None:
    size = os.fstat(handle).st_size
    os.pwrite(handle, bytes(size), 0)
    os.fsync(handle)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _context(version: int) -> Mapping[str, str]:
    return {"anban": "master key", "version": str(version)}


def _fixed() -> Misconfigured:
    return Misconfigured("keys from the environment are changed there; see docs/keys.md", field="ANBAN_MASTER_KEY")


def _unwritable() -> Misconfigured:
    return Misconfigured("the master key file cannot be written by the service; see docs/keys.md", field=_FIELD)
