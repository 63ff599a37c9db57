"""Finds postal addresses down to the house, in Chinese and in English, by their road or estate and its number."""

from collections.abc import Iterator

from anban.detectors.expressions import Found
from anban.detectors.personal.identifier import SHAPES as _P

_REACH = 32  # characters before a road that may name province, city and district
_ROOM = 48  # and after its number that may name building and room
_STOPS = frozenset("的了在是我你您他她它们这哪吗呢吧啊没住寄送到去号栋幢室")
_ROADS = ("路", "街", "道", "巷", "弄", "胡同", "里", "坊", "段", "条")

Address = tuple[tuple[int, int], bool]


def addresses(text: str) -> Iterator[Address]:
    """((start, end), whether a district or a telling word makes it sure) of each address in a folded text; linear."""
    if _P["address_hint"].search(text):
        for kind in ("road", "estate", "village"):
            for match in _P[kind].finditer(text):
                if (found := _chinese(kind, text, match)) is not None:
                    yield found
    if any(char.isdigit() for char in text) and " " in text:
        yield from _english(text)


def _chinese(kind: str, text: str, match: Found) -> Address | None:
    start = _begins(text, match.start())
    before = text[start : match.start()]
    if len(before) < 2:  # a road without a name, "3 号" after a comma: by far the most
        return None
    end = match.end()
    after = text[end : end + _ROOM]
    room = _P["room"].search(after)
    districts = len(_P["region"].findall(before))
    told = _tells(before) or _P["address_told"].search(text[max(0, start - 8) : start]) is not None
    sure = told or districts > 0
    match kind:
        case "road":
            if _P["not_house"].search(after) and room is None:
                return None
            road = before + str(match.group()).partition(" ")[0]
            strong = _P["strong_road"].search(match.group()) is not None
            if _P["no_road"].search(_road(road)) or not (sure or strong or room is not None):
                return None
        case "estate":
            if room is None:
                return None
        case _:
            if districts < 2 and not told:
                return None
    if room is not None:
        end += room.end()
    return (start, end), sure


def _begins(text: str, road: int) -> int:
    """Where the names before a road begin: back over Chinese characters to a word that is none of a place."""
    start = road
    while start > 0 and road - start < _REACH and "\u4e00" <= text[start - 1] <= "\u9fff":
        if text[start - 1] in _STOPS:
            break
        start -= 1
    return start


def _road(text: str) -> str:
    """The name up to the word for a road, without its number."""
    return text[: max(text.rfind(word) + len(word) for word in _ROADS if word in text)]


def _tells(before: str) -> bool:
    return any(word in before for word in ("家住", "地址", "住址", "收货"))


def _english(text: str) -> Iterator[Address]:
    for match in _P["en_address"].finditer(text):
        before = text[max(0, match.start() - _REACH) : match.start()]
        after = text[match.end() : match.end() + _REACH]
        told = _P["en_told"].search(before) is not None
        placed = bool(match.group(3))
        if _P["en_no_name"].search(match.group(1)) or (
            str(match.group())[:2] in ("19", "20") and _P["en_year"].search(before)
        ):
            continue
        if told or placed or (match.group(2) and _P["en_after"].search(after)):
            yield match.span(), told or placed
