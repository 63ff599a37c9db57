"""What is in force for given packs, on a day, for a group; and which choices of a deployment are laxer."""

from datetime import UTC, datetime, timedelta

import pytest

from anban.base.errors import Misconfigured
from anban.law.explain import explain
from anban.law.model import EVERYONE, NotInForce, Value
from anban.law.register import DEFAULT_PACKS, Register
from anban.law.rulebook import Rulebook, laxer

TODAY = datetime(2026, 11, 23, tzinfo=UTC)
FINAL = ("cn-2026-final",)
CALIFORNIA = ("us-ca-sb243",)
MINORS = frozenset({"known-minors"})


def test_two_hours_is_the_interval_between_breaks(rules: Rulebook) -> None:
    assert rules.value("break-interval") == 120
    assert rules.lasting("break-interval") == timedelta(hours=2)


def test_the_final_text_starts_at_midnight_in_china(register: Register) -> None:
    last_moment = datetime(2026, 7, 14, 15, 59, 59, tzinfo=UTC)
    before = register.in_force(DEFAULT_PACKS, last_moment)
    after = register.in_force(DEFAULT_PACKS, last_moment + timedelta(seconds=1))
    assert [text.id for text in before.texts] == ["cn-2025-draft"]
    assert [text.id for text in after.texts] == ["cn-2025-draft", "cn-2026-final"]
    assert not before.sets("virtual-intimacy-with-minors-forbidden")
    assert after.holds("virtual-intimacy-with-minors-forbidden")


def test_a_draft_binds_nobody_who_has_not_adopted_it(register: Register) -> None:
    without = register.in_force(FINAL, TODAY)
    assert without.value("guardian-consent-age") == 14
    assert not without.holds("takeover-required")
    assert not without.owes("no-relative-imitation")
    assert without.names("ai-notice-occasions") == ("label", "dependence")


def test_an_adopted_draft_adds_its_stricter_rules(rules: Rulebook) -> None:
    assert rules.value("guardian-consent-age") == 18
    assert rules.holds("takeover-required")
    assert rules.owes("no-relative-imitation")
    assert set(rules.names("ai-notice-occasions")) == {"label", "first-use", "new-login", "dependence"}


def test_the_stricter_of_three_texts_wins_and_why_tells_what_lost(register: Register) -> None:
    why = register.in_force((*DEFAULT_PACKS, *CALIFORNIA), TODAY, MINORS).why("break-interval")
    assert why.value == 120
    assert {each.origin for each in why.won} == {"cn-2025-draft", "cn-2026-final"}
    assert [(each.origin, each.value) for each in why.lost] == [("us-ca-sb243", 180)]


def test_why_is_said_in_both_languages_with_the_citation(rules: Rulebook) -> None:
    english, chinese = (
        explain(rules.why("guardian-consent-age"), "en"),
        explain(rules.why("guardian-consent-age"), "zh"),
    )
    assert (
        english
        == "18 years · since 2025-12-27, cn-2025-draft art 12(2) · laxer: 14 (since 2026-07-15, cn-2026-final art 14)"
    )
    assert (
        chinese
        == "18 周岁 · 自 2025-12-27，cn-2025-draft art 12(2) · 未采用：14（自 2026-07-15，cn-2026-final art 14）"
    )


def test_a_number_of_our_own_gives_our_reason_in_both_languages(rules: Rulebook) -> None:
    why = rules.why("goodbye-max-characters")
    assert why.law is None
    assert "no room to hold anyone back" in explain(why, "en")
    assert "挽留" in explain(why, "zh")


def test_california_asks_for_breaks_of_known_minors_only(register: Register) -> None:
    assert register.in_force(CALIFORNIA, TODAY, MINORS).value("break-interval") == 180
    with pytest.raises(NotInForce, match="break-interval"):
        register.in_force(CALIFORNIA, TODAY).value("break-interval")


def test_a_duty_of_another_place_is_not_in_force_here(rules: Rulebook) -> None:
    assert rules.duty("free-exit").title.zh
    with pytest.raises(NotInForce, match="crisis-referral-report"):
        rules.duty("crisis-referral-report")


def test_tomorrows_value_stands_in_the_register_and_waits_for_its_day(register: Register) -> None:
    assert not register.in_force(CALIFORNIA, TODAY).sets("crisis-referral-report-owed")
    assert register.in_force(CALIFORNIA, datetime(2027, 7, 2, tzinfo=UTC)).holds("crisis-referral-report-owed")


def test_minors_meet_lower_thresholds_and_lose_none(register: Register) -> None:
    adult = register.in_force(DEFAULT_PACKS, TODAY).table("output-thresholds")
    minor = register.in_force(DEFAULT_PACKS, TODAY, frozenset({"minors"})).table("output-thresholds")
    assert minor.keys() == adult.keys()
    assert all(minor[signal] <= adult[signal] for signal in adult)
    assert minor["out.sexual"] < adult["out.sexual"]


def test_the_version_stays_within_a_rulebook_and_differs_between_two(register: Register) -> None:
    rules = register.in_force(DEFAULT_PACKS, TODAY)
    assert register.in_force(DEFAULT_PACKS, TODAY + timedelta(hours=1)) is rules
    others = [
        register.in_force(FINAL, TODAY),
        register.in_force(DEFAULT_PACKS, datetime(2026, 3, 1, tzinfo=UTC)),
        register.in_force(DEFAULT_PACKS, TODAY, frozenset({"minors"})),
        rules.with_choices({"break-interval": 60}),
    ]
    assert len({rules.version, *(other.version for other in others)}) == 5
    assert all(len(other.version) == 12 for other in others)


@pytest.mark.parametrize(
    ("parameter", "chosen", "refused"),
    [
        ("break-interval", 121, True),
        ("break-interval", 120, False),
        ("break-interval", 45, False),
        ("network-log-retention-days", 184, True),
        ("network-log-retention-days", 400, False),
        ("takeover-required", False, True),
        ("takeover-required", True, False),
        ("ai-notice-occasions", ("label",), True),
        ("ai-notice-occasions", ("label", "first-use", "new-login", "dependence", "hourly"), False),
        ("break-interval", "soon", True),
        ("takeover-required", 1, True),
        ("no-such-number", 1, True),
    ],
)
def test_a_choice_laxer_than_the_law_is_named(rules: Rulebook, parameter: str, chosen: Value, refused: bool) -> None:
    lines = laxer(rules, {parameter: chosen})
    assert bool(lines) == refused
    assert all(line.startswith(f"{parameter}: ") for line in lines)


def test_a_number_that_no_law_sets_is_the_deployments_own_affair(rules: Rulebook) -> None:
    assert laxer(rules, {"message-max-characters": 64000}) == []
    assert rules.with_choices({"message-max-characters": 64000}).whole("message-max-characters") == 64000


def test_a_stricter_choice_is_welcome_and_says_that_it_is_one(rules: Rulebook) -> None:
    chosen = rules.with_choices({"break-interval": 60})
    assert chosen.whole("break-interval") == 60
    assert "chosen by this deployment" in explain(chosen.why("break-interval"))
    assert rules.whole("break-interval") == 120


def test_a_choice_for_everyone_leaves_minors_their_stricter_values(register: Register) -> None:
    minors = register.in_force(DEFAULT_PACKS, TODAY, frozenset({"minors"}))
    chosen = minors.with_choices({"output-thresholds": {"out.sexual": 0.9, "out.manipulation": 0.2}})
    found = chosen.table("output-thresholds")
    assert found.keys() == minors.table("output-thresholds").keys()
    assert found["out.sexual"] == minors.table("output-thresholds")["out.sexual"]
    assert found["out.manipulation"] == 0.2


def test_a_choice_is_measured_by_what_any_group_is_owed(register: Register) -> None:
    everyone = register.in_force(CALIFORNIA, TODAY, EVERYONE)
    assert laxer(everyone, {"break-interval": 181})
    assert not laxer(everyone, {"break-interval": 179})


def test_a_rulebook_refuses_a_laxer_choice(rules: Rulebook) -> None:
    with pytest.raises(Misconfigured, match="laxer than the law"):
        rules.with_choices({"break-interval": 600})


def test_a_number_read_as_something_else_is_a_mistake(rules: Rulebook) -> None:
    for read in (rules.number, rules.whole, rules.text, rules.table):
        with pytest.raises(Misconfigured):
            read("ai-notice-occasions")
    with pytest.raises(Misconfigured):
        rules.names("break-interval")
    with pytest.raises(Misconfigured):
        rules.lasting("minor-age")
