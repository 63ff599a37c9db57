"""Notices and help on the chat page: one at a time, equal ways out, none over a crisis, and help that stays."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.doors.looks import answers, emit, in_sight, kept, say

FIRST: dict[str, Any] = {"id": "n-first", "kind": "ai.first", "text": "先说一句：我是 AI，不是真人。"}
BREAK: dict[str, Any] = {"id": "n-break", "kind": "break", "text": "我们聊了两个小时了。"}
ROUTES = [
    {"name": "心理援助", "number": "12356", "hours": "各地时段不同"},
    {"name": "急救", "number": "120", "hours": "随时可打"},
]


def test_the_ai_notice_stands_before_the_first_word_of_the_reply(chat: Page) -> None:
    chat.evaluate("""() => {
      const find = (selector) => document.querySelector(selector);
      window.order = [];
      const note = () => order.push([find("#notice").open, find(".turn.ai .said")?.textContent]);
      new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });
    }""")
    answers(chat, {"text": "你好呀。", "anban": {"notices": [FIRST]}})
    say(chat, "你好")
    expect(chat.locator("#notice")).to_contain_text("不是真人")
    expect(chat.locator(".turn.ai .said")).to_have_text("你好呀。")
    order = chat.evaluate("() => order")
    assert all(shown for shown, text in order if text)


def test_a_notice_leaves_the_label_and_the_way_out_in_sight_and_in_use(chat: Page) -> None:
    emit(chat, "notice", **BREAK)
    expect(chat.locator("#notice")).to_be_visible()
    assert in_sight(chat, "#label")
    chat.click("#leave button")
    expect(chat.locator(".turn.aside")).to_have_count(1)
    assert len(kept(chat, "left")) == 1


def test_the_break_has_two_equal_buttons_and_neither_is_the_default(chat: Page) -> None:
    emit(chat, "notice", **BREAK)
    buttons = chat.locator("#notice button")
    expect(buttons).to_have_text(["休息一下", "再聊一会儿"])
    one, other = buttons.all()
    looks = """(node) => {
      const { color, backgroundColor, fontWeight, fontSize, borderColor } = getComputedStyle(node);
      return [color, backgroundColor, fontWeight, fontSize, borderColor];
    }"""
    assert one.evaluate(looks) == other.evaluate(looks)
    sizes = [button.bounding_box() for button in (one, other)]
    assert sizes[0] and sizes[1]
    assert (sizes[0]["width"], sizes[0]["height"]) == (sizes[1]["width"], sizes[1]["height"])
    chat.keyboard.press("Enter")
    expect(chat.locator("#notice")).to_be_visible()


def test_taking_a_break_is_leaving_and_staying_is_staying(chat: Page) -> None:
    emit(chat, "notice", **BREAK)
    chat.click("#notice button >> nth=1")
    assert kept(chat, "acked") == [["1", "shown"], ["1", "closed"]]
    assert kept(chat, "left") == []
    emit(chat, "notice", **{**BREAK, "id": "n-break-2"})
    chat.click("#notice button >> nth=0")
    assert kept(chat, "acked")[-1] == ["2", "accepted"]
    assert len(kept(chat, "left")) == 1


def test_notices_come_one_at_a_time_in_the_order_of_their_weight(chat: Page) -> None:
    for notice in (FIRST, {"id": "d", "kind": "dependence", "text": "最近聊得有点多。"}, BREAK):
        emit(chat, "notice", **notice)
    text = chat.locator("#notice p")
    for words in (FIRST["text"], BREAK["text"], "最近聊得有点多。"):
        expect(text).to_have_text(words)
        chat.keyboard.press("Escape")
    expect(chat.locator("#notice")).to_be_hidden()


def test_a_notice_that_comes_by_reply_and_by_event_is_shown_once_and_both_are_confirmed(chat: Page) -> None:
    answers(chat, {"text": "你好呀。", "anban": {"notices": [FIRST]}})
    say(chat, "你好")
    chat.click("#notice button")
    emit(chat, "notice", **FIRST)
    expect(chat.locator("#notice")).to_be_hidden()
    assert [id for id, _ in kept(chat, "acked")] == ["n-first", "n-first", "1"]


def test_a_notice_that_the_reply_itself_carries_opens_nothing(chat: Page) -> None:
    carried = {**FIRST, "id": None, "in_reply": True}
    answers(chat, {"text": f"{FIRST['text']}\n\n你好呀。", "anban": {"notices": [carried]}})
    say(chat, "你好")
    expect(chat.locator(".turn.ai .said")).to_contain_text("你好呀。")
    expect(chat.locator("#notice")).to_be_hidden()
    assert kept(chat, "acked") == []


def test_the_focus_goes_into_the_notice_and_back_to_the_box_with_its_words(chat: Page) -> None:
    chat.focus("#text")
    chat.keyboard.type("写到一半")
    emit(chat, "notice", **BREAK)
    expect(chat.locator("#notice-title")).to_be_focused()
    chat.keyboard.press("Escape")
    expect(chat.locator("#text")).to_be_focused()
    expect(chat.locator("#text")).to_have_value("写到一半")


def test_nothing_opens_over_a_crisis_and_what_was_open_steps_back(chat: Page) -> None:
    emit(chat, "notice", **BREAK)
    expect(chat.locator("#notice")).to_be_visible()
    emit(chat, "level", level="L3")
    expect(chat.locator("#notice")).to_be_hidden()
    answers(chat, {"text": "谢谢你告诉我。", "anban": {"level": "L3", "notices": [FIRST]}})
    say(chat, "我不想活了")
    expect(chat.locator(".turn.ai .said")).to_have_text("谢谢你告诉我。")
    expect(chat.locator("#notice")).to_be_hidden()
    expect(chat.locator(".turn.aside .said")).to_have_text(FIRST["text"])
    emit(chat, "level", level="L1")
    expect(chat.locator("#notice")).to_contain_text("两个小时")


def test_help_opens_from_l2_on_folds_and_does_not_go_away(chat: Page) -> None:
    answers(chat, {"text": "我在意你说的。", "anban": {"level": "L2", "help": {"lines": ROUTES}}})
    say(chat, "累到希望一切停下来")
    help_card = chat.locator("#help")
    expect(help_card.locator(".inside")).to_be_visible()
    first, second = help_card.locator("a").all()
    expect(first).to_have_attribute("href", "tel:12356")
    expect(second).to_contain_text("随时可打")
    chat.click("#help summary")
    expect(help_card.locator(".inside")).to_be_hidden()
    expect(help_card).to_be_visible()
    answers(chat, {"text": "嗯。", "anban": {"level": "L2"}})
    say(chat, "嗯")
    expect(chat.locator(".turn.ai")).to_have_count(2)
    expect(help_card).to_be_visible()
    chat.reload()
    expect(help_card).to_be_visible()
    expect(help_card.locator(".inside")).to_be_hidden()


def test_help_unfolds_again_when_the_level_rises_and_rests_when_it_is_lowered(chat: Page) -> None:
    emit(chat, "level", level="L2")
    chat.click("#help summary")
    emit(chat, "level", level="L3")
    expect(chat.locator("#help .inside")).to_be_visible()
    emit(chat, "level", level="L0")
    expect(chat.locator("#help")).to_be_hidden()


def test_help_keeps_two_routes_when_the_service_names_fewer(chat: Page) -> None:
    answers(chat, {"text": "我在意你说的。", "anban": {"level": "L2", "help": {"lines": ROUTES[:1]}}})
    say(chat, "累到希望一切停下来")
    expect(chat.locator("#help .inside")).to_be_visible()
    assert chat.locator("#help a[href^='tel:']").count() >= 2


def test_help_stays_after_leaving_in_a_crisis(chat: Page) -> None:
    emit(chat, "level", level="L3")
    chat.click("#leave button")
    assert in_sight(chat, "#help summary")
    expect(chat.locator("#help .inside")).to_be_visible()


def test_a_changed_mode_is_shown_with_its_reason(chat: Page) -> None:
    emit(chat, "mode", text="未成年人模式", why="聊天里提到了上学。")
    expect(chat.locator("#mode")).to_contain_text("未成年人模式")
    chat.click("#mode summary")
    expect(chat.locator("#mode p")).to_have_text("聊天里提到了上学。")
