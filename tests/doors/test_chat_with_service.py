"""The chat page against the running service itself: nothing is scripted here."""

from playwright.sync_api import Page, Response, expect

from tests.doors.looks import in_sight, say


def _talk(phone: Page, page_server: str, text: str) -> None:
    phone.goto(page_server + "/")
    say(phone, text)
    expect(phone.locator(".turn:not(.me) .said").first).not_to_be_empty()
    expect(phone.locator("[data-live]")).to_have_count(0, timeout=20_000)


def test_a_first_word_is_answered_by_a_marked_ai_and_the_first_notice_is_confirmed(
    phone: Page, page_server: str
) -> None:
    confirmed: list[Response] = []
    phone.on("response", lambda response: confirmed.append(response) if response.url.endswith("/ack") else None)
    _talk(phone, page_server, "你好，今天有点累")
    expect(phone.locator("#notice")).to_contain_text("AI")
    phone.locator("#notice .choices > *").last.click()
    expect(phone.locator("#notice")).to_be_hidden()
    expect(phone.locator(".turn.ai .mark").last).to_contain_text("AI")
    phone.wait_for_load_state("load")
    assert confirmed
    assert all(response.ok for response in confirmed)


def test_a_wish_to_die_brings_words_first_then_help_and_no_dialog(phone: Page, page_server: str) -> None:
    _talk(phone, page_server, "我不想活了")
    expect(phone.locator("#help .inside")).to_be_visible()
    assert phone.locator("#help a[href^='tel:']").count() >= 2
    expect(phone.locator("#notice")).to_be_hidden()
    assert in_sight(phone, "#text")
    phone.click("#help summary")
    expect(phone.locator("#help summary")).to_be_visible()


def test_the_service_hears_that_someone_left(phone: Page, page_server: str) -> None:
    phone.goto(page_server + "/")
    with phone.expect_response("**/anban/v1/exit") as heard:
        phone.click("#leave button")
    assert heard.value.ok
    expect(phone.locator(".turn.aside")).to_have_count(1)
