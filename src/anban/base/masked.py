"""The last look at a log line before it is written: what looks like a key leaves as `[masked]`.

Nobody may log a secret; this is for the day when somebody does. Library messages and tracebacks are not written at all,
since nobody can say what stands in them.
"""

import logging
import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, cast

MASK: Final = "[masked]"
DEEP: Final = 6
"""Levels of lists and tables that are looked through; what lies deeper is masked whole."""

_NAMES: Final = re.compile(r"passw|secret|token|authoriz|cookie|api[-_]?key|private|credential|totp", re.IGNORECASE)
_KEYS: Final = re.compile(
    r"(?:anban|admin)-(?:staff-)?[A-Za-z0-9_-]{16,}"  # our own keys, of services and of people
    r"|\bsk-[A-Za-z0-9_-]{16,}"  # a model vendor's
    r"|\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}\.?[A-Za-z0-9_-]*"  # a signed token
    r"|(?<=[Bb]earer )\S+|(?<=[Bb]asic )\S+"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # who and password in an address
    r"|-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)"
    r"|\$argon2\w*\$\S+"
    r"|\b[0-9a-fA-F]{64}\b"  # a key of 32 bytes
    r"|(?<![A-Za-z0-9_+/-])(?=[A-Za-z0-9_+/-]*[a-z])(?=[A-Za-z0-9_+/-]*[A-Z])(?=[A-Za-z0-9_+/-]*[0-9])"
    r"[A-Za-z0-9_+/-]{40,}={0,2}"  # random bytes in base 64
)


def masked(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog's list of processors, before the line is drawn."""
    return {name: _shown(name, value, 0) for name, value in event.items()}


def masked_text(text: str) -> str:
    """A text without what looks like a key."""
    return _KEYS.sub(MASK, text)


def _shown(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _NAMES.search(name) or depth > DEEP:
        return MASK
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        inner = cast("Mapping[Any, Any]", value)
        return {str(key): _shown(str(key), each, depth + 1) for key, each in inner.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown("", each, depth + 1) for each in cast("list[Any]", value)]
    return masked_text(str(value))


class OnlyWho(logging.Formatter):
    """A library's log line as its name and level: neither its message nor its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON line."""
        return f'{{"event": "library.log", "name": "{_plain(record.name)}", "level": "{record.levelname.lower()}"}}'


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]", "", name)[:80]
