"""The page for operators says what the code does."""

from pathlib import Path

from litestar.routes import HTTPRoute

from anban.app import mount
from anban.web.access_document import renewed
from anban.web.rights import ADDRESSES, lock
from tests.house import open_house


def test_the_page_is_that_of_the_tables() -> None:
    page = (Path(__file__).parents[2] / "docs" / "access.md").read_text(encoding="utf-8")
    assert page == renewed(page), "run python -m anban.web.access_document docs/access.md"
    assert page.count("| `") > 40


async def test_every_address_of_the_house_has_a_lock_or_is_the_deployments_own(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        app = mount(house.built)
    without: set[str] = set()
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method in route.methods - {"OPTIONS"}:
                address = route.path_format
                if lock(method, address) is None and not address.startswith("/anban/v1/"):
                    without.add(f"{method} {address}")
    assert without == set(), "a page or a gateway's door says who may come in"


async def test_every_address_of_the_table_is_there(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        app = mount(house.built)
    there = {route.path_format if isinstance(route, HTTPRoute) else route.path for route in app.routes}
    coming = {"/anban/v1/complaints", "/anban/v1/data", "/anban/v1/evidence", "/openapi.json"}
    lost = {each for each in ADDRESSES if not any(path.startswith(each.rstrip("/")) for path in there)}
    assert lost <= coming
