"""A copy on one's own page: asked for, watched, taken; in a browser, on a phone, with and without script."""

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.doors.looks import contrast, findings
from tests.doors.my_page import arrives, press, see
from tests.house import House, open_house
from tests.service import KEY, Running, chat_body

LIN = "demo-lin"
CAT = "我养了一只叫豆包的猫"
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
TAKE = "/me/data/copy/take"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        arrives(opened, LIN)
        yield opened


@pytest.fixture
def me(phone: Page, page_server: str) -> Iterator[Page]:
    phone.goto(page_server + "/")
    yield phone


async def test_it_is_asked_for_watched_and_taken_without_script(house: House) -> None:
    await house.say(CAT, user=LIN)
    assert (await press(house, "/me/data/copy", on="/me/data")).headers["location"] == "/me/data#copy"
    page = await see(house, "/me/data")
    assert "<progress" in page and 'http-equiv="refresh"' in page and "取走副本" not in page
    assert (await house.get("/me/data/copy")).json()["state"] == "asked"
    await house.work()
    page = await see(house, "/me/data")
    assert "11月30日 20:00" in page and "取走副本" in page and "<progress" not in page
    taken = await press(house, TAKE, on="/me/data")
    archive = await house.http.get(taken.headers["location"])
    assert archive.headers["content-type"] == "application/zip" and archive.headers["cache-control"] == "no-store"
    assert CAT in zipfile.ZipFile(io.BytesIO(archive.content)).read("index.html").decode()
    assert "已经取过" in await see(house, "/me/data")
    await house.work(minutes=16)
    page = await see(house, "/me/data")
    assert "已经删除" in page and "做一份副本" in page


async def test_nobody_takes_it_with_a_strange_form_or_from_another_page(house: House) -> None:
    await house.say(CAT, user=LIN)
    await press(house, "/me/data/copy", on="/me/data")
    await house.work()
    for path in ("/me/data/copy", TAKE):
        assert (await house.http.post(path, data={"csrf": "0" * 64})).status_code == 403
        assert (await house.http.post(path)).status_code == 403
    arrives(house, "demo-other")
    assert "取走副本" not in await see(house, "/me/data")
    assert (await press(house, TAKE, on="/me/data")).status_code == 409
    assert (await house.get("/me/data/copy")).json() == {"state": "none", "percent": 0}
    house.http.cookies.clear()
    for path in ("/me/data", "/me/data/copy"):
        assert (await house.http.get(path)).status_code == 303


async def test_somebody_who_never_spoke_gets_a_copy_of_very_little(house: House) -> None:
    await press(house, "/me/data/copy", on="/me/data")
    await house.work()
    taken = await press(house, TAKE, on="/me/data")
    archive = zipfile.ZipFile(io.BytesIO((await house.http.get(taken.headers["location"])).content))
    assert "还没有聊过" in archive.read("index.html").decode()


async def test_one_that_the_service_asked_for_says_so_to_its_owner(house: House) -> None:
    await house.say(CAT, user=LIN)
    assert (await house.post(f"/anban/v1/people/{LIN}/copies", {})).status_code == 202
    assert "服务方替你要的" in await see(house, "/me/data")


def test_in_a_browser_it_is_asked_for_and_downloaded(me: Page, page_server: str, tmp_path: Path) -> None:
    name = me.locator("#talk").get_attribute("data-user") or ""
    httpx.post(
        f"{page_server}/v1/chat/completions", json=chat_body(CAT, False, {}), headers={**KEY, "X-Anban-User": name}
    )
    for lang, theme in (("zh", "light"), ("zh", "dark"), ("en", "dark")):
        me.goto(f"{page_server}/me/data?lang={lang}")
        me.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert findings(me) == [] and not me.evaluate(WIDE)
    me.goto(f"{page_server}/me/data?lang=zh")
    me.get_by_role("button", name="做一份副本").click()
    expect(me.get_by_role("button", name="取走副本")).to_be_visible(timeout=15_000)
    assert findings(me) == [] and not me.evaluate(WIDE)
    with me.expect_download() as download:
        me.get_by_role("button", name="取走副本").click()
    path = tmp_path / "copy.zip"
    download.value.save_as(path)
    assert download.value.suggested_filename == "anban-copy.zip"
    zipfile.ZipFile(path).extractall(tmp_path)
    for width, scheme in ((1200, "light"), (390, "dark"), (320, "light")):
        assert me.context.browser is not None
        context = me.context.browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto((tmp_path / "index.html").as_uri())
        expect(page.locator(".said.user .text")).to_have_text(CAT)
        expect(page.locator(".said.ai .label").first).to_have_text("AI生成")
        assert findings(page) == [] and not page.evaluate(WIDE)
        assert contrast(page, ".said.ai .label") >= 4.5 and contrast(page, ".made") >= 4.5
        size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.said.ai .label')).fontSize)")
        assert size >= 16, "a label that nobody reads is none"
        context.close()


def test_the_command_line_writes_the_zip_for_its_owner_alone(tmp_path: Path) -> None:
    with Running(tmp_path / "data").start() as service:
        service.say(CAT, user="lin 1")
        to = tmp_path / "lin.zip"
        done = service.anban("user", "copy", "lin 1", "--to", str(to), "--data", str(service.data))
        assert done.returncode == 0 and str(to) in done.stdout, done.stderr
        assert to.stat().st_mode & 0o077 == 0
        assert CAT in zipfile.ZipFile(to).read("index.html").decode()
        nobody = service.anban("user", "copy", "nobody", "--to", str(tmp_path / "no.zip"), "--data", str(service.data))
        assert nobody.returncode == 2 and "no such person" in nobody.stderr and not (tmp_path / "no.zip").exists()
        assert sorted(path.name for path in tmp_path.glob("*.zip*")) == ["lin.zip"]
