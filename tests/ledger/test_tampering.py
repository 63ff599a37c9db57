"""Whatever is changed in a ledger of 2,000 entries is found: each bit, each line, each order."""

import asyncio

import pytest

from tests.ledger import tampering
from tests.ledger.tampering import States

SAMPLE = 20
"""Each so many lines have every bit flipped here; `make tamper` does them all."""


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> States:
    return tampering.states(asyncio.run(tampering.grown(tmp_path_factory.mktemp("tampering") / "ledger.jsonl", 2000)))


def test_every_single_bit_matters(of: States) -> None:
    special = {
        line for line, content in enumerate(of.lines) if b"ledger.closed" in content or b"ledger.opened" in content
    }
    checkpoints = [line for line, content in enumerate(of.lines) if content.startswith(b'{"checkpoint"')]
    logs = [line for line, content in enumerate(of.lines) if content.startswith(b'{"log"')]
    sample = {0, *range(1, len(of.lines), SAMPLE), *special, *checkpoints[::SAMPLE], checkpoints[-1], *logs}
    assert len(logs) == 2 and len(special) == 2
    assert [missed for line in sorted(sample) for missed in tampering.unnoticed_bits(of, line)] == []


def test_every_line_left_out_doubled_swapped_put_elsewhere_or_cut_off_is_found(of: States) -> None:
    edits = list(tampering.structural(of))
    assert len(edits) > 5 * 2000
    assert [(name, line) for name, line, found in edits if not found] == []
