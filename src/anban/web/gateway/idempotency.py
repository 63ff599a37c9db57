"""The same request sent twice is answered once: `Idempotency-Key`, remembered in this process for ten minutes.

Only finished replies that were not streamed are kept, in memory and within bounds; a stream that broke is asked anew,
and what must never happen twice (a case, a notice, an entry) does not hang on this. Replicas do not share it.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field

from litestar.types import Receive, Scope, Send

from anban.base.errors import BadInput, Conflict
from anban.web.auth import identifier

REMEMBERED = 600.0
"""Seconds for which a reply is repeated."""

MOST_REPLIES = 1_024
MOST_BYTES = 16 * 1024 * 1024
HEADER = "Idempotency-Key"

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True, eq=False)
class Once:
    """One request under its key: being answered while `body` is None. Close it when its answer ends, however."""

    store: "Replies"
    who: str
    key: bytes
    request: bytes
    until: float
    headers: Headers = field(default_factory=list[tuple[bytes, bytes]])
    body: bytes | None = None

    def keep(self, headers: Headers, body: bytes) -> None:
        """The whole reply as it went out."""
        self.headers, self.body = headers, body
        self.store.kept(self)

    def close(self) -> None:
        """The answer has ended; one that was not kept may be asked for anew."""
        if self.body is None:
            self.store.forget(self)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Give the kept reply again."""
        headers = [*self.headers, (b"idempotent-replayed", b"true")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body or b"", "more_body": False})


class Replies:
    """What was answered under which key, oldest first."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Once] = OrderedDict()
        self._bytes = 0

    def begin(self, key: str, who: str, raw: bytes, now: float) -> Once:
        """The request under this key of this person: new, or with the reply it had (`body`).

        Raises `Conflict` while the first one is being answered and `BadInput` when the key belongs to another request.
        """
        named = hashlib.sha256(f"{who}\0{identifier(key, HEADER)}".encode()).digest()
        request = hashlib.sha256(raw).digest()
        self._forget_old(now)
        known = self._known.get(named)
        if known is None:
            known = self._known[named] = Once(self, who, named, request, now + REMEMBERED)
            return known
        if known.request != request:
            raise BadInput(f"{HEADER} was used for another request", field=HEADER, code="idempotency_key_reused")
        if known.body is None:
            raise Conflict("the first request with this key is still being answered", field=HEADER)
        return known

    def kept(self, once: Once) -> None:
        """Count a reply; make room by forgetting the oldest."""
        self._bytes += len(once.body or b"")
        while len(self._known) > MOST_REPLIES or self._bytes > MOST_BYTES:
            self.forget(next(iter(self._known.values())))

    def forget(self, once: Once) -> None:
        """Remember this no longer."""
        if self._known.get(once.key) is once:
            del self._known[once.key]
            self._bytes -= len(once.body or b"")

    def forget_person(self, service: str, ref: str) -> None:
        """Nothing of what was answered to this person is repeated any more: they had it erased."""
        for once in [each for each in self._known.values() if each.who.startswith(f"{service}\0{ref}\0")]:
            self.forget(once)

    def _forget_old(self, now: float) -> None:
        while self._known and (oldest := next(iter(self._known.values()))).until <= now:
            self.forget(oldest)
