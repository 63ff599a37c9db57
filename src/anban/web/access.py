"""Every request leaves a line in the network log: when, what for, how it ended, from where; no path, no content."""

from typing import Any, Final

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from anban.base.errors import StorageFailed
from anban.law.performs import performs
from anban.privacy.network_log import NETWORK_INSERT, Request, line
from anban.rails.runtime import Runtime

log: Any = structlog.get_logger("anban.access")

UNLOGGED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""What machines ask every few seconds about the machine itself."""

DECISION: Final = b"x-anban-decision"


@performs("network-logs")
def logged(rt: Runtime) -> Any:
    """A layer around the doors that keeps one row of each request; a row that cannot be kept stops nothing."""

    def layer(app: ASGIApp) -> ASGIApp:
        async def inner(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] in UNLOGGED or scope["path"].startswith("/static/"):
                await app(scope, receive, send)
                return
            began, seen = rt.clock.monotonic(), _Seen()

            async def watched(message: Message) -> None:
                if message["type"] == "http.response.start":
                    seen.take(message)
                await send(message)

            try:
                await app(scope, receive, watched)
            finally:
                _keep(rt, scope, seen, rt.clock.monotonic() - began)

        return inner

    return layer


class _Seen:
    """How the answer began. 499: whoever asked had gone before."""

    def __init__(self) -> None:
        self.status = 499
        self.decision: str | None = None

    def take(self, message: Any) -> None:
        self.status = int(message["status"])
        for name, value in message.get("headers", ()):
            if name.lower() == DECISION:
                self.decision = bytes(value).decode("latin-1")


def _keep(rt: Runtime, scope: Scope, seen: _Seen, seconds: float) -> None:
    client = scope.get("client")
    request = Request(
        at=rt.clock.now(),
        method=str(scope.get("method", "")),
        route=str(scope.get("path_template") or "unknown"),
        status=seen.status,
        milliseconds=round(seconds * 1000),
        address=client[0] if client else "",
        decision=seen.decision,
    )
    try:
        if rt.db.crowded:  # what turns, exits and cases leave behind needs the room: a log must not close the chat
            raise StorageFailed("too much waits to be written")
        rt.db.later(NETWORK_INSERT, line(request, rt.keys))
    except StorageFailed:
        rt.figures.faults.labels("network-log").inc()
        log.warning("network_log.not_kept", route=request.route, status=request.status)
