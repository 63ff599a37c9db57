"""Several processes on one listening socket, each a whole service; for PostgreSQL only."""

import os
import signal
import socket
import sys
import time

from anban.settings import Settings


def run_workers(settings: Settings, listener: socket.socket) -> int:
    """Fork `settings.workers` processes; when one dies, start another; stop them all on SIGTERM or Ctrl-C."""
    children: set[int] = set()
    stopping = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while True:
        while not stopping and len(children) < settings.workers:
            children.add(_start(settings, listener))
        try:
            child, _ = os.wait()
        except ChildProcessError:
            return 0
        children.discard(child)
        if not stopping:
            time.sleep(1)  # one that dies at once must not be followed by a storm of others


def _start(settings: Settings, listener: socket.socket) -> int:
    child = os.fork()
    if child:
        return child
    from anban.cli.serve import serve_worker

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    serve_worker(settings, listener)
    sys.exit(0)
