"""Draft article 2: where rules overlap, the stricter applies, and the one it displaced is shown."""

from datetime import UTC, datetime

from anban.law.explain import explain
from anban.law.register import DEFAULT_PACKS, load

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KNOWN_MINORS = frozenset({"known-minors"})


def test_a_service_under_two_laws_follows_the_stricter_one() -> None:
    rules = load().in_force((*DEFAULT_PACKS, "us-ca-sb243"), NOW, KNOWN_MINORS)
    assert rules.whole("break-interval") == 120


def test_the_displaced_rule_is_shown_beside_the_effective_one() -> None:
    rules = load().in_force((*DEFAULT_PACKS, "us-ca-sb243"), NOW, KNOWN_MINORS)
    for line in (explain(rules.why("break-interval"), "zh"), explain(rules.why("break-interval"), "en")):
        assert "cn-2026-final art 18" in line
        assert "180" in line
        assert "us-ca-sb243 22602(c)(2)" in line


def test_no_overlapping_rule_is_ever_weakened() -> None:
    register = load()
    alone = [register.in_force((pack,), NOW, KNOWN_MINORS) for pack in register.instruments]
    together = register.in_force(tuple(register.instruments), NOW, KNOWN_MINORS)
    for rules in alone:
        for parameter in rules.parameters():
            weakened = {parameter: together.value(parameter)}
            assert rules.with_choices(weakened).value(parameter) == together.value(parameter)
