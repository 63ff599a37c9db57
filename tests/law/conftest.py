"""The house's own register, read once."""

from datetime import UTC, datetime

import pytest

from anban.law.register import DEFAULT_PACKS, Register, load
from anban.law.rulebook import Rulebook

TODAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="session")
def register() -> Register:
    return load()


@pytest.fixture(scope="session")
def rules(register: Register) -> Rulebook:
    return register.in_force(DEFAULT_PACKS, TODAY)
