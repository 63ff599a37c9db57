"""Nights at random break no rule (reliability F4). `ANBAN_SEEDS` says how many; `make kill-loop` runs far more."""

import os

from tests.cases.simulation import Broken, night_of

SEEDS = int(os.environ.get("ANBAN_SEEDS", "500"))
FIRST = int(os.environ.get("ANBAN_FIRST_SEED", "0"))


def test_no_night_breaks_a_rule() -> None:
    told = 0
    for seed in range(FIRST, FIRST + SEEDS):
        try:
            told += bool(night_of(seed).told)
        except Exception as error:
            raise Broken(f"seed {seed}: {error}") from error
    assert told > SEEDS // 5, "nights in which nobody is told prove little"
