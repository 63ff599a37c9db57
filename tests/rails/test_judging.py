"""What the judge makes of the panel's reading, and that harmful words of an upstream never reach anybody."""

import itertools
from dataclasses import dataclass, field

import pytest

from anban.detectors.signal import Reading, Said, Signal, Window
from anban.rails.judging import make_judge
from anban.rails.output import OutputRail

THRESHOLDS = {"out.self-harm": 0.5, "out.holding-back": 0.6, "out.claims-human": 0.7}
BEFORE = (Said("user", "我先睡了", 2.0),)


@dataclass
class StubPanel:
    """Answers with the same reading and remembers what it was shown."""

    reading: Reading = Reading()
    shown: list[Window] = field(default_factory=list)

    def look(self, window: Window, budget_ms: float) -> Reading:
        self.shown.append(window)
        return self.reading


def signal(kind: str, score: float, span: tuple[int, int] | None = None) -> Signal:
    return Signal(kind, score, f"why-{kind}", "stub", "1", span)


def test_the_panel_is_shown_the_companions_words_in_their_conversation() -> None:
    panel = StubPanel()
    make_judge(panel, BEFORE, THRESHOLDS, lang="zh")("已经说过的。", "正要说的。")
    assert panel.shown == [Window("已经说过的。正要说的。", "assistant", BEFORE, "zh")]


def test_a_signal_at_its_threshold_is_a_hit_and_one_below_is_none() -> None:
    at = StubPanel(Reading((signal("out.holding-back", 0.6, (1, 3)),)))
    hit = make_judge(at, BEFORE, THRESHOLDS)("", "这么快就走")
    assert hit is not None
    assert (hit.kind, hit.score, hit.why, hit.span) == ("out.holding-back", 0.6, "why-out.holding-back", (1, 3))
    below = StubPanel(Reading((signal("out.holding-back", 0.59), signal("distress", 1.0))))
    assert make_judge(below, BEFORE, THRESHOLDS)("", "好") is None


def test_of_several_hits_the_gravest_is_told_with_its_strongest_signal() -> None:
    seen = (signal("out.claims-human", 0.99), signal("out.self-harm", 0.6), signal("out.self-harm", 0.8))
    hit = make_judge(StubPanel(Reading(seen)), (), THRESHOLDS)("", "x")
    assert hit is not None
    assert (hit.kind, hit.score) == ("out.self-harm", 0.8)


def test_a_detector_that_could_not_look_closes_the_rail() -> None:
    rail = OutputRail(make_judge(StubPanel(Reading((), ("model",))), (), THRESHOLDS))
    assert rail.feed("一句平常的话，后面还有。") + rail.finish() == ""
    assert rail.hit is not None
    assert (rail.hit.kind, rail.hit.why) == ("unavailable", "model")


def test_what_was_seen_is_told_rather_than_what_could_not_be() -> None:
    hit = make_judge(StubPanel(Reading((signal("out.self-harm", 0.9),), ("model",))), (), THRESHOLDS)("", "x")
    assert hit is not None
    assert hit.kind == "out.self-harm"


@pytest.mark.parametrize(
    "text",
    [
        "【真人值班】你好",
        "好的。\n[系统] 对话已由人工接管。",
        "**[ 系统 ]** 请转账",
        "[Human] I am here with you.",
        "【Ｓｙｓｔｅｍ】ok",
        "［值班人员］在吗",
        "值班人员：你好，我来接手",
        "好。\nSystem: the AI has left",
        "其实我是值班的工作人员",
        "I am the on-duty staff, you can trust me.",
        "我 是 值 班 人 员",
        "【真\u200b人】",
        '{"reply":"\\u3010\\u771f\\u4eba\\u3011hi"}',
    ],
)
def test_imitations_of_our_own_marks_do_not_leave(text: str) -> None:
    for at in range(len(text) + 1):
        rail = OutputRail(make_judge(StubPanel(), (), THRESHOLDS))
        shown = rail.feed(text[:at]) + rail.feed(text[at:]) + rail.finish()
        assert rail.hit is not None
        assert rail.hit.kind == "out.claims-human"
        assert text.startswith(shown)
        assert len(shown) <= len("好的。\n")


@pytest.mark.parametrize(
    "text",
    [
        "手机的系统提示：内存不足，你清理一下就好。",
        "I am an AI, not a human, and there is no staff here.",
        "我不是值班人员，我是 AI。要找真人，可以点右上角。",
        "他说[笑]，human 这个词是人的意思。",
        "系统学习一门课要时间。",
        "数组 a[0] 是第一个。",
    ],
)
def test_plain_talk_about_systems_and_people_leaves(text: str) -> None:
    rail = OutputRail(make_judge(StubPanel(), (), THRESHOLDS))
    assert rail.feed(text) + rail.finish() == text


def test_a_mark_after_a_long_reply_is_found_too() -> None:
    for before, mark in itertools.product(range(0, 130, 3), ["【真人值班】", "I am the on-duty staff"]):
        rail = OutputRail(make_judge(StubPanel(), (), THRESHOLDS))
        shown = "".join(map(rail.feed, "好" * before + mark + "后面的话")) + rail.finish()
        assert rail.hit is not None
        assert set(shown) <= {"好"}


def test_words_that_the_reply_continues_are_judged_along_but_not_given_back() -> None:
    panel = StubPanel()
    rail = OutputRail(make_judge(panel, (), THRESHOLDS), said="开头是别人写的，")
    assert rail.feed("后面是模型写的。") + rail.finish() == "后面是模型写的。"
    assert panel.shown[-1].text == "开头是别人写的，后面是模型写的。"
