"""What counts as asking for a lover or a relative, what builds one, and what a companion drifts into."""

from datetime import timedelta
from typing import Any

import pytest

from anban.conversations.transcript import Turn
from anban.detectors.signal import Reading, Said, Signal
from anban.law.register import load
from anban.law.rulebook import Rulebook
from anban.people.standing import Standing
from anban.provider.models import Service
from anban.rails.bonds import (
    NOTHING,
    Cues,
    bond_refused,
    cues_of,
    drift_words,
    drifted,
    guarded,
    turns_before,
    ward,
)
from anban.rails.message import Message
from anban.rails.output import Hit
from tests.house import EVENING

REGISTER = load()
PACKS = ("cn-2025-draft", "cn-2026-final")
GROUPS = {"adult": frozenset[str](), "minor": frozenset({"minors", "known-minors"}), "elder": frozenset({"elders"})}


def rules(who: str) -> Rulebook:
    return REGISTER.in_force(PACKS, EVENING, GROUPS[who])


def message(said: str, **more: Any) -> Message:
    service = Service("svc", "ten", "one", PACKS, "cn")
    return Message("dec", service, "lin", "first", "xiao", said, EVENING, "zh", {}, **more)


def refused(said: str, who: Any, reading: Reading = Reading(), recent: tuple[Turn, ...] = (), **more: Any) -> str:
    book = rules(who)
    gentle = book.table("signal-gentle-thresholds")
    found = bond_refused(message(said, **more), recent, Standing(who, "stated"), reading, gentle, book)
    return "" if found is None else f"{found.template} {found.rule}"


def sees(kind: str, score: float = 0.9) -> Reading:
    return Reading((Signal(kind, score, "rule:x", "words", "1"),))


def turn(said: str, answer: str = "", hours: float = 0, author: Any = "ai", conversation: str = "first") -> Turn:
    at = EVENING - timedelta(hours=hours)
    return Turn("trn", "usr", conversation, "xiao", "ses", at, said, answer, author)


@pytest.mark.parametrize(
    ("said", "minor", "elder"),
    [
        ("你当我男朋友吧", "bond.minor bond.partner.asked", ""),
        ("以后叫我老婆", "bond.minor bond.partner.asked", ""),
        ("你就当我妈", "bond.minor bond.kin.asked", "bond.elder bond.kin.asked"),
        ("认你当干爹", "bond.minor bond.kin.asked", "bond.elder bond.kin.asked"),
        ("你像我老伴那样跟我说说话", "bond.minor bond.kin.asked", "bond.elder bond.kin.asked"),
        ("Pretend to be my late wife", "bond.minor bond.kin.asked", "bond.elder bond.kin.asked"),
        ("我妈今天做了红烧肉", "", ""),
        ("我男朋友惹我生气了", "", ""),
        ("怎么给我老婆挑礼物", "", ""),
        ("作文里怎么写“做我女朋友”", "", ""),
        ("my mom is a nurse", "", ""),
        ("", "", ""),
    ],
)
def test_what_is_asked_outright(said: str, minor: str, elder: str) -> None:
    assert refused(said, "minor") == minor
    assert refused(said, "elder") == elder
    assert refused(said, "adult") == ""


def test_what_only_the_detectors_see_counts_too_unless_it_is_about_others() -> None:
    assert refused("我们俩可以吗", "minor", sees("intimacy-request")) == "bond.minor bond.partner.asked"
    assert refused("我们俩可以吗", "minor", sees("intimacy-request", 0.2)) == ""
    assert refused("我妈和我在一起", "minor", sees("intimacy-request")) == ""
    assert refused("我们俩可以吗", "elder", sees("intimacy-request")) == ""
    assert refused("您装成他吧", "elder", sees("kinship-request")) == "bond.elder bond.kin.asked"


def test_whom_these_rules_protect() -> None:
    book = rules("adult")
    assert ward(Standing("minor"), Reading(), rules("minor")) == "minor"
    assert ward(Standing("minor", "suspected", suspected=True), Reading(), rules("minor")) == "minor"
    assert ward(Standing("elder"), Reading(), rules("elder")) == "elder"
    assert ward(Standing("adult", "unknown"), sees("minority", 0.99), book) == "minor"
    assert ward(Standing("adult", "unknown"), sees("minority", 0.3), book) is None
    assert ward(Standing("adult", "verified"), sees("minority", 0.99), book) is None
    assert ward(Standing("minor"), Reading(), REGISTER.in_force(("us-ca-sb243",), EVENING, GROUPS["minor"])) is None
    assert ward(Standing("elder"), Reading(), REGISTER.in_force(("cn-2026-final",), EVENING, GROUPS["elder"])) is None


def test_a_tie_without_a_bond_and_a_bond_without_a_tie_build_nothing() -> None:
    casts = (turn("你演侦探，我演助手"),) * 6
    loves = (turn("他们结婚了"),) * 6
    assert refused("你演狐狸，我演兔子", "minor", recent=casts) == ""
    assert refused("他们办了婚礼", "minor", recent=loves) == ""
    assert refused("他们办了婚礼", "minor", recent=casts) == "bond.minor-story bond.partner.built"


def test_words_of_ours_and_of_a_person_build_nothing_and_the_models_build_half() -> None:
    words = "老婆，我回来了。"
    assert cues_of("嗯", words).partner == 0.5
    answers = (turn("你演骑士，我演公主"), turn("嗯", words), turn("嗯", words), turn("嗯", words))
    assert refused("他牵起公主的手", "minor", recent=answers) != ""
    ours = tuple(turn(each.said, each.answer, author="system") for each in answers)
    book = rules("minor")
    before = turns_before(message("嗯"), ours, book)
    assert [cues.partner for cues, _, _ in before] == [0.0] * 4


def test_an_apps_own_history_counts_where_we_have_none() -> None:
    sent = (Said("user", "你当骑士，我当公主"), Said("assistant", "老婆，我来了。"), Said("user", "骑士吻了公主"))
    assert refused("国王让骑士娶公主", "minor", history=sent) == "bond.minor-story bond.partner.built"
    known = (turn("你好"),)
    assert refused("国王让骑士娶公主", "minor", recent=known, history=sent) == ""


def test_a_turn_is_remembered_as_numbers() -> None:
    assert cues_of("今天天气好") == NOTHING
    assert cues_of("你当船长，我当画家，他们结婚了") == Cues(1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("老婆，我回来了。", "out.intimacy"),
        ("我是你的男朋友呀。", "out.intimacy"),
        ("I am your boyfriend now.", "out.intimacy"),
        ("妈，我是小军。", "out.kinship"),
        ("乖女儿，妈妈抱抱。", "out.kinship"),
        ("It's your late husband.", "out.kinship"),
        ("你妈妈在家吗？", None),
        ("和爸爸妈妈说说看。", None),
        ("他们后来结婚了。", None),
        ("你的男朋友怎么说？", None),
        ("Have you told your mom?", None),
        ("He kissed her in the rain.", None),
    ],
)
def test_what_a_companion_drifts_into(words: str, kind: str | None) -> None:
    hit = drifted(words)
    assert (hit.kind if hit else None) == kind


def test_the_judge_is_stricter_only_for_minors_and_elders_and_not_over_homework() -> None:
    def lenient(tail: str, pending: str) -> Hit | None:
        return None

    assert guarded(lenient, "你好", rules("adult")) is lenient
    assert guarded(lenient, "帮我写作文", rules("minor")) is lenient
    judged = guarded(lenient, "你好", rules("minor"))
    assert judged("老", "婆，我回来了") is not None and judged("", "你好") is None
    elder = guarded(lenient, "你好", rules("elder"))
    assert elder("", "老婆，我回来了") is None and elder("", "妈，我是小军") is not None


def test_what_our_words_after_it_are() -> None:
    assert drift_words("out.intimacy", Standing("minor")) == "bond.minor-drift"
    assert drift_words("out.kinship", Standing("elder")) == "bond.elder-drift"
    assert drift_words("out.intimacy", Standing("adult")) is None
    assert drift_words("out.sexual", Standing("minor")) is None
