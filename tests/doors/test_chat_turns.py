"""A turn on the chat page: words stream in, are marked with their author, can be stopped, and are never lost."""

import pytest
from playwright.sync_api import Page, expect

from tests.doors.looks import answers, emit, in_sight, kept, say

HELD = {"text": "我慢慢说，说到一半", "held": True}


def test_a_message_goes_out_with_who_is_speaking_and_what_was_said_before(chat: Page) -> None:
    for text in ("第一句", "第二句"):
        say(chat, text)
        expect(chat.locator(".turn.me .said").last).to_have_text(text)
        expect(chat.locator(".turn.ai .said").last).to_have_text("我在听。")
    asked = kept(chat, "asked")[-1]
    assert asked["stream"] is True
    assert [message["content"] for message in asked["messages"]] == ["第一句", "我在听。", "第二句"]
    assert asked["headers"]["X-Anban-User"] == chat.get_attribute("#talk", "data-user")
    assert asked["headers"]["X-Anban-Conversation"] == chat.get_attribute("#talk", "data-conversation")
    assert asked["headers"]["X-Anban-Client"] == "notices"


def test_only_the_last_twenty_messages_are_sent(chat: Page) -> None:
    for number in range(12):
        say(chat, f"第{number}句")
        expect(chat.locator(".turn.ai")).to_have_count(number + 1)
    assert len(kept(chat, "asked")[-1]["messages"]) == 20


def test_words_are_shown_as_text_with_their_line_breaks(chat: Page) -> None:
    answers(chat, {"text": "<b>粗</b>\n<img src=x onerror=alert(1)>"})
    say(chat, "<script>alert(1)</script>\n第二行")
    reply = chat.locator(".turn.ai .said")
    expect(reply).to_have_text("<b>粗</b>\n<img src=x onerror=alert(1)>", use_inner_text=True)
    assert chat.locator(".turns b, .turns img, .turns script").count() == 0


def test_a_whole_reply_is_said_aloud_once_with_its_author(chat: Page) -> None:
    say(chat, "你好")
    expect(chat.locator("#spoken")).to_have_text("AI：我在听。")
    expect(chat.locator("#spoken")).to_have_attribute("aria-live", "polite")


def test_each_author_has_a_mark_and_a_person_is_named_in_the_bar(chat: Page) -> None:
    say(chat, "你好")
    expect(chat.locator(".turn.ai .mark")).to_have_text("AI")
    emit(chat, "typing", on=True)
    expect(chat.locator("#typing")).to_be_visible()
    emit(chat, "message", text="我是值班人员，是真人。", speaker="小林")
    expect(chat.locator("#typing")).to_be_hidden()
    expect(chat.locator(".turn.human .mark")).to_have_text("真人值班 · 小林")
    expect(chat.locator("#speaker")).to_contain_text("真人值班 · 小林")
    assert in_sight(chat, "#label")


def test_a_persons_words_are_shown_once_when_they_come_by_both_ways(chat: Page) -> None:
    person = {"author": "human", "speaker": "小林"}
    answers(chat, {"text": "我在这儿。\n\n你说。", "anban": person}, {"text": "嗯。", "anban": person})
    say(chat, "有人吗")
    expect(chat.locator(".turn.human .said")).to_have_text(["我在这儿。\n\n你说。"])
    emit(chat, "message", text="我在这儿。")
    emit(chat, "message", text="你说。")
    emit(chat, "message", text="不急。")
    expect(chat.locator(".turn.human .said")).to_have_text(["我在这儿。\n\n你说。", "不急。"])


def test_a_reply_does_not_repeat_what_a_person_already_said_by_event(chat: Page) -> None:
    answers(chat, {"text": "到了", "held": True, "anban": {"author": "human"}})
    say(chat, "有人吗")
    expect(chat.locator("#speaker")).to_contain_text("真人值班")
    emit(chat, "message", text="到了")
    chat.evaluate("() => scripted.release()")
    expect(chat.locator(".send:not([data-stops])")).to_be_visible()
    expect(chat.locator(".turn:not(.me) .said")).to_have_text(["到了"])


def test_a_line_that_holds_until_a_person_writes_is_not_marked_as_theirs(chat: Page) -> None:
    emit(chat, "message", text="我是值班人员，是真人。")
    answers(chat, {"text": "值班同事还没回这一句。", "anban": {"author": "human"}, "last": {"author": "system"}})
    say(chat, "在吗")
    expect(chat.locator(".turn.system .said")).to_have_text(["值班同事还没回这一句。"])


def test_words_of_the_service_itself_are_marked_and_go_into_the_history(chat: Page) -> None:
    answers(chat, {"text": "谢谢你告诉我。", "anban": {"author": "system", "level": "L3"}})
    say(chat, "我不想活了")
    expect(chat.locator(".turn.system .mark")).to_have_text("系统")
    expect(chat.locator("#speaker")).to_contain_text("系统")
    say(chat, "嗯")
    expect(chat.locator(".turn.ai")).to_have_count(1)
    assert "谢谢你告诉我。" in str(kept(chat, "asked")[-1]["messages"])


def test_a_new_conversation_begins_empty(chat: Page) -> None:
    say(chat, "你好")
    expect(chat.locator(".turn.ai .said")).to_have_text("我在听。")
    chat.click("#menu summary")
    chat.click("[data-new]")
    expect(chat.locator("#empty")).to_be_visible()
    expect(chat.locator(".turn")).to_have_count(0)


def test_leaving_stops_the_reply_at_once_and_says_one_thing(chat: Page) -> None:
    answers(chat, HELD)
    say(chat, "讲个故事")
    expect(chat.locator(".turn.ai .said")).to_have_text(HELD["text"])
    stopped = chat.evaluate("() => { document.querySelector('#leave button').click(); return scripted.aborted }")
    assert stopped == 1
    chat.click("#leave button")
    expect(chat.locator(".turn.aside .said")).to_have_text(["对话停下了。可以随时回来。"])
    expect(chat.locator("[data-live]")).to_have_count(0)
    assert kept(chat, "left")[0]["conversation"] == chat.get_attribute("#talk", "data-conversation")
    expect(chat.locator("#text")).to_be_enabled()
    expect(chat.locator("#text")).to_have_attribute("placeholder", "可以随时回来")


def test_coming_back_after_leaving_needs_nothing_but_writing(chat: Page) -> None:
    chat.click("#leave button")
    say(chat, "我又来了")
    expect(chat.locator(".turn.ai .said")).to_have_text("我在听。")


def test_stopping_a_reply_is_not_leaving(chat: Page) -> None:
    answers(chat, HELD)
    say(chat, "讲个故事")
    expect(chat.locator(".turn.ai .said")).to_have_text(HELD["text"])
    chat.click(".send[data-stops]")
    expect(chat.locator(".turn.ai .after")).to_be_visible()
    assert kept(chat, "aborted") == 1
    assert kept(chat, "left") == []


def test_a_new_message_need_not_wait_for_an_old_reply(chat: Page) -> None:
    answers(chat, HELD)
    say(chat, "讲个故事")
    expect(chat.locator(".turn.ai .said")).to_have_text(HELD["text"])
    say(chat, "不听了，说说今天")
    expect(chat.locator(".turn.ai .said")).to_have_text([HELD["text"], "我在听。"])


def test_a_new_message_does_not_cut_off_help_in_a_crisis(chat: Page) -> None:
    answers(chat, {**HELD, "anban": {"level": "L3"}})
    say(chat, "我不想活了")
    expect(chat.locator(".turn.ai .said")).to_have_text(HELD["text"])
    say(chat, "还在吗")
    expect(chat.locator(".turn.me")).to_have_count(2)
    assert kept(chat, "aborted") == 0
    chat.evaluate("() => scripted.release()")
    expect(chat.locator(".turn.ai .said")).to_have_text([HELD["text"], "我在听。"])


@pytest.mark.parametrize("trouble", [{"status": 502}, {"status": 503}, {"unreachable": True}])
def test_when_the_service_fails_the_words_stay_in_the_box_and_can_be_sent_again(chat: Page, trouble: dict) -> None:
    answers(chat, trouble)
    say(chat, "很难开口的一句话")
    expect(chat.locator("#trouble")).to_contain_text("你写的字都还在框里")
    expect(chat.locator("#text")).to_have_value("很难开口的一句话")
    expect(chat.locator(".turn")).to_have_count(0)
    chat.reload()
    expect(chat.locator("#text")).to_have_value("很难开口的一句话")
    chat.press("#text", "Enter")
    expect(chat.locator(".turn.ai .said")).to_have_text("我在听。")


def test_the_retry_button_sends_the_same_words(chat: Page) -> None:
    answers(chat, {"status": 502})
    say(chat, "再来一次")
    chat.click("#trouble button")
    expect(chat.locator(".turn.me .said")).to_have_text(["再来一次"])
    expect(chat.locator(".turn.ai .said")).to_have_text("我在听。")
    expect(chat.locator("#trouble p")).to_be_empty()


def test_a_reply_that_breaks_off_keeps_what_was_said_by_both(chat: Page) -> None:
    answers(chat, {"text": "说到一半", "cut": True})
    say(chat, "你好")
    expect(chat.locator("#trouble")).to_contain_text("断开")
    expect(chat.locator(".turn .said")).to_have_text(["你好", "说到一半"])
    expect(chat.locator("#text")).to_have_value("")


def test_offline_nothing_is_sent_and_nothing_is_lost(chat: Page) -> None:
    chat.context.set_offline(True)
    say(chat, "地铁里写的")
    expect(chat.locator("#trouble")).to_contain_text("网络断开")
    expect(chat.locator("#text")).to_have_value("地铁里写的")
    assert kept(chat, "asked") == []
    chat.context.set_offline(False)
    expect(chat.locator("#trouble p")).to_be_empty()


def test_a_reload_keeps_the_talk_and_the_draft(chat: Page) -> None:
    say(chat, "你好")
    expect(chat.locator(".turn.ai .said")).to_have_text("我在听。")
    chat.fill("#text", "写到一半")
    before = kept(chat, "asked")[-1]["headers"]["X-Anban-Conversation"]
    chat.reload()
    expect(chat.locator(".turn .said")).to_have_text(["你好", "我在听。"])
    expect(chat.locator("#text")).to_have_value("写到一半")
    chat.press("#text", "Enter")
    expect(chat.locator(".turn.ai")).to_have_count(2)
    assert kept(chat, "asked")[-1]["headers"]["X-Anban-Conversation"] == before


def test_withdrawn_words_leave_the_page_and_the_memory_and_this_is_said(chat: Page) -> None:
    answers(chat, {"text": "先说一句。这一句不该说。\n\n换个说法。"})
    say(chat, "你好")
    expect(chat.locator(".turn.ai .said")).to_contain_text("换个说法。")
    emit(chat, "retract", decision="d-1")
    expect(chat.locator(".turn.ai .withdrawn")).to_have_text("这里有一段话被收回了")
    expect(chat.locator(".turn.ai")).not_to_contain_text("不该说")
    expect(chat.locator(".turn.ai .said")).to_contain_text("换个说法。")
    say(chat, "嗯")
    expect(chat.locator(".turn.ai")).to_have_count(2)
    assert "不该说" not in str(kept(chat, "asked")[-1])
