"""What the house's own data must keep besides the schema."""

from pathlib import Path

import pytest

from anban.detectors.vocabulary import OUTPUT_SIGNALS, USER_SIGNALS
from anban.law.model import Parameter
from anban.law.register import DEFAULT_PACKS, Register
from anban.law.rulebook import Rulebook

LAW = Path(__file__).parents[2] / "src" / "anban" / "law"


@pytest.mark.parametrize(
    ("parameter", "signals"),
    [
        ("signal-gentle-thresholds", USER_SIGNALS),
        ("signal-costly-thresholds", USER_SIGNALS),
        ("output-thresholds", OUTPUT_SIGNALS),
    ],
)
def test_every_signal_has_a_threshold(rules: Rulebook, parameter: str, signals: frozenset[str]) -> None:
    table = rules.table(parameter)
    assert table.keys() == signals
    assert all(0 < score < 1 for score in table.values())


def test_gentle_words_come_at_a_lower_score_than_costly_acts(rules: Rulebook) -> None:
    gentle, costly = rules.table("signal-gentle-thresholds"), rules.table("signal-costly-thresholds")
    assert all(gentle[signal] < costly[signal] for signal in gentle)


def test_every_clause_of_the_chinese_texts_belongs_to_a_duty(register: Register) -> None:
    cited = {(c.instrument, c.place.partition("(")[0]) for duty in register.duties.values() for c in duty.clauses}
    for pack in DEFAULT_PACKS:
        left = [place for place in register.instruments[pack].clauses if (pack, place) not in cited]
        assert left == []


def test_every_requirement_is_met_by_a_duty_that_shares_its_article(register: Register) -> None:
    for row in register.requirements.values():
        articles = {(cite.instrument, cite.place.partition("(")[0]) for cite in row.clauses}
        for duty in register.duties.values():
            if row.id in duty.meets:
                assert articles & {(c.instrument, c.place.partition("(")[0]) for c in duty.clauses}, (row.id, duty.id)


def test_every_number_belongs_to_a_duty_or_is_one_of_ours(register: Register) -> None:
    named = {name for duty in register.duties.values() for name in duty.parameters}

    def is_ours(number: Parameter) -> bool:
        return all(each.because is not None for each in number.values)

    assert [
        number.id for number in register.parameters.values() if number.id not in named and not is_ours(number)
    ] == []


def test_data_files_stay_small() -> None:
    assert [path.name for path in LAW.rglob("*.yaml") if len(path.read_text(encoding="utf-8").splitlines()) > 400] == []
