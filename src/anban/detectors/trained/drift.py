"""The detector of slow change: what no single message says loudly enough, several of the last turns say together."""

from collections.abc import Sequence
from functools import lru_cache

from anban.detectors.scene import Scene
from anban.detectors.signal import Signal
from anban.detectors.trained.linear import Trained

KIND = "self-harm.ideation"
_FAINT = 0.15  # probability of self-harm from which a turn is a hint at all
_HINTS = 3  # turns that must hint, the present one among them
_TURNS = 8  # of the person's turns that are looked back over
_SECONDS = 2 * 3600.0  # an evening; what is older is the level's business, not the window's
_OLDER = 0.75  # what a hint in an earlier turn weighs against the present one
_MOST = 0.75  # adding up hints is guessing, and never more certain than this


class DriftSeen:
    """Adds up faint hints over the person's last turns, as independent pieces of weak evidence (noisy-or).

    Ordinary words stay ordinary however dark the talk before was: the present message must hint by itself. The sum
    is a guess from examples like the model's own, so it counts as one key (`risk.ladder.LEARNED`).
    """

    name = "drift"

    def __init__(self, model: Trained) -> None:
        self._model = model
        self.version = f"1+{model.version}"
        self._hint = lru_cache(2048)(model.hint)

    def look(self, scene: Scene) -> Sequence[Signal]:
        """At most one signal, in the reading `turns`."""
        if scene.window.role != "user" or len(scene.before) < _HINTS:
            return ()
        now = self._model.hint_now(scene)
        if now < _FAINT:
            return ()
        hints = [hint for text in self._lately(scene) if (hint := self._hint(text)) >= _FAINT]
        if 1 + len(hints) < _HINTS:
            return ()
        nothing = 1.0 - now
        for hint in hints:
            nothing *= 1.0 - _OLDER * hint
        score = min(1.0 - nothing, _MOST)
        return (Signal(KIND, score, f"turns={1 + len(hints)}", self.name, self.version, None, "turns"),)

    @staticmethod
    def _lately(scene: Scene) -> list[str]:
        said = zip(reversed(scene.window.recent), reversed(scene.before), strict=False)
        own = [text for turn, (role, text) in said if role == "user" and turn.ago <= _SECONDS][:_TURNS]
        # Said twice is no second piece of evidence.
        return list(dict.fromkeys(text for text in own if text != scene.text))

    def forget_earlier_turns(self) -> None:
        """Drop what is remembered of earlier turns, as erasing a person's words requires."""
        self._hint.cache_clear()
