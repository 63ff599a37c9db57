"""Initials, sound-alike digits and look-alike characters, put into words where their neighbours give them away."""

from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from anban.detectors.places import put_in, stands_alone
from anban.detectors.readings.spellings import HERE
from anban.detectors.tables import read_yaml


class Neighbours:
    """Each hidden word with each of its neighbourhoods is one string; all are looked for in one pass."""

    def __init__(self) -> None:
        table: dict[str, Any] = read_yaml(HERE / "neighbours.yaml")
        self._not_after = tuple(table["not_after"])
        put: dict[str, str] = {}
        self._whole: dict[str, str] = {}
        for entry in table["entries"]:
            for hidden in entry["hidden"]:
                for hole in entry["holes"]:
                    if hole == "=_":
                        self._whole[hidden] = entry["plain"]
                        continue
                    plain = hole.replace("_", entry["plain"])
                    put.setdefault(hole.replace("_", hidden), plain)
                    if hidden.isascii():
                        put.setdefault(hole.replace("_", f" {hidden} ").strip(), plain)
        self._strings = list(put)
        self._plain = list(put.values())
        self._find = AhoCorasick(self._strings, matchkind=MatchKind.LeftmostLongest)
        self._counts = [string[-1].isdigit() for string in self._strings]

    def read(self, text: str) -> str | None:
        """The text with what its neighbours give away in plain characters, or None when there is nothing."""
        bare = text.strip(" \n.,!?~。")
        if bare in self._whole:
            return text.replace(bare, self._whole[bare])
        puts = [
            (self._plain[which], start, end)
            for which, start, end in self._find.find_matches_as_indexes(text)
            if stands_alone(text, start, end) and not (self._counts[which] and self._counted(text, end))
        ]
        return put_in(text, puts) if puts else None

    def _counted(self, text: str, end: int) -> bool:
        """Whether the number that ends here counts something."""
        end += text[end : end + 1] == " "
        return text.startswith(self._not_after, end)
