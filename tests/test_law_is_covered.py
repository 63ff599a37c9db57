"""Every duty called done leads from its clause to code, test, signal, number and evidence; and this check can fail."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

import anban
from anban.detectors.vocabulary import SIGNALS
from anban.law.covered import missing_links, sources_of
from anban.law.performs import performed_by, see_every_room
from anban.law.register import Register, load
from anban.law.table import test_file as name_of_test
from anban.ledger.kinds import PLANNED, Kind
from tests.law.small_register import write_register

TESTS = Path(__file__).parent
KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True)
class Links:
    """All that the check looks at."""

    register: Register
    performed: Mapping[str, tuple[str, ...]]
    tests: Path
    kinds: frozenset[str]
    signals: frozenset[str]
    sources: Mapping[str, str]
    planned: frozenset[str] = frozenset()

    def missing(self) -> list[str]:
        return missing_links(
            self.register, self.performed, self.tests, self.kinds, self.signals, self.sources, self.planned
        )


@cache
def of_this_house() -> Links:
    see_every_room()
    sources = sources_of(Path(anban.__path__[0]))
    return Links(load(), performed_by(), TESTS, KINDS, SIGNALS, sources, frozenset(kind.value for kind in PLANNED))


def test_the_law_is_covered() -> None:
    assert of_this_house().missing() == []


def test_every_row_of_the_requirement_matrix_is_there() -> None:
    assert len(of_this_house().register.requirements) == 146


def test_a_done_duty_without_its_code_is_noticed() -> None:
    house = of_this_house()
    done = [duty for duty in house.register.duties.values() if duty.mode in ("automated", "assisted")]
    assert done
    for duty in done:
        others = {name: code for name, code in house.performed.items() if name != duty.id}
        assert replace(house, performed=others).missing() == [f"{duty.id}: {duty.mode}, but no code performs it"]


def test_a_done_duty_without_its_test_is_noticed(tmp_path: Path) -> None:
    house = of_this_house()
    done = [duty for duty in house.register.duties.values() if duty.mode in ("automated", "assisted")]
    lines = replace(house, tests=tmp_path).missing()
    assert lines == [f"{duty.id}: {duty.mode}, but tests/duties/{name_of_test(duty.id)} is missing" for duty in done]


def test_a_kind_that_leaves_the_ledger_is_noticed() -> None:
    house = of_this_house()
    lines = replace(house, kinds=house.kinds - {"session.left"}).missing()
    assert lines == ["free-exit: the ledger has no kind session.left"]


def test_a_kind_that_nobody_writes_is_noticed() -> None:
    house = of_this_house()
    lines = replace(house, planned=house.planned - {"incident.reported"}).missing()
    assert lines == ["incident.reported: no code writes this kind of entry; write it, or list it as planned"]


def test_a_kind_that_is_written_may_not_be_called_planned() -> None:
    house = of_this_house()
    (line,) = replace(house, planned=house.planned | {"help.offered"}).missing()
    assert line == "help.offered: cases/crisis.py writes this kind of entry; it is no longer planned"


def test_a_signal_that_nothing_follows_from_is_noticed() -> None:
    house = of_this_house()
    lines = replace(house, signals=house.signals | {"boredom"}).missing()
    assert lines == ["boredom: no duty names this signal and no rail acts on it"]


def test_a_signal_that_leaves_the_detectors_is_noticed() -> None:
    house = of_this_house()
    lines = replace(house, signals=house.signals - {"out.secret-solicitation"}).missing()
    assert lines == ["no-secret-solicitation: no detector yields the signal out.secret-solicitation"]


# One small register with one duty, whole in every way; then one link is taken away at a time.


@pytest.fixture
def whole(tmp_path: Path) -> Links:
    tests = tmp_path / "tests"
    (tests / "duties").mkdir(parents=True)
    proof = "def test_rest():\n    assert Kind.NOTICE_BREAK_SHOWN\n"
    (tests / "duties" / "test_rest_reminder.py").write_text(proof, encoding="utf-8")
    return Links(
        register=load(write_register(tmp_path / "law")),
        performed={"rest-reminder": ("anban.rails.notices:rest_due",)},
        tests=tests,
        kinds=frozenset({"notice.break.shown"}),
        signals=frozenset({"distress"}),
        sources={"rails/notices.py": 'rules.value("rest-after") + rules.value("quiet-gap") + Kind.NOTICE_BREAK_SHOWN'},
    )


def without_proof(links: Links) -> Links:
    (links.tests / "duties" / "test_rest_reminder.py").unlink()
    return links


def without_a_look_at_the_ledger(links: Links) -> Links:
    path = links.tests / "duties" / "test_rest_reminder.py"
    path.write_text("def test_rest():\n    assert True\n", encoding="utf-8")
    return links


def changed(links: Links, file: str, old: str, new: str) -> Links:
    return replace(links, register=load(write_register(links.tests / "law", {file: (old, new)})))


TAKEN_AWAY = {
    "rest-reminder: automated, but no code performs it": lambda links: replace(links, performed={}),
    "rest-reminder: automated, but tests/duties/test_rest_reminder.py is missing": without_proof,
    "rest-reminder: tests/duties/test_rest_reminder.py never looks for the evidence notice.break.shown": (
        without_a_look_at_the_ledger
    ),
    "rest-reminder: no detector yields the signal distress": lambda links: replace(links, signals=frozenset()),
    "rest-reminder: the ledger has no kind notice.break.shown": lambda links: replace(links, kinds=frozenset()),
    "quiet-gap: no code reads this parameter; use it, or say `used_by: pending`": (
        lambda links: replace(
            links, sources={"rails/notices.py": 'rules.value("rest-after") + Kind.NOTICE_BREAK_SHOWN'}
        )
    ),
    "notice.break.shown: no code writes this kind of entry; write it, or list it as planned": (
        lambda links: replace(
            links, sources={"rails/notices.py": 'rules.value("rest-after") + rules.value("quiet-gap")'}
        )
    ),
    "boredom: no duty names this signal and no rail acts on it": (
        lambda links: replace(links, signals=links.signals | {"boredom"})
    ),
    "R1: no duty meets this requirement": (
        lambda links: changed(links, "duties/rest-reminder.yaml", "meets: [R1]\n", "")
    ),
}


def test_a_whole_chain_has_no_missing_link(whole: Links) -> None:
    assert whole.missing() == []


@pytest.mark.parametrize("line", TAKEN_AWAY)
def test_taking_one_link_away_is_noticed(line: str, whole: Links) -> None:
    assert TAKEN_AWAY[line](whole).missing() == [line]


def test_a_duty_that_says_it_is_pending_needs_no_code_yet(whole: Links) -> None:
    pending = changed(whole, "duties/rest-reminder.yaml", "mode: automated", "mode: pending")
    assert without_proof(replace(pending, performed={})).missing() == []


def test_a_number_that_says_it_waits_for_its_code_is_no_missing_link(whole: Links) -> None:
    waits = changed(whole, "parameters/quiet-gap.yaml", "stricter: higher", "stricter: higher\nused_by: pending")
    assert (
        replace(waits, sources={"rails/notices.py": 'rules.value("rest-after") + Kind.NOTICE_BREAK_SHOWN'}).missing()
        == []
    )
    stale = "quiet-gap: rails/notices.py reads this parameter; take `used_by: pending` away"
    assert waits.missing() == [stale]
