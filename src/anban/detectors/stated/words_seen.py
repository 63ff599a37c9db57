"""The detector that reads word lists and expressions, in every view and across the last turns."""

from collections.abc import Sequence
from functools import lru_cache

from anban.detectors.detector import CutShort
from anban.detectors.readings.normalise import View
from anban.detectors.scene import Scene
from anban.detectors.signal import Signal
from anban.detectors.stated.leaving import asks_to_leave
from anban.detectors.stated.lexicon import Effort, Hit, Lexicon, tags_of
from anban.detectors.stated.rules import load_rules
from anban.detectors.vocabulary import SIGNALS
from anban.detectors.weighing import CALM

_HIDDEN = 0.95  # what a hit in a view other than the text itself is worth: the reading may be ours, not the writer's
_TURNS_KEPT = 2048
_DARK_TAGS = frozenset({"wish", "plan", "hurt"})
_CONTEXT_TAGS = frozenset({"wish", "low", "joked", "plan", "hurt", "money"})


class WordsSeen:
    """Rules for both speakers. `version` changes with the lexicons."""

    name = "words"

    def __init__(self, version: str) -> None:
        self.version = version
        self._user = Lexicon(load_rules("user"))
        self._companion = Lexicon(load_rules("assistant"))
        # A turn comes again with every message, and with every sentence of a reply, that follows it.
        self._left_by_user = lru_cache(_TURNS_KEPT)(self._read_user)
        self._left_by_companion = lru_cache(_TURNS_KEPT)(self._read_companion)

    def forget_earlier_turns(self) -> None:
        """Drop what is remembered of earlier turns, as erasing a person's words requires."""
        self._left_by_user.cache_clear()
        self._left_by_companion.cache_clear()

    def look(self, scene: Scene) -> Sequence[Signal]:
        """What the rules say. Raises `CutShort` with what was found when the text was made to be slow."""
        effort = Effort()
        lexicon = self._user if scene.window.role == "user" else self._companion
        given = self._known_before(scene, effort)
        signals: list[Signal] = []
        if CALM in given:
            signals.append(Signal(CALM, 1.0, "turns before", self.name, self.version))
        for view in scene.views:
            for hit in lexicon.hits(view.text, given, effort):
                if hit.rule.signal != "tag":
                    signals.append(self._signal(scene, view, hit))
        joined = scene.joined
        if joined is not None:
            text, begins = joined
            for hit in lexicon.hits(text, given, effort):
                if hit.rule.signal != "tag" and hit.start < begins < hit.end:
                    signals.append(self._signal(scene, View("joined", text), hit))
        if effort.left < 0:
            raise CutShort(signals)
        return signals

    def _known_before(self, scene: Scene, effort: Effort) -> frozenset[str]:
        """Tags that the turns before leave: what the user said of late, what the companion just asked."""
        if not scene.before:
            return frozenset()
        turns = [text for role, text in scene.before if role == "user"]
        if scene.window.role != "user":
            # A reply is read in the light of what was just said; and a wish to die lasts longer than one message.
            dark = frozenset[str]().union(*(self._left_by_user(text) & _DARK_TAGS for text in turns))
            return (self._left_by_user(scene.last_user) - {CALM}) | dark
        said = frozenset[str]()
        # Turns are read one by one and remembered; only when one says something are they read as a whole, in which one
        # line may make another harmless.
        if any(self._left_by_user(text) & _CONTEXT_TAGS for text in turns):
            said = tags_of(self._user.hits(scene.user_before, frozenset(), effort)) & _CONTEXT_TAGS
        asked = self._left_by_companion(scene.last_assistant) if scene.last_assistant else frozenset[str]()
        calm = "wish" not in said and self._calm_near(scene.last_user, scene.last_assistant, effort)
        return said | ({CALM} if calm else set[str]()) | {tag for tag in asked if tag.startswith("asked-")}

    def _calm_near(self, user: str, assistant: str, effort: Effort) -> bool:
        """Whether the last exchange plainly speaks of another or of household matters."""
        if CALM not in self._left_by_user(user) | self._left_by_user(assistant):
            return False
        return any(hit.rule.signal == CALM for hit in self._user.hits(f"{user}\n{assistant}", frozenset(), effort))

    def _read_user(self, text: str) -> frozenset[str]:
        """What a turn leaves for those after it: its tags, that it says goodbye, that it is calm."""
        if not text:
            return frozenset()
        hits = tuple(self._user.hits(text, frozenset(), Effort()))
        bye = {"bye"} if asks_to_leave(text) else set[str]()
        return tags_of(hits) | bye | {CALM for hit in hits if hit.rule.signal == CALM}

    def _read_companion(self, text: str) -> frozenset[str]:
        return tags_of(self._companion.hits(text, frozenset(), Effort()))

    def _signal(self, scene: Scene, view: View, hit: Hit) -> Signal:
        first = view is scene.views[0]
        score = hit.rule.score if first or view.name == "joined" else hit.rule.score * _HIDDEN
        span = scene.raw_span(view, hit.start, hit.end)
        calmed = " ".join(sorted(hit.rule.tags & SIGNALS)) if hit.rule.signal == CALM else ""
        why = f"rule:{hit.rule.name}"
        return Signal(hit.rule.signal, score, why, self.name, self.version, span, view.name, calmed or None)
