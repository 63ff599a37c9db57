"""The care desk in a real browser, against a running service: from somebody's words to the hand-back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.doors import desk_evening
from tests.doors.desk_evening import DANGEROUS, MOTHER, NOW, PLAN, Evening
from tests.doors.looks import contrast, findings, in_sight
from tests.doors.looks import say as write
from tests.fakes import STALL, event, ok, sse

SOON = 15_000
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def night(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with desk_evening.evening(tmp_path_factory.mktemp("desk"), browser) as opened:
        opened.model.answers(ok("嗯，我在听。"))
        yield opened


@pytest.fixture(autouse=True)
def nothing_breaks() -> Iterator[None]:
    desk_evening.errors.clear()
    yield
    assert desk_evening.errors == [], desk_evening.errors


@pytest.fixture
def desk(night: Evening) -> Iterator[Page]:
    page = night.desk()
    page.goto(night.service.url + "/desk")
    yield page
    page.context.close()


def claimed(night: Evening, page: Page, user: str, text: str = PLAN) -> str:
    """Somebody is in danger, and Lin holds their conversation; the id of the case."""
    case = night.says(user, text, contacts=[MOTHER, DANGEROUS])
    page.goto(f"{night.service.url}/desk/cases/{case}")
    page.click(".headline form[data-act=claim] button")
    expect(page.locator(".compose textarea")).to_be_visible(timeout=SOON)
    return case


def opened(page: Page, line: Locator) -> None:
    """Open a line of the queue, and wait until the page listens to keys."""
    address = line.get_attribute("href")
    line.click()
    page.wait_for_url(f"**{address}")
    expect(page.locator("[data-sound]")).to_have_attribute("title", re.compile(".+"))


def over(page: Page) -> None:
    """Close the case that is open, so that the next test finds an empty hand."""
    page.click("summary:has-text('结案')")
    page.select_option("#close-level", "L1")
    page.select_option("#close-outcome", "safe-with-people")
    page.click("form[data-act=close] button")
    page.wait_for_url("**?after=hard", timeout=SOON)


def test_somebody_comes(night: Evening, desk: Page) -> None:
    """The desk rings, a responder claims and writes, the person sees who is there, the model is silent; hand back."""
    expect(desk.locator(".calm")).to_be_visible()
    rung = desk.evaluate("() => document.documentElement.dataset.rung ?? '0'")
    person = night.person()
    write(person, NOW)
    expect(person.locator(".turn.system").first).to_be_visible(timeout=SOON)

    line = desk.locator(".case.L4")
    expect(line).to_be_visible(timeout=SOON)
    expect(desk).to_have_title(re.compile(r"^\(1\) "))
    assert desk.evaluate("() => document.documentElement.dataset.rung") != rung, "the bell rang"

    opened(desk, line)
    expect(desk.locator(".shut")).to_be_visible()
    expect(desk.locator("main")).not_to_contain_text("天台")
    desk.keyboard.press("c")
    expect(desk.locator(".said-by.user .text").last).to_have_text(NOW, timeout=SOON)
    expect(desk.locator(".said-by.user mark").first).to_be_visible()
    expect(desk).not_to_have_title(re.compile(r"^\("))
    asked = len(night.model.asked)

    desk.keyboard.press("/")
    desk.keyboard.type("我在这里。")
    expect(person.locator("#typing")).to_be_visible(timeout=SOON)
    desk.keyboard.press("Control+Enter")
    expect(person.locator(".turn.human .said").last).to_have_text("我在这里。", timeout=SOON)
    expect(person.locator(".turn.aside").last).to_contain_text("真人值班")
    expect(person.locator("#speaker")).to_have_attribute("data-author", "human")
    expect(desk.locator("#words")).to_have_value("")

    write(person, "风很大，我好冷")
    expect(desk.locator(".said-by.user .text").last).to_have_text("风很大，我好冷", timeout=SOON)
    desk.fill("#words", "先往里面走两步，好吗？")
    desk.keyboard.press("Control+Enter")
    expect(person.locator(".turn.human .said").last).to_have_text("先往里面走两步，好吗？", timeout=SOON)
    expect(person.locator("[data-live]")).to_have_count(0, timeout=30_000)
    assert len(night.model.asked) == asked, "the model is not asked while a person is there"

    desk.click("summary:has-text('交还 AI')")
    desk.click("form[data-act=hand-back] button")
    expect(desk.locator("form[data-act=hand-back]")).to_be_visible()
    desk.select_option("#back-level", "L0")
    desk.select_option("#back-follow", "24")
    desk.fill("#back-text", "可以聊今晚的饭。不提天台。")
    desk.click("form[data-act=hand-back] button")
    desk.wait_for_url("**?after=hard", timeout=SOON)
    expect(desk.locator(".offer")).to_be_visible()
    expect(desk.locator(".shut")).to_be_visible()
    expect(person.locator(".turn.aside").last).to_contain_text("AI", timeout=SOON)
    expect(person.locator("#speaker")).to_have_attribute("data-author", "ai")
    person.context.close()


def test_the_model_is_silent_though_it_was_in_the_middle_of_a_sentence(night: Evening, desk: Page) -> None:
    first, rest = "今天的晚霞很好看。", "后半句谁也不该听到。"
    person = night.person()
    write(person, "我要找真人")
    expect(person.locator(".turn.system, .turn.ai").first).to_be_visible(timeout=SOON)
    expect(person.locator("[data-live]")).to_have_count(0, timeout=SOON)
    half = sse(
        *[event({"content": part}) for part in (first, "我们可以慢慢聊。" * 12)], STALL, event({"content": rest})
    )
    night.model.answers_once(half)
    write(person, "今天天气不错")
    expect(person.locator(".turn.ai .said").last).to_contain_text(first, timeout=SOON)

    opened(desk, desk.locator(".case.waiting", has_text="想找真人"))
    desk.keyboard.press("c")
    expect(desk.locator(".compose textarea")).to_be_visible(timeout=SOON)
    expect(person.locator("[data-live]")).to_have_count(0, timeout=SOON)
    assert night.model.asked[-1].left, "the model was hung up on"
    heard = person.locator(".turn.ai .said").last.inner_text()
    desk.fill("#words", "我来了。")
    desk.keyboard.press("Control+Enter")
    expect(person.locator(".turn.human .said").last).to_have_text("我来了。", timeout=SOON)
    assert person.locator(".turn.ai .said").last.inner_text() == heard
    expect(person.locator("#talk")).not_to_contain_text(rest)
    desk.click("summary:has-text('结案')")
    desk.select_option("#close-level", "L0")
    desk.select_option("#close-outcome", "heard-only")
    desk.click("form[data-act=close] button")
    expect(desk.locator(".headline .state.closed")).to_be_visible(timeout=SOON)
    person.context.close()


def test_what_may_hurt_is_shown_while_writing_and_sent_only_when_confirmed(night: Evening, desk: Page) -> None:
    case = claimed(night, desk, "lint")
    desk.fill("#words", "你要坚强，想开点")
    expect(desk.locator("[data-found] li").first).to_contain_text("想开", timeout=SOON)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("[data-fault]")).to_be_visible(timeout=SOON)
    expect(desk.locator("#words")).to_have_value("你要坚强，想开点")
    assert not [each for each in night.service.get(f"/anban/v1/cases/{case}")["events"] if each["kind"] == "said"]
    desk.check("[name=anyway]")
    desk.keyboard.press("Control+Enter")
    desk.click(".write button")
    expect(desk.locator(".said-by.human .text").last).to_have_text("你要坚强，想开点", timeout=SOON)
    over(desk)


def test_a_phrase_is_a_beginning_that_can_be_changed(night: Evening, desk: Page) -> None:
    claimed(night, desk, "phrases")
    desk.click(".bank summary")
    phrase = desk.locator("[data-phrase]").first
    text = phrase.inner_text()
    assert "{" not in text and "林" in text
    phrase.click()
    expect(desk.locator("#words")).to_have_value(text)
    expect(desk.locator("#words")).to_be_focused()
    over(desk)


def test_what_somebody_types_survives_what_happens_meanwhile(night: Evening, desk: Page) -> None:
    claimed(night, desk, "kept")
    desk.click("summary:has-text('工作记录')")
    desk.fill("#note-text", "姐姐在路上")
    desk.fill("#words", "还没写完")
    night.service.say("你还在吗", user="kept", client="notices")
    expect(desk.locator(".said-by.user .text").last).to_have_text("你还在吗", timeout=40_000)
    expect(desk.locator("#note-text")).to_have_value("姐姐在路上")
    expect(desk.locator("#words")).to_have_value("还没写完")
    desk.reload()
    expect(desk.locator("#words")).to_have_value("还没写完")
    over(desk)


def test_timers_turn_when_the_second_line_is_called_and_again_when_everybody_is(night: Evening, desk: Page) -> None:
    case = night.says("waits", NOW)
    line = desk.locator(f".case[data-case='{case}']")
    expect(line).to_have_class(re.compile("phase-0"), timeout=SOON)
    for seconds, phase in ((31, "phase-1"), (150, "phase-2")):
        night.pass_by(seconds)
        desk.reload()
        expect(line).to_have_class(re.compile(phase))
    opened(desk, line)
    desk.keyboard.press("c")
    expect(desk.locator(".compose textarea")).to_be_visible(timeout=SOON)
    over(desk)


def test_the_card_says_what_one_must_know_and_no_address(night: Evening, desk: Page) -> None:
    claimed(night, desk, "card")
    side = desk.locator("#side")
    for words in ("写好遗书", "李妈妈", "张伟", "先别联系", "电话", "没有以前的个案", "card"):
        expect(side).to_contain_text(words)
    expect(side).not_to_contain_text("1380000")
    expect(desk.locator("svg.levels")).to_be_visible()
    desk.click("summary:has-text('110')")
    expect(desk.locator(".script").first).to_contain_text("可能伤害自己")
    over(desk)


def test_hands_that_use_no_mouse_find_everything(night: Evening, desk: Page) -> None:
    first, second = night.says("keys-one", PLAN), night.says("keys-two", PLAN)
    expect(desk.locator(f".case[data-case='{second}']")).to_be_visible(timeout=SOON)
    desk.keyboard.press("?")
    expect(desk.locator("#keys")).to_be_visible()
    desk.keyboard.press("Escape")
    order = [desk.locator(".case").nth(each).get_attribute("data-case") for each in range(2)]
    assert {first, second} >= set(order)
    for key, place in (("j", 0), ("j", 1), ("k", 0)):
        desk.keyboard.press(key)
        desk.wait_for_url(f"**/desk/cases/{order[place]}")
        expect(desk.locator("[data-sound]")).to_have_attribute("title", re.compile(".+"))
    desk.keyboard.press("m")
    expect(desk.locator("[data-sound]")).to_have_attribute("data-muted", "")
    desk.keyboard.press("m")
    for _ in range(2):
        desk.goto(night.service.url + "/desk")
        opened(desk, desk.locator(".case.waiting").first)
        desk.keyboard.press("c")
        expect(desk.locator(".compose textarea")).to_be_visible(timeout=SOON)
        desk.keyboard.press("/")
        expect(desk.locator("#words")).to_be_focused()
        desk.keyboard.type("c j k ?")
        expect(desk.locator("#words")).to_have_value("c j k ?")
        over(desk)


def test_on_a_phone_there_is_one_pane_at_a_time_and_nothing_is_cut_off(night: Evening) -> None:
    phone = night.desk(width=390, height=844, color_scheme="dark", has_touch=True)
    claimed(night, phone, "phone")
    for pane in ("queue", "talk", "side"):
        phone.click(f".views [data-to={pane}]")
        expect(phone.locator(f"#{pane}")).to_be_visible()
        assert phone.locator(".pane:visible").count() == 1
        assert phone.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    phone.click(".views [data-to=talk]")
    assert in_sight(phone, "#words")
    assert in_sight(phone, ".views")
    phone.click(".views [data-to=side]")
    over(phone)
    phone.context.close()


def test_no_serious_findings_by_day_and_by_night(night: Evening, desk: Page) -> None:
    night.says("axe-waits", NOW)
    claimed(night, desk, "axe")
    desk.fill("#words", "你要坚强，想开点")
    expect(desk.locator("[data-found]")).to_be_visible(timeout=SOON)
    for theme in ("light", "dark"):
        desk.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert findings(desk) == []
        for part in (".headline .state", ".said-by .text", ".trace", ".case .second", ".hint"):
            assert contrast(desk, part) >= 4.5, (theme, part)
    desk.fill("#words", "")
    over(desk)
    desk.goto(night.service.url + "/desk/closed")
    assert findings(desk) == []


def test_it_speaks_english_when_asked_and_leaves_nothing_in_chinese(night: Evening, desk: Page) -> None:
    desk.goto(night.service.url + "/desk?lang=en")
    case = night.says("english", "I wrote the note and tonight I will kill myself")
    desk.goto(f"{night.service.url}/desk/cases/{case}")
    desk.click(".headline form[data-act=claim] button")
    expect(desk.locator(".compose textarea")).to_be_visible(timeout=SOON)
    for each in desk.locator("details").all():
        each.evaluate("(node) => { node.open = true }")
    for part in (".headline", ".acts", ".compose", ".card", ".trace", ".pages", "#queue h1"):
        left = CHINESE.findall(desk.locator(part).inner_text().replace("林晓", ""))
        assert not left, (part, left)
    said = desk.locator(".log").inner_text()
    for name in ("林晓", "陈屿", "王敏"):
        said = said.replace(name, "")
    assert not CHINESE.findall(said)
    desk.goto(f"{night.service.url}/desk/cases/{case}?lang=zh")
    over(desk)


def test_without_script_the_desk_can_be_read_and_acted_on(night: Evening) -> None:
    plain = night.desk(java_script_enabled=False, width=1100, height=800)
    case = night.says("plain", PLAN)
    plain.goto(night.service.url + "/desk")
    plain.locator(f".case[data-case='{case}']").click()
    plain.locator("form[data-act=claim] button").first.click()
    expect(plain.locator(".said-by.user .text").last).to_have_text(PLAN)
    plain.fill("#words", "想开点")
    plain.click(".write button")
    expect(plain.locator("[data-found] li").first).to_be_visible()
    expect(plain.locator("#words")).to_have_value("想开点")
    plain.fill("#words", "我在这里。")
    plain.click(".write button")
    expect(plain.locator(".said-by.human .text").last).to_have_text("我在这里。")
    plain.click("summary:has-text('结案')")
    plain.select_option("#close-level", "L1")
    plain.select_option("#close-outcome", "safe-with-people")
    plain.click("form[data-act=close] button")
    expect(plain.locator(".headline .state.closed")).to_be_visible()
    plain.context.close()


def test_the_page_loads_nothing_from_elsewhere_and_has_no_inline_code(night: Evening, desk: Page) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    answer = desk.goto(night.service.url + "/desk")
    assert answer is not None
    assert asked and all(url.startswith(night.service.url) for url in asked)
    html = answer.text()
    assert " style=" not in html and " onclick=" not in html
    assert desk.locator("script:not([src])").count() == 0


def test_a_page_that_is_cut_off_says_so_and_comes_back_by_itself(night: Evening, desk: Page) -> None:
    """The channel is refused for a while, as by a proxy that restarts; the page goes on when it is back."""
    desk.route("**/desk/events*", lambda route: route.abort())
    desk.reload()
    expect(desk.locator("[data-lost]")).to_be_visible(timeout=SOON)
    desk.unroute("**/desk/events*")
    case = night.says("back-again", PLAN)
    expect(desk.locator(f".case[data-case='{case}']")).to_be_visible(timeout=SOON)
    expect(desk.locator("[data-lost]")).to_be_hidden(timeout=SOON)
