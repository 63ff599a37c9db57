"""The trained detector: one small linear model over hashed pieces of text, a calibrated probability for each signal."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from anban.base.errors import Misconfigured
from anban.detectors.features import Buckets, buckets, buckets_before, share
from anban.detectors.lexicon import Lexicon
from anban.detectors.normalise import View
from anban.detectors.rules import load_idioms
from anban.detectors.scene import Scene
from anban.detectors.signal import Role, Signal

FOLDER = Path(__file__).parent / "model"
BEFORE_SHARE = np.float32(0.7)  # what the turns before weigh against the text itself
_NOTHING: Buckets = np.empty(0, dtype=np.int64)
_SEGMENT = 400
_SEGMENTS = 16
_GROUND = 0.5  # the probability from which a user's text alone is ground for suspicion
LEAST = 0.2  # a probability below this is not worth a signal


class Head:
    """The weights for one speaker: int8 (buckets, signals), a scale and bias per signal, calibration by language."""

    def __init__(self, names: list[str], arrays: dict[str, Any], calibration: dict[str, Any]) -> None:
        self.names = names
        self._weights = arrays["weights"]
        self._scale = arrays["scale"]
        self._bias = arrays["bias"]
        self._slope = {lang: np.array([c[0] for c in lines], np.float32) for lang, lines in calibration.items()}
        self._shift = {lang: np.array([c[1] for c in lines], np.float32) for lang, lines in calibration.items()}

    def probabilities(self, text: Buckets, before: Buckets, lang: str, *, led: bool = True) -> Any:
        """Calibrated probability of each signal.

        What was said before colours a text. Unless it may lead (`led`), it cannot make a suspicion where the text alone
        gives no ground for one: ordinary words stay ordinary however often they are said.
        """
        margin = self._sum(text)
        alone = self._calibrated(margin, lang)
        if not len(before):
            return alone
        coloured = self._calibrated(margin + BEFORE_SHARE * self._sum(before), lang)
        return coloured if led else np.where(alone >= _GROUND, coloured, np.minimum(coloured, alone))

    def _calibrated(self, margin: Any, lang: str) -> Any:
        margin = margin * self._scale + self._bias
        return 1 / (1 + np.exp(-np.clip(self._slope[lang] * margin + self._shift[lang], -30, 30)))

    def _sum(self, found: Buckets) -> Any:
        taken = np.take(self._weights, found, axis=0)
        return taken.sum(axis=0, dtype=np.int32) * np.float32(share(len(found)))


class Trained:
    """The model as a detector. Refuses to load when the file is not the one its card names.

    `least` is the probability below which it keeps silent; 0.0 makes it say what it thinks of every signal it knows.
    """

    name = "model"

    def __init__(self, folder: Path = FOLDER, least: float = LEAST) -> None:
        self._least = least
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        path = folder / "weights.npz"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != card["sha256"]:
            raise Misconfigured("the detector model is not the one its card names", field="sha256")
        self.version = f"{card['version']}+{digest[:8]}"
        stored = np.load(path)
        self._heads: dict[Role, Head] = {}
        self._idioms = Lexicon(load_idioms())
        roles: tuple[Role, Role] = ("user", "assistant")
        for role in roles:
            arrays = {name: stored[f"{role}_{name}"] for name in ("weights", "scale", "bias")}
            self._heads[role] = Head(card["signals"][role], arrays, card["calibration"][role])

    def look(self, scene: Scene) -> Sequence[Signal]:
        """The model's word on the text, and on the other views of it, as a probability for each signal it knows."""
        head = self._heads[scene.window.role]
        before = buckets_before(scene.before)
        best = self._of(head, scene.text, before)
        views = ["raw"] * len(head.names)
        for view in self._others(scene):
            found = self._of(head, view.text, before)
            if view.name == "joined":
                # Glued to what came before, ordinary words must not look worse than they are by themselves.
                found = np.where(best >= _GROUND, found, best)
            for n in np.flatnonzero(found > best + 0.1):
                best[n], views[n] = found[n], view.name
        return [
            Signal(head.names[n], float(best[n]), "model", self.name, self.version, None, views[n])
            for n in np.flatnonzero(best >= self._least)
        ]

    def hint(self, text: str) -> float:
        """The probability that a person's folded text, by itself and as it stands, speaks of self-harm."""
        head = self._heads["user"]
        if "self-harm" not in head.names:
            return 0.0
        return float(self._of(head, text, _NOTHING)[head.names.index("self-harm")])

    @staticmethod
    def _others(scene: Scene) -> list[View]:
        views = [view for view in scene.views[1:] if len(view.text) <= 2 * _SEGMENT][:4]
        if scene.joined is not None:
            views.append(View("joined", scene.joined[0]))
        return views

    def _of(self, head: Head, text: str, before: Buckets) -> Any:
        if len(text) <= _SEGMENT + 200:
            return self._judged(head, text, before)
        starts = np.linspace(0, len(text) - _SEGMENT, min(_SEGMENTS, len(text) // _SEGMENT + 1)).astype(int)
        return np.max([self._judged(head, text[at : at + _SEGMENT], before) for at in starts], axis=0)

    def _judged(self, head: Head, text: str, before: Buckets) -> Any:
        return head.probabilities(
            buckets(self._idioms.without_idioms(text)), before, language(text), led=head is self._heads["assistant"]
        )


def language(text: str) -> str:
    """ "zh" or "en", by whether there are Chinese characters."""
    return "en" if text.isascii() or not any("\u4e00" <= char <= "\u9fff" for char in text) else "zh"
