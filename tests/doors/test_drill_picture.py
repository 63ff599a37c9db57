"""The picture of a drill's timeline: every step with its numbers, what is late in words as well as in colour."""

import re
from xml.etree import ElementTree

import pytest

from anban.web.drill_picture import Taken, drill_picture
from anban.words.templates import Lang, load_words

KEPT = (
    Taken("message", "turn.recorded", 0.0),
    Taken("words", "help.offered", 0.04, 0.04, 1),
    Taken("claimed", "takeover.claimed", 31, 31, 60),
    Taken("attempted", "outreach.attempted", 300, 0.02, 30, moved=True),
    Taken("reviewed", "case.reviewed", 301, 0.04),
)
LATE = (Taken("words", "help.offered", 1.5, 1.5, 1), Taken("confirmed", "outreach.confirmed"))


def drawn(steps: tuple[Taken, ...], lang: Lang = "zh", *, passed: bool = True) -> tuple[str, list[str]]:
    """The picture, and the texts in it."""
    picture = drill_picture(steps, load_words().page(lang), at="2026-11-26 18:05", passed=passed)
    return picture, [each.text or "" for each in ElementTree.fromstring(picture).iter() if each.tag.endswith("}text")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_step_has_a_row_with_its_evidence_time_and_target(lang: Lang) -> None:
    picture, texts = drawn(KEPT, lang)
    words = load_words().page(lang)
    for step in KEPT:
        assert words[f"drill.step.{step.step}"] in texts and step.kind in texts
    second = words["drill.seconds"].replace
    assert {second("{number}", each) for each in ("0.04", "1", "31", "60", "300", "30")} <= set(texts)
    assert texts.count(words["drill.kept"]) == 3 and words["drill.late"] not in texts
    assert words["drill.moved"] in texts and "late" not in re.sub(r"<style>.*</style>", "", picture)


def test_what_is_late_or_never_came_is_said_and_not_only_coloured() -> None:
    picture, texts = drawn(LATE, passed=False)
    assert {"迟", "没有发生", "未通过"} <= set(texts) and "按时" not in texts
    body = re.sub(r"<style>.*</style>", "", picture)
    assert 'class="bar late"' in body and 'class="dot none"' in body


def test_it_is_light_stands_alone_and_takes_nothing_for_markup() -> None:
    picture = drill_picture(LATE, load_words().page("zh"), at="<script>", passed=False)
    assert '<rect class="page"' in picture and ".page{fill:#fff}" in picture
    assert "<script" not in picture and "href" not in picture and "url(" not in picture
    ElementTree.fromstring(picture)


def test_a_bar_never_leaves_its_track() -> None:
    picture, _ = drawn(
        (Taken("claimed", "takeover.claimed", 9e6, 9e6, 60), Taken("joined", "takeover.joined", 1, 1, 0))
    )
    widths = [float(each) for each in re.findall(r'class="bar[^"]*"[^>]* width="([\d.]+)"', picture)]
    track = float(re.findall(r'class="track"[^>]* width="([\d.]+)"', picture)[0])
    assert len(widths) == 2 and all(each <= track for each in widths)
