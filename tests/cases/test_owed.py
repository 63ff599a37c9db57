"""What a crisis case owes, and when: the desk in tiers, contacts by channel, one after the other, never in silence."""

import pytest

from anban.cases.owed import CheckIn, HoldBack, OffHours, Reach, Tell, Unreachable
from tests.cases.timeline import ELDERS, Night

MOTHER, SISTER = Reach("con_mother", 2), Reach("con_sister", 1)


def test_an_unclaimed_case_goes_up_the_tiers_and_then_to_everybody() -> None:
    night = Night(level=3, theme="other")
    night.until(minutes=20)
    assert night.paged == [(0, 1), (60, 2), (120, 3)]
    assert [at for at, why in night.alarms if why == "unclaimed"] == [180, 180 + 15 * 60]


def test_at_l4_the_second_line_is_paged_after_half_a_minute() -> None:
    night = Night(level=4)
    night.until(minutes=2)
    assert night.paged == [(0, 1), (30, 2), (60, 3)]


def test_a_claim_ends_the_paging_and_a_claim_that_stays_silent_alarms() -> None:
    night = Night(level=3)
    night.until(seconds=20)
    night.happens("claimed", "stf_lin")
    night.until(minutes=30)
    assert night.paged == [(0, 1)] and [why for _, why in night.alarms if why != "contacts-nobody-on-file"] == [
        "not-joined"
    ]
    joined = Night(level=3)
    joined.happens("claimed", "stf_lin")
    joined.happens("joined", "stf_lin")
    joined.until(minutes=30)
    assert joined.paged == []


def test_with_nobody_on_duty_it_is_said_and_the_leads_are_called() -> None:
    night = Night(level=3, duty=())
    night.until(minutes=2)
    assert OffHours() in [act for _, act in night.done]
    assert (0, "off-hours") in night.alarms and night.paged == []
    night.duty = (1,)
    night.until(minutes=6)
    assert [tier for _, tier in night.paged] == [1], "whoever comes on duty is paged"


def test_an_l2_wakes_nobody_for_hours_and_then_it_does() -> None:
    night = Night(level=2)
    night.until(hours=3.9)
    assert night.done == []
    night.until(hours=4.5)
    assert night.paged[0] == (4 * 3600, 1)


def test_at_l4_contacts_are_told_at_once_channel_after_channel_and_the_next_contact_after_two_minutes() -> None:
    night = Night(level=4, reach=[MOTHER, SISTER])
    night.until(minutes=4)
    assert night.told == [(0, "con_mother", 0), (30, "con_mother", 1), (120, "con_sister", 0)]
    assert (180, "contacts-silent") in night.alarms


def test_at_l3_silence_sends_after_the_window() -> None:
    night = Night(level=3, reach=[MOTHER])
    night.until(minutes=4.9)
    assert night.told == []
    night.until(minutes=6)
    assert night.told == [(300, "con_mother", 0), (330, "con_mother", 1)]


def test_a_responder_may_tell_at_once_also_where_no_rule_asks_for_it() -> None:
    night = Night(level=2, theme="other", reach=[SISTER])
    night.until(seconds=40)
    night.happens("told_early", "stf_lin", contact="all", reason="agreed with the person")
    night.until(seconds=41)
    assert night.told == [(40, "con_sister", 0)]


def test_a_receipt_ends_the_calling() -> None:
    night = Night(level=4, reach=[MOTHER, SISTER])
    night.until(seconds=10)
    night.happens("confirmed", "contact", contact="con_mother")
    night.until(hours=1)
    assert night.told == [(0, "con_mother", 0)]


def test_a_refused_channel_is_followed_by_the_next_at_once() -> None:
    night = Night(level=4, reach=[MOTHER], answer=lambda act: "refused" if act.step == 0 else "accepted")
    night.until(seconds=5)
    assert night.told == [(0, "con_mother", 0), (0, "con_mother", 1)]


def test_a_send_whose_end_nobody_knows_is_repeated_under_its_own_id() -> None:
    night = Night(level=4, reach=[SISTER], answer=lambda act: "unknown" if act.again is None else "accepted")
    night.until(minutes=1)
    assert night.told == [(0, "con_sister", 0), (5, "con_sister", 0)]
    sends = [event.facts["send"] for event in night.events if event.kind == "attempted"]
    assert len(set(sends)) == 1


def test_a_send_whose_process_died_is_repeated_too() -> None:
    night = Night(level=4, reach=[SISTER], answer=lambda act: None if act.again is None else "accepted")
    night.until(minutes=1)
    assert len(night.told) == 2 and night.course.attempts[0].tries == 2


def test_a_provider_that_never_answers_is_tried_a_few_times_and_everybody_is_called() -> None:
    night = Night(level=4, reach=[SISTER], answer=lambda act: "unknown")
    night.until(hours=1)
    assert len(night.told) == 10, "five tries in each of two rounds"
    assert any(isinstance(act, Unreachable) for _, act in night.done)
    assert "contacts-no-answer" in [why for _, why in night.alarms]


def test_a_second_round_follows_when_the_first_met_nobody() -> None:
    night = Night(level=4, reach=[SISTER])
    night.until(minutes=11)
    assert [at for at, *_ in night.told] == [0, 600]


def test_nobody_on_file_is_counted_and_told_to_the_leads() -> None:
    night = Night(level=4)
    night.until(minutes=1)
    assert Unreachable("nobody-on-file") in [act for _, act in night.done]
    assert (0, "contacts-nobody-on-file") in night.alarms


def test_a_contact_that_nobody_here_can_reach_is_no_contact() -> None:
    night = Night(level=4, reach=[Reach("con_pigeon", 0)])
    night.until(minutes=1)
    assert Unreachable("no-channel") in [act for _, act in night.done]


def test_a_contact_who_may_be_the_danger_is_held_and_the_second_route_taken() -> None:
    night = Night(level=4, reach=[Reach("con_father", 2, "named-by-user"), SISTER])
    night.until(hours=2)
    assert HoldBack("con_father", "named-by-user") in [act for _, act in night.done]
    assert {contact for _, contact, _ in night.told} == {"con_sister"} and night.told[0][0] == 0


def test_only_two_people_release_such_a_contact_and_then_they_are_told() -> None:
    night = Night(level=4, reach=[Reach("con_father", 1, "named-by-user")])
    night.until(seconds=60)
    assert night.told == [] and Unreachable("held") in [act for _, act in night.done]
    night.happens("released", "stf_wang", contact="con_father", seconded=True)
    night.until(seconds=61)
    assert night.told == [(60, "con_father", 0)]


def test_where_somebody_threatens_the_person_nobody_is_told_before_a_human_decided() -> None:
    night = Night(level=3, theme="threat", reach=[MOTHER])
    night.until(hours=2)
    assert night.told == [] and (180, "hold-undecided") in night.alarms


def test_a_hold_is_never_longer_than_two_minutes_when_it_is_happening_now() -> None:
    night = Night(level=4, reach=[MOTHER, Reach("con_father", 1, "named-by-user")])
    night.happens("held", "stf_lin", contact="all", reason="asking the person first")
    night.until(minutes=3)
    assert night.told[0] == (120, "con_mother", 0)
    assert "con_father" not in {contact for _, contact, _ in night.told}


def test_a_hold_by_a_person_at_l3_lasts_until_a_person_ends_it() -> None:
    night = Night(level=3, reach=[MOTHER])
    night.until(seconds=60)
    night.happens("held", "stf_lin", contact="all", reason="the person asked us to wait")
    night.until(hours=1)
    assert night.told == []
    night.happens("released", "stf_lin", contact="all")
    night.until(hours=1, seconds=1)
    assert night.told == [(3600, "con_mother", 0)], "in order, however late"
    night.until(hours=1, seconds=31)
    assert night.told[1:] == [(3630, "con_mother", 1)]


def test_a_rise_to_l4_tells_at_once() -> None:
    night = Night(level=3, reach=[MOTHER])
    night.until(seconds=45)
    night.happens("raised", level=4, theme="self")
    night.until(seconds=46)
    assert night.told == [(45, "con_mother", 0)] and night.paged[-1] == (45, 1)


@pytest.mark.parametrize(("theme", "told"), [("property", True), ("violence", False), ("other", False)])
def test_the_law_says_for_which_dangers_contacts_are_told(theme: str, told: bool) -> None:
    night = Night(level=3, theme=theme, reach=[MOTHER], rules=ELDERS)
    night.until(minutes=10)
    assert bool(night.told) is told


def test_the_day_after_one_gentle_question() -> None:
    night = Night(level=3)
    night.happens("claimed", "stf_lin")
    night.happens("closed", "stf_lin", level="L1")
    night.until(hours=23.9)
    assert night.done == []
    night.until(hours=200)
    assert [(at, type(act)) for at, act in night.done] == [(24 * 3600, CheckIn)]


def test_a_follow_up_that_was_agreed_is_kept_instead() -> None:
    night = Night(level=3)
    night.happens("claimed", "stf_lin")
    night.happens("handed_back", "stf_lin", follow_up_at="2026-11-24T01:00:00+00:00")
    night.happens("closed", "stf_lin")
    night.until(hours=100)
    assert [at for at, act in night.done if isinstance(act, CheckIn)] == [10 * 3600]


def test_telling_never_waits_for_the_desk_nor_the_desk_for_telling() -> None:
    with_desk, without = Night(level=4, reach=[MOTHER]), Night(level=4, reach=[MOTHER], duty=())
    with_desk.until(minutes=1)
    without.until(minutes=1)
    assert with_desk.told == without.told
    claimed = Night(level=4, reach=[MOTHER])
    claimed.happens("claimed", "stf_lin")
    claimed.until(minutes=1)
    assert claimed.told == with_desk.told, "a person who claimed has not told anybody yet"


def test_what_is_owed_is_a_function_of_its_events_alone() -> None:
    night = Night(level=4, reach=[MOTHER, SISTER])
    night.until(minutes=3)
    again = Night(level=4, reach=[MOTHER, SISTER])
    again.until(minutes=1)
    again.until(minutes=2)
    again.until(minutes=3)
    assert again.done == night.done and [act for _, act in night.done if isinstance(act, Tell)]


def test_a_person_who_writes_and_is_not_answered_is_not_left_alone_either() -> None:
    night = Night(level=3, theme="other")
    night.happens("claimed", "stf_lin")
    night.happens("joined", "stf_lin")
    night.happens("said", "stf_lin")
    night.until(minutes=10)
    assert night.alarms == []
    night.happens("wrote", "user")
    night.until(minutes=12)
    night.happens("wrote", "user")
    night.until(minutes=14)
    assert night.alarms == [(13 * 60, "unanswered")], "from the first word that was not answered"
    night.happens("said", "stf_lin")
    night.until(minutes=60)
    assert len(night.alarms) == 1
