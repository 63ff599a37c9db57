"""Initials, sound-alike digits and look-alike characters, put into words where their neighbours give them away."""

from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

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
        parts: list[str] = []
        at = 0
        for which, start, end in self._find.find_matches_as_indexes(text):
            if not self._cut_off(text, start, end) or (self._counts[which] and self._counted(text, end)):
                continue
            parts.append(text[at:start] + self._plain[which])
            at = end
        return "".join(parts) + text[at:] if parts else None

    def _counted(self, text: str, end: int) -> bool:
        """Whether the number that ends here counts something."""
        end += text[end : end + 1] == " "
        return text.startswith(self._not_after, end)

    @staticmethod
    def _cut_off(text: str, start: int, end: int) -> bool:
        """Whether no Latin word or number runs over either end."""
        return not (
            (_joins(text[start]) and _joins(text[start - 1 : start]))
            or (_joins(text[end - 1]) and _joins(text[end : end + 1]))
        )


def _joins(char: str) -> bool:
    return char.isascii() and char.isalnum()
