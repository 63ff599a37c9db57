"""`anban up`: builds the house and serves it until it is told to stop."""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import uvicorn
import uvloop
from rich.console import Console

from anban.base.errors import Misconfigured
from anban.base.masked import OnlyWho, masked
from anban.detectors.listed.wordlists import load_wordlists
from anban.rails.runtime import Runtime
from anban.settings import DEMO_KEY, Settings, read_settings

if TYPE_CHECKING:
    from anban.app import House

GRACE = 10
"""Seconds that answers under way have to end after a stop was asked for (reliability section 5)."""


def serve(*, host: str | None, port: int | None, data: Path | None, demo: bool | None, workers: int | None) -> int:
    """Serve until SIGTERM or Ctrl-C. Raises `Misconfigured` before anything is opened when settings do not fit."""
    settings = read_settings(host=host, port=port, data=data, demo=demo, workers=workers)
    if settings.workers > 1 and settings.database.startswith("sqlite"):
        raise Misconfigured("several workers need PostgreSQL: SQLite serves one process", field="workers")
    if settings.wordlists is not None:
        load_wordlists(settings.wordlists)  # before workers start: one plain line, not one of each
    _log_plainly()
    listener = _listen(settings)
    # Links to contacts and staff carry the port that was really taken.
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    if settings.workers > 1:
        from anban.cli.workers import run_workers

        return run_workers(settings, listener)
    # Hot path and writer thread share one lock in this interpreter: hand it over sooner than the default 5 ms.
    sys.setswitchinterval(0.001)
    uvloop.run(_serve(settings, listener, greet=True))
    return 0


async def _serve(settings: Settings, listener: socket.socket, *, greet: bool) -> None:
    """Until a stop is asked for. A house that has no keys serves help, and is built anew when they are there."""
    while await _serve_house(settings, listener.dup(), greet=greet):
        greet = False


async def _serve_house(settings: Settings, listener: socket.socket, *, greet: bool) -> bool:
    """Serve one house; True when it ended because the key service answers at last."""
    from anban.app import alive, build, mount

    house = await build(settings)
    config = uvicorn.Config(
        mount(house),
        http="httptools",
        loop="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=30,
    )
    # What was just built lives as long as the process: the collector need not look at it with every turn.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    server = _Server(config)
    _stop_gently(server, house.rt)
    async with alive(house):
        (settings.data / "address").write_text(f"http://{settings.host}:{listener.getsockname()[1]}")
        if greet or house.first_key is not None:  # the key is shown once, by whichever process made it
            _greet(settings, listener.getsockname()[1], house.first_key, house.demo_master_key)
        waiting = asyncio.create_task(_until_keys_are_back(house, server))
        await server.serve(sockets=[listener])
        waiting.cancel()
    return house.keys_back.is_set() and not server.stopped


async def _until_keys_are_back(house: "House", server: "_Server") -> None:
    await house.keys_back.wait()
    server.should_exit = True
    house.rt.post.close()
    house.rt.flights.stop_all("shutdown")


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would end the process before what waits to be written is written."""

    stopped = False
    """Whether a stop was asked for."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _stop_gently(server: _Server, rt: Runtime) -> None:
    """On SIGTERM or Ctrl-C: accept no more, end event channels, let answers finish, then end them properly."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = server.stopped = True
        rt.post.close()
        loop.call_later(GRACE / 2, rt.flights.stop_all, "shutdown")

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop)


def serve_worker(settings: Settings, listener: socket.socket) -> None:
    """One of several processes on the same listening socket."""
    _log_plainly()
    sys.setswitchinterval(0.001)
    uvloop.run(_serve(settings, listener, greet=False))


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise Misconfigured(f"{settings.host}:{settings.port} is in use or not ours", field="port") from error
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


def _log_plainly() -> None:
    """Logs for whoever runs the machine: JSON lines on stderr, ids and kinds, never words."""
    theirs = logging.StreamHandler(sys.stderr)
    theirs.setFormatter(OnlyWho())
    logging.basicConfig(level=logging.WARNING, handlers=[theirs])
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            masked,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


def _greet(settings: Settings, port: int, first_key: str | None, demo_master_key: bool) -> None:
    out = Console(highlight=False, soft_wrap=True)
    base = f"http://{settings.host}:{port}"
    out.print(f"\n[bold]Anban 安伴[/bold] is serving at {base}\n")
    out.print(f"  companion chat    {base}/")
    hint = "   lin, chen or wang / anban-demo (code on the page)" if settings.demo else ""
    out.print(f"  care desk         {base}/desk{hint}")
    out.print(f"  status            {base}/status")
    out.print(f"  API description   {base}/openapi.json")
    if settings.demo:
        out.print(f"\n  OpenAI base URL   {base}/v1     key  {DEMO_KEY}   (no log-in needed in demo mode)")
    if first_key is not None:
        out.print(f"\n  OpenAI base URL   {base}/v1     key  {first_key}   (shown once)")
    if not settings.upstream_url:
        out.print("  model             the built-in demonstration companion; set ANBAN_UPSTREAM_URL for a real one")
    if settings.demo:
        key = "the master key lies beside the data, " if demo_master_key else ""
        out.print(
            "\n[yellow]Demo mode protects nobody:[/yellow] one public key opens everything, "
            f"{key}the desk's people are invented, nobody outside is told.\n"
        )
