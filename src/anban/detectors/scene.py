"""What a detector is given: the window, every reading of its text, and the turns before it already folded."""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from anban.detectors.readings.normalise import View, fold, way_back
from anban.detectors.readings.views import Readings
from anban.detectors.signal import Role, Window

_TURNS = 20  # turns looked back
_TURN_CHARS = 400  # of each of them
_JOIN_CHARS = 24  # a user message longer than this is a sentence of its own
_JOIN_TURNS = 6
_JOIN_SECONDS = 900.0


@dataclass(frozen=True)
class Scene:
    """One message to judge, with what was made of it once for all detectors."""

    window: Window
    views: tuple[View, ...]
    before: tuple[tuple[Role, str], ...] = field(default=())
    noted: dict[str, float] = field(default_factory=dict[str, float], compare=False, repr=False)
    """What one detector leaves for those after it, so that nothing is worked out twice for one message."""
    faint: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]], compare=False, repr=False)
    """(kind, probability) of what is too unlikely for a signal, where somebody wants to know (`Reading.faint`)."""

    @cached_property
    def text(self) -> str:
        """The folded text."""
        return self.views[0].text

    @cached_property
    def last_user(self) -> str:
        """What the user said last before this message, folded, or an empty string."""
        return next((text for role, text in reversed(self.before) if role == "user"), "")

    @cached_property
    def last_assistant(self) -> str:
        """What the companion said just before this message, folded, or an empty string."""
        return self.before[-1][1] if self.before and self.before[-1][0] == "assistant" else ""

    @cached_property
    def user_before(self) -> str:
        """All that the user said before within the window, one turn a line."""
        return "\n".join(text for role, text in self.before if role == "user")

    @cached_property
    def joined(self) -> tuple[str, int] | None:
        """Short messages sent one after another as one sentence, and where the last one begins in it; None if alone."""
        window = self.window
        if window.role != "user" or len(self.text) > 4 * _JOIN_CHARS:
            return None
        parts: list[str] = []
        for said in reversed(window.recent[-2 * _JOIN_TURNS :]):
            if said.role != "user":
                continue
            if len(said.text) > _JOIN_CHARS or said.ago > _JOIN_SECONDS or len(parts) >= _JOIN_TURNS:
                break
            parts.append(_folded(said.text).strip())
        if not parts:
            return None
        glue = " " if (self.text[:1].isascii() and parts[0][-1:].isascii()) else ""
        head = glue.join(reversed(parts)) + glue
        return head + self.text, len(head)

    def raw_span(self, view: View, start: int, end: int) -> tuple[int, int] | None:
        """The place in the raw text behind a span of a view, where it can be told."""
        if view is not self.views[0]:
            return None
        return View(view.name, view.text, way_back(self.window.text, view.text)).raw_span(start, end)


def see(window: Window, readings: Readings) -> Scene:
    """The scene of a window."""
    before: tuple[tuple[Role, str], ...] = tuple(
        (said.role, _folded(said.text[:_TURN_CHARS])) for said in window.recent[-_TURNS:]
    )
    return Scene(window, readings.of(window.text), before)


@lru_cache(maxsize=2048)
def _folded(text: str) -> str:
    """Earlier turns come again with every message of their conversation: fold each once."""
    return fold(text)


def forget_earlier_turns() -> None:
    """Drop what is remembered of earlier turns, as erasing a person's words requires."""
    _folded.cache_clear()


def see_plainly(window: Window) -> Scene:
    """The scene without any reading but the text as it stands, for when the readings cannot be made."""
    text = window.text.encode("utf-8", "replace").decode("utf-8").lower()
    return Scene(window, (View("raw", text),), ())
