"""The public page of who outside is given what, by day and by night, in both languages."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests.doors.looks import contrast, findings
from tests.service import Running

DECLARED = [
    {"connector": "model", "place": "api.far.example", "name": "远山智能科技（杭州）有限公司", "name_en": "Far Hills",
     "reference": "委托处理合同 2026-07"},
    {"connector": "witness", "place": "witness.example", "name": "见证方", "reference": "协议 12"},
]  # fmt: skip


@pytest.fixture(scope="module")
def declared_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = {"ANBAN_UPSTREAM_URL": "https://api.far.example/v1", "ANBAN_PROCESSORS": orjson.dumps(DECLARED).decode()}
    data: Path = tmp_path_factory.mktemp("declared")
    with Running(data, **given).start() as running:
        yield running.url.rstrip("/")


def test_each_company_stands_there_with_what_it_gets_on_which_basis_and_where(phone: Page, declared_url: str) -> None:
    phone.goto(declared_url + "/processors")
    model, witness = phone.locator(".party").all()
    for words in ("远山智能科技", "聊天的文字", "先遮住", "委托合同", "委托处理合同 2026-07", "中国境内"):
        expect(model).to_contain_text(words)
    expect(witness).to_contain_text("看不出任何人")
    expect(phone.locator(".always")).to_contain_text("12356")
    assert not phone.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_it_has_no_serious_findings_by_day_or_by_night_and_speaks_english(phone: Page, declared_url: str) -> None:
    phone.goto(declared_url + "/processors")
    for theme in ("light", "dark"):
        phone.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert findings(phone) == []
        assert contrast(phone, ".party dt") >= 4.5
    phone.click("a[hreflang=en]")
    expect(phone.locator("h1")).to_have_text("Who is given what")
    expect(phone.locator(".party h2").first).to_have_text("Far Hills")


def test_a_service_that_gives_nothing_away_says_so(phone: Page, page_server: str) -> None:
    phone.goto(page_server + "/processors")
    expect(phone.locator(".intro")).to_contain_text("没有把任何内容交给别的公司")
    assert phone.locator(".party").count() == 0
