"""The family's pages in a real browser: a bound guardian, days of use, an alert; no serious finding, nothing wide."""

from itertools import product
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.doors.looks import contrast, findings
from tests.flows.test_first_day_of_a_minor import Day, a_guardian_is_asked_claims_and_is_bound
from tests.service import KEY, Running, chat_body

WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL = """() => [...document.querySelectorAll("main :is(button, summary, .lines a, .always a, .pills a)")]
  .filter((node) => node.offsetParent !== null && node.getBoundingClientRect().height < 43.5)
  .map((node) => node.innerText)"""
"""What a finger would miss."""

DAYS = 5
MOTHER = "mama@example.org"


def fine(page: Page, where: str) -> None:
    """In both languages and both lights."""
    for lang, theme in product(("zh", "en"), ("light", "dark")):
        page.goto(f"{where}?lang={lang}")
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert findings(page) == [], (where, lang, theme)
        assert not page.evaluate(WIDE), (where, lang)
        assert page.evaluate(SMALL) == [], (where, lang)
        assert contrast(page, "h1") >= 4.5


def child_of(page: Page, day: Day) -> str:
    """The phone's visitor becomes a child with a guardian, some days of talk, and a night on which somebody is told."""
    page.goto(day.service.url + "/")
    child = page.locator("[data-user]").first.get_attribute("data-user") or ""
    a_guardian_is_asked_claims_and_is_bound(day, child)
    claim = day.service.get(f"/anban/v1/people/{child}/guardians")[0]["claim"]
    for purpose in ("use", "under-14-data"):
        given = {"purpose": purpose, "version": "1", "by": "guardian", "guardian": claim}
        day.send("POST", f"/anban/v1/people/{child}/consents", given)
    for number in range(DAYS * 3):
        says(day, child, "今天作业好多", ("companion", "xiaozhou")[number % 2])
        day.pass_time(60 if number % 3 < 2 else 24 * 3600 - 120)
    says(day, child, "我不想活了，药已经买好了")
    day.pass_time(61)
    day.letter("", "伤害自己")
    return child


def says(day: Day, child: str, text: str, persona: str = "companion") -> None:
    headers = {**KEY, "X-Anban-User": child, "X-Anban-Persona": persona}
    answer = day.service.http.post(
        f"{day.service.url}/v1/chat/completions", json=chat_body(text, False, {}), headers=headers
    )
    assert answer.status_code == 200, answer.text


def test_the_console_and_the_mirror_after_days_of_use_and_with_an_alert(phone: Page, tmp_path: Path) -> None:
    with Running(tmp_path / "service").start() as service:
        day = Day(service)
        child_of(phone, day)
        fine(phone, service.url + "/me/seen")
        expect(phone.locator(".alert")).to_contain_text("They may hurt themselves")
        fine(phone, service.url + "/guardian/login")
        phone.goto(service.url + "/guardian?lang=en")
        expect(phone.locator("html")).to_have_attribute("lang", "en")
        phone.fill("#address", MOTHER)
        phone.click("main button")
        expect(phone.locator("[role=status]")).not_to_be_empty()
        link = service.url + "/guardian" + day.letter(MOTHER, "登录链接")["link"].partition("/guardian")[2]
        fine(phone, link)
        phone.goto(link + "?lang=zh")
        phone.click("main button")
        expect(phone.locator("#now-title")).to_have_text("现在需要您")
        fine(phone, service.url + "/guardian")
        expect(phone.locator("svg.stack rect")).not_to_have_count(0)
        phone.locator("details").evaluate_all("(all) => all.forEach((each) => { each.open = true })")
        assert findings(phone) == [] and not phone.evaluate(WIDE)
