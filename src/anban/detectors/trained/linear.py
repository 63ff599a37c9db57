"""The trained detector: a small linear model over pieces of text and its concepts, a probability for each signal."""

import hashlib
import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from anban.base.errors import Misconfigured
from anban.detectors.readings.normalise import View
from anban.detectors.scene import Scene
from anban.detectors.signal import Role, Signal
from anban.detectors.stated.lexicon import Lexicon
from anban.detectors.stated.rules import load_idioms
from anban.detectors.trained.concepts import Concepts
from anban.detectors.trained.features import Buckets, buckets, buckets_before, share

FOLDER = Path(__file__).parent / "model"
BEFORE_SHARE = np.float32(0.7)  # what the turns before weigh against the text itself
_NOTHING: Buckets = np.empty(0, dtype=np.int64)
_ONES = np.ones(1 << 13, np.float32)  # to sum by: twice as fast as a sum that converts; a text has fewer pieces
_SEGMENT = 400
_SEGMENTS = 16
_LIFE = "self-harm"
_GROUND = 0.5  # the probability from which a user's text alone is ground for suspicion
ARRAYS = ("weights", "scale", "concepts", "concepts_scale", "bias")
LEAST = 0.2  # a probability below this is not worth a signal


class Head:
    """The weights for one speaker: int8 (buckets, signals), a scale and bias per signal, calibration by language.

    Two tables of one form are summed: `weights` for pieces of the text, `concepts` for what the thesaurus knows of it.
    """

    def __init__(self, names: list[str], arrays: dict[str, Any], calibration: dict[str, Any]) -> None:
        self.names = names
        self._weights, self._scale = arrays["weights"], arrays["scale"]
        self._concepts, self._concepts_scale = arrays["concepts"], arrays["concepts_scale"]
        self._bias = arrays["bias"]
        self._slope = {lang: np.array([c[0] for c in lines], np.float32) for lang, lines in calibration.items()}
        self._shift = {lang: np.array([c[1] for c in lines], np.float32) for lang, lines in calibration.items()}

    def probabilities(
        self, text: Buckets, concepts: Buckets, before: Buckets, lang: str, *, led: bool = True
    ) -> tuple[Any, Any]:
        """Calibrated probability of each signal: of the text alone, and in the light of what was said before.

        What was said before colours a text. Unless it may lead (`led`), it cannot make a suspicion where the text alone
        gives no ground for one: ordinary words stay ordinary however often they are said.
        """
        margin = _sum(self._weights, text) * self._scale + self._bias
        if len(concepts):
            margin += _sum(self._concepts, concepts) * self._concepts_scale
        alone = self._calibrated(margin, lang)
        if not len(before):
            return alone, alone
        coloured = self._calibrated(margin + BEFORE_SHARE * _sum(self._weights, before) * self._scale, lang)
        return alone, coloured if led else np.where(alone >= _GROUND, coloured, np.minimum(coloured, alone))

    def _calibrated(self, margin: Any, lang: str) -> Any:
        return 1 / (1 + np.exp(-np.minimum(np.maximum(self._slope[lang] * margin + self._shift[lang], -30), 30)))


def _sum(weights: Any, found: Buckets) -> Any:
    return _ONES[: len(found)] @ weights.take(found, axis=0).astype(np.float32) * np.float32(share(len(found)))


class Trained:
    """The model as a detector. Refuses to load when the file is not the one its card names.

    A probability below `LEAST` is no signal. One from `least` up is still noted as faint; 0.0 makes it say what it
    thinks of every signal it knows.
    """

    name = "model"

    def __init__(self, folder: Path = FOLDER, least: float = LEAST) -> None:
        self._least = least
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        stored = _load(folder / "weights.npz", card["sha256"])
        self.version = f"{card['version']}+{card['sha256'][:8]}"
        self._heads: dict[Role, Head] = {}
        self._idioms = Lexicon(load_idioms())
        self._thesaurus = Concepts()
        if self._thesaurus.digest != card["thesaurus"]:
            raise Misconfigured("the thesaurus is not the one the detector model was trained with", field="thesaurus")
        roles: tuple[Role, Role] = ("user", "assistant")
        for role in roles:
            arrays = {name: stored[f"{role}_{name}"] for name in ARRAYS}
            self._heads[role] = Head(card["signals"][role], arrays, card["calibration"][role])

    def look(self, scene: Scene) -> Sequence[Signal]:
        """The model's word on the text, and on the other views of it, as a probability for each signal it knows."""
        head = self._heads[scene.window.role]
        before = buckets_before(scene.before)
        alone, best = self._of(head, scene.text, before)
        if _LIFE in head.names:
            scene.noted[_LIFE] = float(alone[head.names.index(_LIFE)])
        views = ["raw"] * len(head.names)
        for view in self._others(scene):
            _, found = self._of(head, view.text, before)
            if view.name == "squashed":
                # Nobody writes apart without a reason; what counts is what it says, not that it is written so.
                best, views = found, ["squashed"] * len(views)
            if view.name == "joined":
                # Glued to what came before, ordinary words must not look worse than they are by themselves.
                found = np.where(best >= _GROUND, found, best)
            for n in np.flatnonzero(found > best + 0.1):
                best[n], views[n] = found[n], view.name
        scores: list[float] = best.tolist()
        if self._least < LEAST:
            scene.faint.extend(pair for pair in zip(head.names, scores, strict=True) if self._least <= pair[1] < LEAST)
        return [
            Signal(kind, score, "model", self.name, self.version, None, view)
            for kind, score, view in zip(head.names, scores, views, strict=True)
            if score >= LEAST
        ]

    def hint(self, text: str) -> float:
        """The probability that a person's folded text, by itself and as it stands, speaks of self-harm."""
        head = self._heads["user"]
        if _LIFE not in head.names:
            return 0.0
        return float(self._of(head, text, _NOTHING)[0][head.names.index(_LIFE)])

    def hint_now(self, scene: Scene) -> float:
        """As `hint`, of the present message; what `look` has noted of it is not asked again."""
        noted = scene.noted.get(_LIFE)
        return self.hint(scene.text) if noted is None else noted

    @staticmethod
    def _others(scene: Scene) -> list[View]:
        views = [view for view in scene.views[1:] if len(view.text) <= 2 * _SEGMENT][:4]
        if scene.joined is not None:
            views.append(View("joined", scene.joined[0]))
        return views

    def _of(self, head: Head, text: str, before: Buckets) -> tuple[Any, Any]:
        """The text alone and in the light of the turns before; of a long one the strongest of its parts."""
        if len(text) <= _SEGMENT + 200:
            return self._judged(head, text, before)
        starts = np.linspace(0, len(text) - _SEGMENT, min(_SEGMENTS, len(text) // _SEGMENT + 1)).astype(int)
        parts = [self._judged(head, text[at : at + _SEGMENT], before) for at in starts]
        return np.max([alone for alone, _ in parts], axis=0), np.max([best for _, best in parts], axis=0)

    def _judged(self, head: Head, text: str, before: Buckets) -> tuple[Any, Any]:
        pieces, concepts = buckets(self._idioms.without_idioms(text)), self._thesaurus.buckets(text)
        return head.probabilities(pieces, concepts, before, language(text), led=head is self._heads["assistant"])


def _load(path: Path, digest: str) -> Any:
    """The arrays of a file that is the one its card names."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise Misconfigured(f"{path.name} is not the file that the detector model's card names", field="sha256")
    with np.load(BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def language(text: str) -> str:
    """ "zh" or "en", by whether there are Chinese characters."""
    return "en" if text.isascii() or not any("\u4e00" <= char <= "\u9fff" for char in text) else "zh"
