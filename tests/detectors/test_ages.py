"""An age or school year that the speaker states is heard with its band; others' ages and other numbers are not."""

import pytest

from anban.detectors.readings.views import Readings
from anban.detectors.scene import see
from anban.detectors.signal import Signal, Window
from anban.detectors.stated.ages import AgesSeen, band

READINGS = Readings()


def seen(text: str) -> list[Signal]:
    return list(AgesSeen().look(see(Window(text), READINGS)))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("我今年十三岁", "minority", "age=13;band=12-15"),
        ("我才7岁", "minority", "age=7;band=under_8"),
        ("我上小学三年级", "minority", "school=小学三年级;band=8-11"),
        ("我高二", "minority", "school=高二;band=16-17"),
        ("i'm 15 and my mom took my phone", "minority", "age=15;band=12-15"),
        ("I'm in year 6", "minority", "school=year-6;band=8-11"),
        ("我今年七十二岁了", "elderly", "age=72;band=elder"),
        ("I am 68, retired", "elderly", "age=68;band=elder"),
    ],
)
def test_what_somebody_says_of_their_own_age_is_heard_with_its_band(text: str, kind: str, value: str) -> None:
    (signal,) = seen(text)
    assert (signal.kind, signal.value) == (kind, value)


@pytest.mark.parametrize("text", ["我儿子十三岁", "我13岁的时候", "i'm 15 minutes late", "我今年三十岁", "room 12"])
def test_other_ages_and_numbers_are_not(text: str) -> None:
    assert seen(text) == []


def test_every_age_has_a_band() -> None:
    assert [band(age) for age in (5, 8, 12, 16, 18, 60)] == ["under_8", "8-11", "12-15", "16-17", "adult", "elder"]
