"""Named places where a test kills the process, to see that nothing is lost there (reliability section 7.1)."""

import os
import signal
from pathlib import Path

_armed: dict[str, int] = {}


def arm(wanted: str) -> None:
    """Die the first time that the place `name` is reached, or the third for `name:3`; an empty text disarms."""
    _armed.clear()
    name, _, count = wanted.partition(":")
    if name:
        _armed[name] = int(count or 1)


def crashpoint(name: str) -> None:
    """Die here as if the power went, when a test asked for it; otherwise nothing."""
    if name not in _armed:
        return
    _armed[name] -= 1
    if _armed[name] == 0:
        if mark := os.environ.get("ANBAN_CRASH_MARK"):
            Path(mark).write_text(name)
        os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ.get("ANBAN_CRASH_AT", ""))
