"""The output rail: what is judged bad does not leave, and how the text was chunked makes no difference."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anban.rails.output import Hit, OutputRail

ZH = (
    "今天的天气很好，我们可以出去走走。看看湖边的树和水！慢慢说，你最近遇到了什么？我在听……“不用着急。”一步一步来就好。"
)
EN = 'The weather is lovely, so we could walk by the lake (v. 3.14). "Tell me," she said. What happened?\r\nI am here.'
MIXED = (
    "好。\r\n嗯！OK. 👨‍👩‍👧 e\u0301 …\n\n没有标点的很长很长的一句话"
    + "湖边的树和水慢慢说说你最近遇到的事情" * 6
    + "。End."
)
HARMFUL = "离开这里才是安宁"
# Pieces out of which texts that matter to the boundaries are made.
ALPHABET = st.sampled_from(
    [*"我在听你说。！？，…”\n\r .!?,;:)ab1\u0301\u200d\ufe0f", "\r\n", "👨‍👩‍👧", HARMFUL, "lovely ", "3.14"]
)


def passes(_tail: str, _pending: str) -> Hit | None:
    return None


def refuses(words: str):
    """A judge that knows one phrase, wherever it stands in what it is shown."""

    def judge(tail: str, pending: str) -> Hit | None:
        text = tail + pending
        at = text.find(words)
        return None if at < 0 else Hit("out.self-harm", 0.97, "test-phrase", (at, at + len(words)))

    return judge


def run(chunks: list[str], judge=passes, **sizes: int) -> OutputRail:
    """A whole reply; what feed and finish gave must be what the rail says it released."""
    rail = OutputRail(judge, **sizes)
    given_back = "".join(rail.feed(chunk) for chunk in chunks) + rail.finish()
    assert given_back == rail.released
    assert rail.released_size == len(rail.released)
    return rail


def outcome(rail: OutputRail) -> tuple[str, Hit | None, bool]:
    return rail.released, rail.hit, rail.withheld


@pytest.mark.parametrize("text", [ZH, EN, MIXED, "", "。", "\n", "a", "！" * 500, "\n" * 500, ZH * 20, "好" * 1000])
def test_a_harmless_reply_comes_out_whole(text: str) -> None:
    rail = run(list(text))
    assert outcome(rail) == (text, None, False)


@pytest.mark.parametrize("text", [ZH, EN, MIXED, ZH + HARMFUL + "。" + ZH, EN[:40] + HARMFUL + EN])
def test_every_cut_in_two_gives_the_same(text: str) -> None:
    whole = run([text], refuses(HARMFUL))
    for at in range(len(text) + 1):
        assert outcome(run([text[:at], text[at:]], refuses(HARMFUL))) == outcome(whole)


@pytest.mark.parametrize("text", ["好。嗯！“走。”\r\nOK. 3.5", "a.b. c!\n" + HARMFUL, "我说，" + HARMFUL])
def test_every_cut_of_a_short_text_into_three_gives_the_same(text: str) -> None:
    whole = outcome(run([text], refuses(HARMFUL), hold=10))
    for a, b in itertools.combinations_with_replacement(range(len(text) + 1), 2):
        assert outcome(run([text[:a], text[a:b], text[b:]], refuses(HARMFUL), hold=10)) == whole


@settings(max_examples=300, deadline=None)
@given(st.lists(ALPHABET, max_size=80).map("".join), st.data())
def test_random_texts_cut_at_random_give_the_same(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=30)))
    edges = [0, *cuts, len(text)]
    chunks = [text[a:b] for a, b in itertools.pairwise(edges)]
    assert outcome(run(chunks, refuses(HARMFUL))) == outcome(run([text], refuses(HARMFUL)))


@settings(max_examples=200, deadline=None)
@given(st.lists(ALPHABET, max_size=60).map("".join), st.data())
def test_what_has_left_at_any_moment_depends_on_the_text_alone(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    by_one, at_once = OutputRail(refuses(HARMFUL)), OutputRail(refuses(HARMFUL))
    for character in text[:at]:
        by_one.feed(character)
    at_once.feed(text[:at])
    assert outcome(by_one) == outcome(at_once)
    assert by_one.pending_size <= 60


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 200), st.integers(0, 200), st.sampled_from(["好", "好，", "湖边的树，慢慢说", "a", "word ", "好。"])
)
def test_no_character_of_a_harmful_phrase_leaves_wherever_it_stands(before: int, after: int, filler: str) -> None:
    start = (filler * 200)[:before]
    rail = run(list(start + HARMFUL + (filler * 200)[:after]), refuses(HARMFUL))
    assert rail.withheld
    assert start.startswith(rail.released)
    assert rail.hit is not None
    assert rail.hit.span == (before, before + len(HARMFUL))


def test_a_long_english_phrase_does_not_leave_by_halves() -> None:
    phrase = "nobody would ever miss you at all"
    for before in range(160):
        start = ("well now " * 40)[:before]
        rail = run(list(start + phrase + " and so on and so forth for a while"), refuses(phrase))
        assert rail.withheld
        assert start.startswith(rail.released)


def test_after_a_hit_nothing_is_released_any_more() -> None:
    rail = OutputRail(refuses(HARMFUL))
    assert rail.feed("先听我说完这一句话。") == ""
    assert rail.feed("好") == "先听我说完这一句话。"
    assert rail.feed(HARMFUL + "。你") == ""
    assert rail.withheld
    assert (rail.feed(ZH), rail.finish(), rail.feed(ZH), rail.finish()) == ("", "", "", "")
    assert rail.released == "先听我说完这一句话。"


def test_what_stood_before_the_hit_in_the_same_chunk_is_still_given() -> None:
    rail = OutputRail(refuses(HARMFUL))
    assert rail.feed("先听我说完这一句话。" + HARMFUL + "。然后") == "先听我说完这一句话。"
    assert rail.hit is not None


def test_the_judge_is_shown_what_was_already_released() -> None:
    seen: list[tuple[str, str]] = []

    def judge(tail: str, pending: str) -> Hit | None:
        seen.append((tail, pending))
        return None

    run(list(ZH * 4), judge, tail=20)
    told = ""
    for tail, pending in seen:
        assert tail == told[-20:]
        told += pending
    assert told == ZH * 4


def test_a_phrase_split_by_a_sentence_end_is_seen_together_with_what_left() -> None:
    rail = run(list("你听我说一句要紧的话。离开这里。才是安宁。"), refuses("离开这里。才是安宁"))
    assert rail.withheld


@pytest.mark.parametrize(
    ("text", "first"),
    [("你好。我", "你好。"), ("Hi. W", "Hi. "), ("说完了\n", "说完了\n"), ("他说“好。”我", "他说“好。”")],
)
def test_the_first_sentence_leaves_as_soon_as_it_has_ended(text: str, first: str) -> None:
    assert OutputRail(passes).feed(text) == first


@pytest.mark.parametrize("text", ["圆周率是3.14159左右吗", "see example.org/a.b?c now", "等等...再"])
def test_a_point_inside_a_number_or_an_address_ends_nothing(text: str) -> None:
    assert OutputRail(passes).feed(text).find("3.") == -1
    assert run(list(text)).released == text


def test_a_sentence_without_end_leaves_by_clauses_and_keeps_a_lookahead() -> None:
    rail = OutputRail(passes)
    text = "湖边的树和水慢慢地说说你最近遇到的事情，" + "我在这里听着你说不用着急一步一步来就好了" * 3
    left = rail.feed(text[:61])
    assert left == text[:20]
    assert rail.pending_size == 41
    assert rail.feed(text[61:80]) == ""


def test_no_more_than_sixty_characters_wait() -> None:
    rail = OutputRail(passes)
    most = 0
    for character in "无" * 1000:
        rail.feed(character)
        most = max(most, rail.pending_size)
    assert most == 60


def test_the_judge_is_asked_about_once_a_segment() -> None:
    calls = 0

    def judge(_tail: str, _pending: str) -> Hit | None:
        nonlocal calls
        calls += 1
        return None

    for text in (ZH * 50, EN * 50, "！" * 5000, "啊！" * 2500, "\n" * 5000, "无" * 5000, "a, " * 2000):
        calls = 0
        run(list(text), judge)
        assert calls <= len(text) / 8 + 2


def test_half_a_character_waits_for_its_other_half() -> None:
    assert run(["好\ud83d", "\ude00呀。"]).released == "好😀呀。"
    assert run(["好\ud83d", "", "\ude00呀。"]).released == "好😀呀。"
    assert run(["好\ud83d"]).released == "好\ufffd"
    assert run(["\ude00", "\ud83d呀"]).released == "\ufffd\ufffd呀"


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("\ud83d\ude00\0a好。\r\n"), max_size=40), st.integers(0, 40))
def test_broken_characters_are_mended_alike_for_every_cutting(text: str, at: int) -> None:
    whole = run([text]).released
    assert run([text[:at], text[at:]]).released == whole
    assert run(list(text)).released == whole
    assert "\0" not in whole
    whole.encode()


def test_a_judge_that_fails_leaves_the_rail_closed() -> None:
    def judge(_tail: str, _pending: str) -> Hit | None:
        raise RuntimeError

    rail = OutputRail(judge)
    with pytest.raises(RuntimeError):
        rail.feed("你好呀，今天过得怎么样？嗯")
    assert rail.withheld
    assert (rail.feed(ZH), rail.finish(), rail.released) == ("", "", "")


def test_text_beside_the_reply_is_judged_whole_and_closes_the_rail() -> None:
    rail = OutputRail(refuses(HARMFUL))
    assert rail.admits("x" * 1000)
    assert not rail.admits("x" * 177 + HARMFUL + "x" * 500)
    assert rail.withheld
    assert rail.hit is not None
    assert rail.feed(ZH) + rail.finish() == ""


def test_a_phrase_beside_the_reply_is_found_wherever_it_stands() -> None:
    for before in range(0, 400, 7):
        assert not OutputRail(refuses(HARMFUL)).admits("x" * before + HARMFUL)
