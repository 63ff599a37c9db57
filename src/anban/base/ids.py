"""Identifiers that sort by time: UUIDv7 (RFC 9562 section 5.7)."""

import os
import time
from uuid import UUID

_last_ms = 0
_step = 0


def new_id(prefix: str = "") -> str:
    """A new identifier, `prefix` + 32 hex digits; later ones of one process sort after earlier ones."""
    global _last_ms, _step
    ms = time.time_ns() // 1_000_000
    if ms <= _last_ms:
        _step += 1
        if _step > 0xFFF:
            _last_ms += 1
            _step = 0
    else:
        _last_ms, _step = ms, 0
    tail = int.from_bytes(os.urandom(8), "big") >> 2
    number = (_last_ms << 80) | (0x7 << 76) | (_step << 64) | (0b10 << 62) | tail
    return prefix + UUID(int=number).hex
