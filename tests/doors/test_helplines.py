"""A help line that did not answer: said in the chat or by the app, then named last, and seen by the lead."""

from pathlib import Path

from playwright.sync_api import Page, expect

from anban.words.helplines import load_helplines
from tests.doors.visiting import KEY, built, chat, knocking


async def test_a_line_that_did_not_answer_is_named_last_in_the_next_words(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        await http.post("/v1/chat/completions", json=chat("你好"))
        answer = await http.post("/anban/v1/helplines/cn-12356/feedback", json={"user": "lin", "reached": False})
        assert answer.status_code == 200 and answer.json() == {"reached": False}
        said = {}
        for user in ("lin", "chen"):
            reply = await http.post("/v1/chat/completions", json=chat("我不想活了", user))
            said[user] = reply.json()["choices"][0]["message"]["content"]
        assert said["chen"].index("12356") < said["chen"].index("120")
        assert said["lin"].index("120") < said["lin"].index("12356")


async def test_the_directory_shows_when_each_line_was_checked_and_who_reached_it(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        await http.post("/v1/chat/completions", json=chat("你好"))
        await http.post("/anban/v1/helplines/cn-12356/feedback", json={"user": "lin", "reached": False})
        rows = {row["id"]: row for row in (await http.get("/anban/v1/helplines")).json()}
        assert set(rows) == {entry.id for entry in load_helplines().entries}
        assert rows["cn-12356"]["verified_on"] == "2026-11-23" and rows["cn-12356"]["not_reached"] == 1
        assert rows["cn-96110"]["checked"] == "unchecked"


async def test_a_line_that_is_not_there_and_a_stranger_are_refused(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        path = "/anban/v1/helplines/{}/feedback"
        assert (await http.post(path.format("cn-1"), json={"reached": True})).status_code == 404
        assert (await http.post(path.format("cn-120"), json={"reached": "no"})).status_code == 400
        stranger = {"authorization": KEY["authorization"] + "x"}
        assert (await http.post(path.format("cn-120"), json={"reached": True}, headers=stranger)).status_code == 401


def test_in_the_chat_a_line_that_did_not_answer_moves_to_the_end_and_stays_there(phone: Page, page_server: str) -> None:
    phone.goto(page_server + "/")
    phone.click("#menu summary")
    phone.click("[data-help]")
    lines = phone.locator("#lines > li")
    first = lines.first.get_attribute("data-line")
    assert lines.count() >= 2 and first
    lines.first.locator("[data-failed]").click()
    expect(phone.locator("#lines .noted")).to_be_visible()
    assert lines.last.get_attribute("data-line") == first
    assert phone.locator("#lines .noted").evaluate("(node) => node === document.activeElement")


def test_the_help_card_says_when_the_numbers_were_checked(phone: Page, page_server: str) -> None:
    phone.goto(page_server + "/")
    phone.click("#menu summary")
    phone.click("[data-help]")
    expect(phone.locator("#help .again")).to_contain_text("2026-11-23")
