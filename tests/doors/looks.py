"""What a person would see and do on a page: measured contrast, accessibility findings, writing a message."""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCRIPTED = Path(__file__).with_name("scripted.js")

# Relative luminance and contrast as in WCAG 2.2; the background is that of the nearest ancestor that has one.
_CONTRAST = """(selector) => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const channel = (c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const node = document.querySelector(selector);
  let behind = node;
  while (numbers(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const [light, dark] = [
    luminance(numbers(getComputedStyle(node).color)),
    luminance(numbers(getComputedStyle(behind).backgroundColor)),
  ].sort((one, other) => other - one);
  return (light + 0.05) / (dark + 0.05);
}"""

# In sight: of some size, inside the window, not faded, and nothing lies over its middle.
_IN_SIGHT = """(selector) => {
  const node = document.querySelector(selector);
  const box = node.getBoundingClientRect();
  if (!box.width || box.top < 0 || box.left < 0 || box.bottom > innerHeight || box.right > innerWidth) return false;
  for (let at = node; at; at = at.parentElement) if (Number(getComputedStyle(at).opacity) < 1) return false;
  return node.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""


def contrast(page: Page, selector: str) -> float:
    """The contrast of an element's words with what lies behind them, 1 to 21."""
    return page.evaluate(_CONTRAST, selector)


def in_sight(page: Page, selector: str) -> bool:
    """True when an element can be seen whole and nothing covers it."""
    return page.evaluate(_IN_SIGHT, selector)


def findings(page: Page) -> list[str]:
    """What axe holds against the page as it stands, serious and critical only."""
    violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{found['id']}: {node['target']}"
        for found in violations
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


def answers(page: Page, *replies: dict[str, Any]) -> None:
    """What the scripted service says to the next messages, in order."""
    page.evaluate("(replies) => scripted.replies.push(...replies)", list(replies))


def emit(page: Page, kind: str, /, **payload: Any) -> None:
    """Something reaches the page outside a reply."""
    page.evaluate("([kind, payload]) => scripted.emit(kind, payload)", [kind, payload])


def say(page: Page, text: str) -> None:
    """Write a message and press Enter."""
    page.fill("#text", text)
    page.press("#text", "Enter")


def kept(page: Page, name: str) -> Any:
    """What the scripted service has kept under `name`: asked, acked, left, aborted."""
    return page.evaluate("(name) => scripted[name]", name)
