"""Identifiers that sort by time: UUIDv7 (RFC 9562 section 5.7)."""

import os
import time

_last_ms = 0
_step = 0
_chance = b""


def new_id(prefix: str = "") -> str:
    """A new identifier, `prefix` + 32 hex digits; later ones of one process sort after earlier ones."""
    global _last_ms, _step, _chance
    ms = time.time_ns() // 1_000_000
    if ms <= _last_ms:
        _step += 1
        if _step > 0xFFF:
            _last_ms += 1
            _step = 0
    else:
        _last_ms, _step = ms, 0
    if len(_chance) < 8:
        _chance = os.urandom(512)  # one call to the system for many identifiers
    tail, _chance = int.from_bytes(_chance[:8], "big") >> 2, _chance[8:]
    number = (_last_ms << 80) | (0x7 << 76) | (_step << 64) | (0b10 << 62) | tail
    return f"{prefix}{number:032x}"


def _forget_chance() -> None:
    global _chance
    _chance = b""


# Two processes must not go on from the same randomness.
os.register_at_fork(after_in_child=_forget_chance)
