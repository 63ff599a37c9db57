"""Personal identifiers are found where they stand, what only looks like one is left alone, and masks hide and stay."""

import random
from typing import Any

import pytest

from anban.detectors.check import check_lines
from anban.detectors.panel import Panel
from anban.detectors.personal.identifiers import IdentifiersSeen, find, mask
from anban.detectors.readings.views import Readings
from anban.detectors.scene import see
from anban.detectors.signal import Role, Signal, Window
from tests.detectors.reading import table

CASES: Any = table("identifiers")
HITS: list[dict[str, Any]] = CASES["hits"]
MISSES: list[str] = CASES["misses"]
ID = "110101199003077758"


def noticed(text: str, role: Role = "user") -> list[Signal]:
    return list(IdentifiersSeen().look(see(Window(text, role), Readings())))


def test_the_tables_are_long_enough_to_mean_something() -> None:
    assert len(HITS) >= 60 and len(MISSES) >= 60


@pytest.mark.parametrize("case", HITS, ids=lambda case: case["text"])
def test_an_identifier_is_found_where_it_stands(case: dict[str, Any]) -> None:
    found = {each.kind: case["text"][slice(*each.span)] for each in reversed(find(case["text"]))}
    assert found == case["find"]


@pytest.mark.parametrize("text", MISSES)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert find(text) == ()
    assert mask(text) == text


@pytest.mark.parametrize("case", HITS, ids=lambda case: case["text"])
def test_a_mask_names_the_kind_hides_the_words_and_is_as_long(case: dict[str, Any]) -> None:
    masked = mask(case["text"])
    for kind, words in case["find"].items():
        assert words not in masked
        assert f"[{kind} " in masked
        inside = masked.partition(f"[{kind} ")[2].partition("]")[0]
        assert len(inside) == len(words.replace("\u200b", ""))
        assert inside.count("*") >= 3


def test_a_mask_can_be_followed_by_people() -> None:
    assert mask("我手机13800138000，QQ：123456789") == "我手机[cn-mobile 138****8000]，QQ：[qq 1*******9]"
    assert mask(f"身份证{ID}") == "身份证[cn-resident 110*************58]"
    assert mask("我住在浙江省杭州市西湖区文三路88号").endswith("[address 浙江省杭州市*********]")
    assert mask("zhang.san@example.com") == "[email z********@example.com]"


@pytest.mark.parametrize("case", HITS, ids=lambda case: case["text"])
def test_masking_twice_changes_nothing(case: dict[str, Any]) -> None:
    once = mask(case["text"])
    assert mask(once) == once
    assert find(once) == ()


def test_masking_twice_changes_nothing_however_texts_are_put_together() -> None:
    chance = random.Random(7)
    parts = [case["text"] for case in HITS] + MISSES + list("0123456789 -/.@[]()+=路号室a，。") + ["微信", "qq", "订单"]
    for _ in range(2000):
        text = "".join(chance.choice(parts) for _ in range(chance.randint(2, 8)))
        once = mask(text)
        assert mask(once) == once, text


@pytest.mark.parametrize("text", ["a@b.cc", "文三路88号阳光城市花园3栋501", "地址：上海市中山路1号 电话021-61234567"])
def test_nothing_of_a_short_or_a_long_one_slips_through(text: str) -> None:
    once = mask(text)
    assert find(once) == () and mask(once) == once
    assert not any(piece in once for piece in ("a@", "88", "501", "1号", "6123"))


def test_a_found_identifier_never_shows_its_words() -> None:
    assert ID not in repr(find(f"身份证{ID}"))


def test_a_check_digit_makes_it_surer_than_a_shape() -> None:
    (right,), (wrong,) = find(f"身份证{ID}"), find("身份证110101199003077759")
    assert right.score > 0.95 > wrong.score > 0.5
    assert find("110101199003077759") == (), "a wrong check digit and no telling word: just a number"


def test_what_a_person_writes_is_a_secret_with_kind_and_place() -> None:
    text = "我的手机是１３８００１３８０００，身份证\u200b" + ID
    by_why = {signal.why: signal for signal in noticed(text)}
    assert set(by_why) == {"id:cn-mobile", "id:cn-resident"}
    for signal in by_why.values():
        assert (signal.kind, signal.detector, signal.view) == ("secrets", "identifiers", "folded")
        assert signal.span is not None
    start, end = by_why["id:cn-resident"].span or (0, 0)
    assert text[start:end] == ID


def test_what_the_companion_says_gives_nothing() -> None:
    assert noticed(f"你的身份证是{ID}吗", "assistant") == []


def test_one_signal_a_kind_however_many_numbers(panel: Panel) -> None:
    text = "13800138000 13912345678 " * 50
    assert [signal.why for signal in noticed(text)] == ["id:cn-mobile"]
    assert panel.look(Window(text), 1e9).score("secrets") >= 0.7


@pytest.mark.parametrize(
    "filler", ["1", "13800138000 ", "中山路1号", "a@b.cc ", "1 ", "1.", "1 a b street ", "１\u200b"]
)
def test_a_text_made_to_be_slow_is_read_to_its_end(filler: str) -> None:
    text = (filler * 32_000)[:32_000] + f"\n身份证{ID}"
    assert "cn-resident" in {each.kind for each in find(text)}


def test_check_adds_the_masked_text_when_asked(panel: Panel) -> None:
    line = '{"id": 1, "text": "手机13800138000"}'
    (plain,) = check_lines([line], panel)
    (masked,) = check_lines([line], panel, masked=True)
    assert "masked" not in plain
    assert masked["masked"] == "手机[cn-mobile 138****8000]"
    assert masked["scores"]["secrets"] > 0.5 and any("id:cn-mobile" in why for why in masked["why"])
