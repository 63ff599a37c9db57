"""The detector that reads an operator's word lists, in every view of a text, for both speakers."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ahocorasick_rs import AhoCorasick

from anban.detectors.listed.wordlists import Entry, WordLists, load_wordlists
from anban.detectors.places import stands_alone
from anban.detectors.readings.normalise import View
from anban.detectors.scene import Scene
from anban.detectors.signal import Role, Signal


class ListedWords:
    """Signals what the lists say of a word, with the risk it is listed under as the reason, never the word itself.

    `version` is a digest of the entries, so that a decision can be traced to the lists that were loaded.
    """

    name = "lists"

    def __init__(self, lists: WordLists) -> None:
        self.version = lists.version
        self._by_role: Mapping[Role, _Automaton] = {
            "user": _Automaton([entry for entry in lists.entries if entry.role == "user"]),
            "assistant": _Automaton([entry for entry in lists.entries if entry.role == "assistant"]),
        }

    def look(self, scene: Scene) -> Sequence[Signal]:
        """The surest hit of each kind and risk, the plainest reading first."""
        automaton = self._by_role[scene.window.role]
        best: dict[tuple[str, str], tuple[Entry, View, int, int]] = {}
        places = [(view, place) for view in scene.views for place in automaton.found(view.text)]
        if scene.joined is not None:
            text, begins = scene.joined
            view = View("joined", text)
            places += [(view, place) for place in automaton.found(text) if place[1] < begins < place[2]]
        for view, (entry, start, end) in places:
            key = entry.signal, entry.risk
            if key not in best or best[key][0].score < entry.score:
                best[key] = entry, view, start, end
        return [self._signal(scene, *hit) for hit in best.values()]

    def _signal(self, scene: Scene, entry: Entry, view: View, start: int, end: int) -> Signal:
        span, why = scene.raw_span(view, start, end), f"list:{entry.risk}"
        return Signal(entry.signal, entry.score, why, self.name, self.version, span, view.name)


class _Automaton:
    """All words of one side, looked for in one pass."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        owners: dict[str, list[Entry]] = {}
        for entry in entries:
            owners.setdefault(entry.word, []).append(entry)
        self._owners = list(owners.values())
        self._words = AhoCorasick(list(owners), store_patterns=False) if owners else None

    def found(self, text: str) -> Iterator[tuple[Entry, int, int]]:
        """(entry, start, end) of each listed word that stands in `text`; a Latin one only as a word of its own."""
        if self._words is None:
            return
        for number, start, end in self._words.find_matches_as_indexes(text, overlapping=True):
            if stands_alone(text, start, end):
                for entry in self._owners[number]:
                    yield entry, start, end


def listed_words(folder: Path | None) -> ListedWords | None:
    """The detector of a folder of lists, None without one. Raises `Misconfigured` for a folder that cannot be taken."""
    return None if folder is None else ListedWords(load_wordlists(folder))
