"""One zip, written forwards only and sealed as it grows: a few pieces in memory, nothing readable on the disk."""

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, cast

import orjson

from anban.base.keys import DataKey
from anban.privacy.copying.sealed_file import SealedFile

MANIFEST: Final = "manifest.json"

LARGE: Final = 2**30
"""Bytes from which a part may need the larger form of zip, which some old readers do not know."""


class Archive:
    """Parts are written one after the other; each is told in the manifest with its digest."""

    def __init__(self, path: Path, key: DataKey, place: str, comment: str, made_at: tuple[int, ...]) -> None:
        self._file = SealedFile(path, key, place)
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._file), "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._zip.comment = comment.encode()
        self._made_at = cast("tuple[int, int, int, int, int, int]", made_at)
        self._part: IO[bytes] | None = None
        self._name, self._hash, self._bytes = "", hashlib.sha256(), 0
        self.files: list[dict[str, Any]] = []

    @property
    def size(self) -> int:
        """Bytes of the archive so far."""
        return self._file.size

    def begin(self, name: str, expected: int = 0) -> None:
        """Begin the next part; `expected` bytes tell whether it may be a very large one."""
        self._close_part()
        entry = zipfile.ZipInfo(name, self._made_at)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        self._part = self._zip.open(entry, "w", force_zip64=expected > LARGE)
        self._name, self._hash, self._bytes = name, hashlib.sha256(), 0

    def write(self, content: bytes) -> None:
        """More of this part."""
        assert self._part is not None
        self._part.write(content)
        self._hash.update(content)
        self._bytes += len(content)

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """A whole part."""
        self.begin(name)
        for piece in pieces:
            self.write(piece)

    def digest(self) -> str:
        """The SHA-256 of this part so far."""
        return self._hash.hexdigest()

    def finish(self, told: Mapping[str, Any]) -> None:
        """Write the manifest, close the archive and have it on the disk."""
        self._close_part()
        listed = {**told, "files": list(self.files)}
        self.add(MANIFEST, [orjson.dumps(listed, option=orjson.OPT_INDENT_2)])
        self._close_part()
        self._zip.close()
        self._file.finish()

    def give_up(self) -> None:
        """Leave it unfinished: it opens to nobody."""
        with suppress(OSError, ValueError):
            if self._part is not None:
                self._part.close()
            self._zip.close()
        self._file.give_up()

    def _close_part(self) -> None:
        if self._part is None:
            return
        self._part.close()
        self._part = None
        self.files.append({"name": self._name, "bytes": self._bytes, "sha256": self._hash.hexdigest()})
