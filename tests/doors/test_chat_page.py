"""The chat page as it stands: the label, the way out, help, language, light, size, and hands that use no mouse."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.doors.looks import answers, contrast, findings, in_sight, say

LONG = "一句很长的话。" * 120


def test_before_the_first_word_the_page_says_what_it_is_and_where_help_is(chat: Page) -> None:
    lines = chat.locator("#empty li")
    expect(lines).to_have_count(3)
    expect(lines.nth(0)).to_contain_text("AI")
    expect(lines.nth(1)).to_contain_text("离开")
    expect(lines.nth(2)).to_contain_text("找人帮忙")


def test_the_ai_label_is_large_enough_and_has_contrast_by_day_and_by_night(chat: Page) -> None:
    expect(chat.locator("#label")).to_contain_text("AI")
    for theme in ("dark", "light"):
        chat.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert contrast(chat, "#label") >= 4.5
        assert contrast(chat, "#speaker b") >= 4.5
        assert contrast(chat, "#leave button") >= 4.5
    size = chat.evaluate("() => parseFloat(getComputedStyle(document.querySelector('#label')).fontSize)")
    assert size >= 12


def test_label_and_exit_stay_in_sight_after_scrolling_a_long_talk(chat: Page) -> None:
    answers(chat, {"text": LONG}, {"text": LONG})
    for text in ("第一句", "第二句"):
        say(chat, text)
        expect(chat.locator(".turn.ai").last).to_contain_text(LONG)
    for place in (0, 400, 100_000):
        chat.evaluate("(top) => document.querySelector('#talk').scrollTo(0, top)", place)
        assert in_sight(chat, "#label")
        assert in_sight(chat, "#leave button")
        assert in_sight(chat, "#text")


def test_the_first_words_of_a_long_reply_are_not_pushed_out_of_sight(chat: Page) -> None:
    answers(chat, {"text": LONG})
    say(chat, "说长一点")
    expect(chat.locator(".turn.ai .said")).to_have_text(LONG)
    assert in_sight(chat, ".turn.ai .mark")


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_cut_off_sideways_even_in_large_type(chat: Page, width: int) -> None:
    chat.set_viewport_size({"width": width, "height": 780})
    chat.evaluate("() => { document.documentElement.dataset.size = 'large' }")
    for lang in ("zh", "en"):
        chat.goto(chat.url.split("?")[0] + f"?lang={lang}")
        assert chat.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert in_sight(chat, "#leave button")


def test_no_serious_findings_in_an_empty_chat_a_talk_a_crisis_or_a_notice(chat: Page) -> None:
    notice = {"id": "n", "kind": "break", "text": "我们聊了两个小时了。"}
    for theme in ("light", "dark"):
        chat.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert findings(chat) == []
    answers(chat, {"text": "听到了。", "anban": {"notices": [notice]}})
    answers(chat, {"text": "谢谢你告诉我。", "anban": {"level": "L3"}})
    say(chat, "你好")
    expect(chat.locator("#notice")).to_be_visible()
    assert [found for found in findings(chat) if "#talk" not in found] == []
    chat.locator("#notice button").last.click()
    say(chat, "我撑不住了")
    expect(chat.locator("#help .inside")).to_be_visible()
    assert findings(chat) == []


def test_the_quiet_entry_unfolds_help_at_any_level(chat: Page) -> None:
    expect(chat.locator("#help")).to_be_hidden()
    chat.click("#menu summary")
    chat.click("[data-help]")
    expect(chat.locator("#help .inside p").first).not_to_be_empty()
    calls = chat.locator("#help a[href^='tel:']")
    assert calls.count() >= 2
    for each in calls.all():
        expect(each.locator("b")).not_to_be_empty()
        expect(each.locator("small")).not_to_be_empty()


def test_everything_can_be_reached_and_done_with_the_keyboard(chat: Page) -> None:
    met: list[str] = []
    for _ in range(16):
        chat.keyboard.press("Tab")
        met.append(chat.evaluate("() => document.activeElement.id || document.activeElement.className"))
    for part in ("skip", "name", "quiet", "exit", "talk", "text", "send"):
        assert part in met, f"{part} cannot be reached"
    chat.focus("#menu summary")
    chat.keyboard.press("Enter")
    chat.keyboard.press("Tab")
    chat.keyboard.press("Enter")
    expect(chat.locator("#help summary")).to_be_focused()
    chat.keyboard.press("Enter")
    chat.focus("#text")
    chat.keyboard.type("只用键盘")
    chat.keyboard.press("Enter")
    expect(chat.locator(".turn.ai .said")).to_have_text("我在听。")
    chat.focus("#leave button")
    chat.keyboard.press("Enter")
    expect(chat.locator(".turn.aside")).to_have_count(1)


def test_escape_closes_the_menu_and_gives_the_focus_back(chat: Page) -> None:
    chat.click("#menu summary")
    chat.focus("#menu .entry")
    chat.keyboard.press("Escape")
    expect(chat.locator("#menu .sheet")).to_be_hidden()
    expect(chat.locator("#menu summary")).to_be_focused()


def test_the_language_changes_by_a_link_and_stays(chat: Page, page_server: str) -> None:
    expect(chat.locator("html")).to_have_attribute("lang", "zh-CN")
    chat.click("a[hreflang=en]")
    expect(chat.locator("html")).to_have_attribute("lang", "en")
    expect(chat.locator("#leave button")).to_have_text("Leave")
    chat.goto(page_server + "/")
    expect(chat.locator("html")).to_have_attribute("lang", "en")


def test_light_and_size_follow_the_switches_and_stay_after_a_reload(chat: Page) -> None:
    root = chat.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    chat.click("[data-switch=theme]")
    expect(root).to_have_attribute("data-theme", "light")
    chat.click("#menu summary")
    chat.click("[data-switch=size]")
    chat.reload()
    expect(root).to_have_attribute("data-theme", "light")
    expect(root).to_have_attribute("data-size", "large")


def test_without_script_a_message_still_gets_an_answer_and_help_still_opens(browser: Browser, page_server: str) -> None:
    page = browser.new_page(java_script_enabled=False, viewport={"width": 360, "height": 780})
    page.goto(page_server + "/")
    page.fill("#text", "今天有点累")
    page.click(".send")
    expect(page.locator(".turn.me .said")).to_have_text("今天有点累")
    expect(page.locator(".turn.ai, .turn.system").last).to_be_visible()
    page.click("#menu summary")
    page.click("[data-help]")
    expect(page.locator("#help a[href^='tel:']").first).to_be_visible()
    page.close()


def test_the_page_loads_nothing_from_elsewhere_and_has_no_inline_code(chat: Page, page_server: str) -> None:
    asked: list[str] = []
    chat.on("request", lambda request: asked.append(request.url))
    html = chat.goto(page_server + "/").text()  # type: ignore[union-attr]
    chat.wait_for_load_state("load")
    assert asked
    assert all(url.startswith(page_server) for url in asked)
    assert " style=" not in html
    assert " onclick=" not in html
    assert chat.locator("script:not([src])").count() == 0
