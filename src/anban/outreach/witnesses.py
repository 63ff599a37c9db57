"""The three kinds of witness outside the operator: a file, a bundle of records, a server.

Each is shown a checkpoint and says that it holds it now, that it could not be reached, or that what it holds
contradicts ours: then the ledger was rewritten, or set back to an older state.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal, Protocol, TypeVar

from pydantic import AfterValidator, Field, SecretStr

from anban.base.errors import Misconfigured
from anban.ledger.logs import Signed
from anban.ledger.witness import (
    Claim,
    Cosigner,
    add_checkpoint,
    claim,
    cosignatures,
    cosigner,
    first_record,
    last_claim,
    next_record,
    record_note,
)
from anban.outreach.channels.choice import Choice, Door
from anban.outreach.reply import Reply
from anban.outreach.safe_http import SafeHttp

_TAIL: Final = 1 << 20
"""Bytes at the end of a witness's file that are read to learn what it holds."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The witness holds the checkpoint; `lines` are its cosignatures."""

    lines: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Away:
    """Nobody can say that the witness holds it."""

    code: str


@dataclass(frozen=True, slots=True)
class Contradicts:
    """The witness holds something that our ledger does not grow from."""

    code: str


Answer = Kept | Away | Contradicts

T = TypeVar("T")


class Ours(Protocol):
    """What a witness may ask about the log it is shown."""

    async def root(self, size: int) -> bytes | None:
        """The root over the first `size` entries; None when there are fewer."""
        ...

    async def proof(self, size: int) -> Sequence[bytes]:
        """That the first `size` entries are the beginning of what is shown."""
        ...


class Witness(Protocol):
    """Somebody outside who keeps checkpoints."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def key(self) -> str:
        """Its verifier key where it cosigns, else empty."""
        ...

    async def show(self, origin: str, signed: Signed, held: int, ours: Ours) -> Answer:
        """Show a checkpoint to a witness that should hold `held` entries of this log. Never raises for what it does."""
        ...

    async def close(self) -> None: ...


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path, on what another party keeps")
    return path


def _cosigners(text: str) -> str:
    if text:
        try:
            cosigner(text)
        except Misconfigured as error:
            raise ValueError(error.message) from None
    return text


Place = Annotated[Path, AfterValidator(_absolute)]
VerifierKey = Annotated[str, AfterValidator(_cosigners)]


class FileChoice(Choice):
    """`path` is a file, or a folder in which each log gets one."""

    kind: Literal["file"]
    path: Place


class BundleChoice(Choice):
    kind: Literal["bundle"]
    path: Place


class HttpsChoice(Choice):
    """`protocol` `tlog-witness`: C2SP, needs `key`; `post`: the note as the body, and any 2xx is a yes."""

    kind: Literal["https"]
    url: Door
    protocol: Literal["tlog-witness", "post"] = "tlog-witness"
    key: VerifierKey = ""
    token: SecretStr = Field(SecretStr(""))


class Aside:
    """One thing at a time on a thread that nobody waits for: a share that hangs keeps its own witness away and no more.

    Not on the threads that all share: they write down what was promised to people while the database is gone.
    """

    def __init__(self, within: float) -> None:
        self._within = within
        self._busy = False

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives. Raises what it raises, and `TimeoutError` while it, or the one before, is not back."""
        if self._busy:
            raise TimeoutError
        self._busy = True
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def settle(how: Callable[[], None]) -> None:
            if not done.done():
                how()

        def go() -> None:
            try:
                how = partial(done.set_result, work())
            except Exception as error:  # noqa: BLE001 - given to whoever waits
                how = partial(done.set_exception, error)
            self._busy = False
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, how)

        threading.Thread(target=go, name="anban-witness", daemon=True).start()
        async with asyncio.timeout(self._within):
            return await done


class Notes:
    """Signed notes one after another, with an empty line behind each; only ever appended to."""

    kind, key = "file", ""

    def __init__(self, choice: FileChoice | BundleChoice, within: float = 5.0) -> None:
        self.name = choice.name or choice.kind
        self._path = choice.path
        self._aside = Aside(within)

    async def show(self, origin: str, signed: Signed, held: int, ours: Ours) -> Answer:
        try:
            found = await self._aside.run(partial(self._held, origin))
            if found is not None:
                if found.size > signed.size:
                    return Contradicts("ahead")
                if found.root != await ours.root(found.size):
                    return Contradicts("fork")
                if found.size == signed.size:
                    return Kept()
            return await self._aside.run(partial(self._append, origin, signed.note))
        except TimeoutError:
            return Away("timeout")
        except OSError as error:
            return Away(f"os-{error.errno}")

    async def close(self) -> None:
        return

    def _file(self, origin: str) -> Path:
        return self._path / (origin.replace("/", "-") + ".txt") if self._path.is_dir() else self._path

    def _held(self, origin: str) -> Claim | None:
        return last_claim(_tail(self._file(origin)), origin)

    def _append(self, origin: str, note: bytes) -> Answer:
        _add(self._file(origin), note + b"\n")
        return Kept()


class Bundle(Notes):
    """One JSON record a line, each with the hash of the one before, as commits have it; only ever appended to."""

    kind = "bundle"

    def _file(self, origin: str) -> Path:
        return self._path / "anban-bundle.jsonl" if self._path.is_dir() else self._path

    def _held(self, origin: str) -> Claim | None:
        found = (claim(record_note(line)) for line in reversed(_tail(self._file(origin)).splitlines()))
        return next((each for each in found if each is not None and each.origin == origin), None)

    def _append(self, origin: str, note: bytes) -> Answer:
        lines = _tail(self._file(origin)).splitlines()
        record = next_record(lines[-1], note) if lines else first_record(note)
        if record is None:
            return Contradicts("damaged")
        _add(self._file(origin), record + b"\n")
        return Kept()


class Server:
    """A server of another party, over https only, never into the inside (`outreach/safe_http.py`)."""

    kind = "https"

    def __init__(self, choice: HttpsChoice, http: SafeHttp) -> None:
        self.name, self.key = choice.name or "https", choice.key
        self._url, self._cosigns = choice.url.rstrip("/"), choice.protocol == "tlog-witness"
        self._cosigner: Cosigner | None = cosigner(choice.key) if choice.key else None
        self._token, self._http = choice.token.get_secret_value(), http

    async def show(self, origin: str, signed: Signed, held: int, ours: Ours) -> Answer:
        if not self._cosigns or self._cosigner is None:
            reply = await self._post(self._url, signed.note)
            return Kept() if reply.state == "answered" and 200 <= reply.status < 300 else Away(_code(reply))
        reply = await self._offer(signed, held, ours)
        claimed = _claimed(reply)
        if claimed is not None and claimed <= signed.size and claimed != held:
            # It holds another number than we know of: its answer was lost, or it came back from a backup of its own.
            # It says how many, and gets the proof from there.
            reply = await self._offer(signed, claimed, ours)
            claimed = _claimed(reply)
        if reply.state != "answered":
            return Away(_code(reply))
        if claimed is not None:
            return Contradicts("ahead" if claimed > signed.size else "fork")
        if reply.status == 422:
            return Contradicts("fork")
        lines = cosignatures(reply.body, signed.note, self._cosigner) if reply.status == 200 else ()
        return Kept(lines) if lines else Away("not-cosigned" if reply.status == 200 else _code(reply))

    async def _offer(self, signed: Signed, held: int, ours: Ours) -> Reply:
        proof = await ours.proof(held) if 0 < held <= signed.size else ()
        return await self._post(f"{self._url}/add-checkpoint", add_checkpoint(held, proof, signed.note))

    async def _post(self, url: str, body: bytes) -> Reply:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return await self._http.post(url, body, headers)

    async def close(self) -> None:
        await self._http.close()


def with_lines(note: bytes, lines: Sequence[bytes]) -> bytes:
    """The checkpoint with the lines of whoever cosigned it."""
    return note + b"".join(lines)


def _claimed(reply: Reply) -> int | None:
    """How many entries a witness says it holds when it answers that we are wrong about that."""
    if reply.state != "answered" or reply.status != 409:
        return None
    digits = reply.body.strip()
    return int(digits) if digits.isdigit() and len(digits) < 20 else None


def _code(reply: Reply) -> str:
    return f"http-{reply.status}" if reply.state == "answered" else reply.code or reply.state


def _tail(path: Path) -> bytes:
    """The end of a file; empty when there is none yet."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            return file.read()
    except FileNotFoundError:
        return b""


def _add(path: Path, content: bytes) -> None:
    """Append and return once it is on the disk."""
    with open(path, "ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
