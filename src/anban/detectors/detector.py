"""What every detector looks like."""

from collections.abc import Sequence
from typing import Protocol

from anban.base.errors import AnbanError
from anban.detectors.scene import Scene
from anban.detectors.signal import Signal


class Detector(Protocol):
    """Looks at one scene and says what it saw; pure, so that any past look can be repeated."""

    name: str
    version: str

    def look(self, scene: Scene) -> Sequence[Signal]: ...


class CutShort(AnbanError):
    """A detector stopped before the end; `found` holds what it had seen by then."""

    code = "cut_short"

    def __init__(self, found: Sequence[Signal]) -> None:
        super().__init__("the text asked for more work than one look may do")
        self.found = tuple(found)
