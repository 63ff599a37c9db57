"""One panel for all tests of this room: it holds only tables."""

import pytest

from anban.detectors.panel import Panel, build_panel


@pytest.fixture(scope="session")
def panel() -> Panel:
    return build_panel()
