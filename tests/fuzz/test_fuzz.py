"""The short form of the fuzz targets, for every change; `run.py` is the long one."""

import pytest

from tests.fuzz.run import run_plain, targets


@pytest.mark.parametrize("name", targets())
def test_two_thousand_inputs_break_nothing(name: str) -> None:
    run_plain(name, 2000)
