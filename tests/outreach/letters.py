"""A letter, and whom it is for."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from anban.outreach.channel import Letter

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

LETTER = Letter(
    send="case_1|con_1|sms-1",
    route="phone",
    address="138 0013 8000",
    subject="请尽快联系林先生",
    text="有一位您关心的人现在需要帮助，请尽快联系。",
    link="https://anban.example/r/AbC-123_x",
    at=AT,
)


def letter(**other: Any) -> Letter:
    """The letter with other facts."""
    return replace(LETTER, **other)
