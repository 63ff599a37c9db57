"""Named places where a test kills the process, to see that nothing is lost there (reliability section 7.1)."""

import os
import signal
from pathlib import Path

_WANTED = os.environ.get("ANBAN_CRASH_AT", "")
"""`name` or `name:3` for the third time it is reached; set by tests only."""

_NAME, _, _COUNT = _WANTED.partition(":")
_left = int(_COUNT or 1)


def crashpoint(name: str) -> None:
    """Die here as if the power went, when a test asked for it; otherwise nothing."""
    global _left
    if not _NAME or name != _NAME:
        return
    _left -= 1
    if _left == 0:
        if mark := os.environ.get("ANBAN_CRASH_MARK"):
            Path(mark).write_text(name)
        os.kill(os.getpid(), signal.SIGKILL)
