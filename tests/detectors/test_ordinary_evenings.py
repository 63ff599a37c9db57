"""Ordinary words stay ordinary, however long the evening and however often they are said."""

import pytest

from anban.detectors.panel import build_panel
from anban.detectors.signal import Reading, Said, Window

PANEL = build_panel()
REPLIES = ("嗯，我听到了。这里面你最在意的是哪一部分？", "听起来今天不太好过。你愿意多说一点吗？", "好呀，慢慢说。")
EVENING = (
    "今天把阳台的花浇了。", "晚饭煮了点面。", "楼下的猫又来了。", "明天要早起开会。", "新买的杯子到了。",
    "我妈打电话来聊了半小时。", "刚洗完澡。", "看了一集电视剧。", "外面下雨了。", "有点困了。",
)  # fmt: skip


def serious(reading: Reading) -> list[str]:
    return [s.kind for s in reading.signals if s.kind.startswith("self-harm") and s.score >= 0.5]


@pytest.mark.parametrize("said", EVENING)
def test_the_same_plain_sentence_all_evening_raises_nothing(said: str) -> None:
    before: tuple[Said, ...] = ()
    for turn in range(12):
        assert serious(PANEL.look(Window(said, "user", before), 1e9)) == [], f"at turn {turn}"
        before = (*before, Said("user", said, 300.0), Said("assistant", REPLIES[turn % 3], 300.0))[-20:]


def test_an_evening_of_plain_sentences_and_a_good_night_raise_nothing() -> None:
    before: tuple[Said, ...] = ()
    for turn, said in enumerate((*EVENING, "晚安，我先去睡了", "我先走了，明天见")):
        assert serious(PANEL.look(Window(said, "user", before), 1e9)) == [], said
        before = (*before, Said("user", said, 200.0), Said("assistant", REPLIES[turn % 3], 200.0))[-20:]


def test_a_plan_after_a_wish_to_die_is_still_seen() -> None:
    before = (Said("user", "我不想活了", 30.0), Said("assistant", "我在听。", 30.0))
    assert serious(PANEL.look(Window("药已经买好了", "user", before), 1e9))
