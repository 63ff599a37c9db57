"""Somebody on their own page: a browser that carries the visitor's cookie, reads a page and sends its forms."""

import re

import httpx

from anban.web.visitors import COOKIE, signed
from tests.house import House

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


def arrives(house: House, name: str) -> None:
    """From now on the house's client is the browser of this visitor."""
    house.http.cookies.clear()
    house.http.cookies.set(COOKIE, signed(name, house.rt.keys.derived("visitor cookies").secret))


async def see(house: House, path: str, lang: str = "zh") -> str:
    """A page as this visitor sees it."""
    answer = await house.http.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def press(house: House, path: str, on: str = "", **fields: str) -> httpx.Response:
    """Send a form to `path` with the proof that stands on the page it came from (`on`, or the same path)."""
    proof = _CSRF.search(await see(house, on or path))
    assert proof is not None
    return await house.http.post(path, data={"csrf": proof[1], **fields})
