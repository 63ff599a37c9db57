"""Finds personal identifiers in a text, and masks them: papers, telephones, cards, accounts, plates, addresses.

Shapes, telling words and what only looks alike stand in `identifiers.yaml`. Chinese papers come first; of
foreign ones, only what a word beside them tells. Linear in the text, whatever it holds.
"""

from collections.abc import Sequence
from itertools import takewhile

from anban.detectors.personal.addresses import addresses
from anban.detectors.personal.identifier import SHAPED, TOLD, Found
from anban.detectors.personal.numbered import accounts, mails, numbers, plates
from anban.detectors.personal.traced import traced
from anban.detectors.places import put_in
from anban.detectors.scene import Scene
from anban.detectors.signal import Signal

_DIGITS = "0123456789"
_ADDRESS_HINTS = "号弄栋幢室组"
_SHOWN: dict[str, tuple[int, int]] = {
    "cn-resident": (3, 2), "cn-mobile": (3, 4), "cn-landline": (3, 2), "bank-card": (4, 4), "passport": (1, 2),
    "travel-permit": (1, 2), "us-ssn": (0, 4), "qq": (1, 1), "wechat": (1, 1), "plate": (2, 1),
}  # fmt: skip
"""How many letters and digits of each kind a mask leaves at either end."""

_SEPARATORS = frozenset(" -.()+·,")
_PLACES = frozenset("区區县縣镇鎮乡鄉路街道巷弄胡村庄莊里坊段号號栋棟")  # from here on an address leads to a door
_LOOKED = 16_000  # characters of a message in which the detector looks; `find` and `mask` read all
_PASSES = 3  # a mask can set its neighbour free; after this many nothing has been seen to move


def find(text: str) -> tuple[Found, ...]:
    """The identifiers of a raw text in order, none overlapping; spans count in that text. Never raises."""
    folded, at = traced(text)
    return tuple(Found(each.kind, (at[each.span[0]], at[each.span[1] - 1] + 1), each.score) for each in _found(folded))


def mask(text: str) -> str:
    """The text with each identifier as `[kind 138****8000]`: marked by kind, as long as it was, for people to follow.

    What is masked stays so: masking twice changes nothing.
    """
    for _ in range(_PASSES):
        found = find(text)
        if not found:
            break
        text = put_in(
            text, [(f"[{each.kind} {_masked(each.kind, text[slice(*each.span)])}]", *each.span) for each in found]
        )
    return text


def _found(text: str) -> tuple[Found, ...]:
    """As `find`, in a text that is folded already."""
    if not _may_hold(text):
        return ()
    found: list[Found] = []
    if "@" in text:
        found.extend(mails(text))
    if any(digit in text for digit in _DIGITS):
        found.extend(accounts(text))
        found.extend(plates(text))
        found.extend(numbers(text))
    found.extend(Found("address", span, TOLD if sure else SHAPED) for span, sure in addresses(text))
    return _apart(found)


class IdentifiersSeen:
    """Signals `secrets` for each kind of identifier that a person writes, their own or another's."""

    name = "identifiers"
    version = "1"

    def look(self, scene: Scene) -> Sequence[Signal]:
        """The surest of each kind. The companion's words give nothing: that it asks for such data is seen elsewhere."""
        if scene.window.role != "user":
            return ()
        view = scene.views[0]
        best: dict[str, Found] = {}
        for found in _found(scene.text[:_LOOKED]):
            if found.kind not in best or best[found.kind].score < found.score:
                best[found.kind] = found
        return [
            Signal("secrets", each.score, f"id:{kind}", self.name, self.version, scene.raw_span(view, *each.span),
                   view.name)
            for kind, each in best.items()
        ]  # fmt: skip


def _may_hold(text: str) -> bool:
    """A first look that costs nothing: without a digit, an @ or a word of addresses there is nothing to find."""
    return "@" in text or any(hint in text for hint in _DIGITS) or any(hint in text for hint in _ADDRESS_HINTS)


def _masked(kind: str, raw: str) -> str:
    """The words of one identifier with most of them as stars; what sets its parts off stays, invisible marks go."""
    chars = [char for char in raw if traced(char)[0]]
    if kind == "email":
        name, at, host = "".join(chars).replace("＠", "@").partition("@")
        return name[: len(name) > 1] + "*" * (len(name) - (len(name) > 1)) + at + host
    if kind == "address":
        named = list(takewhile(lambda char: char not in _PLACES and not char.isascii(), chars))
        shown = max((at + 1 for at, char in enumerate(named) if char in "省市"), default=0)
        return "".join(chars[:shown]) + "".join(char if char in _SEPARATORS else "*" for char in chars[shown:])
    places = [at for at, char in enumerate(chars) if char not in _SEPARATORS]
    first, last = _SHOWN[kind]
    hidden = frozenset(places[first : len(places) - last])
    return "".join("*" if at in hidden else char for at, char in enumerate(chars))


def _apart(found: list[Found]) -> tuple[Found, ...]:
    """In order and without overlaps: two of one kind that overlap are one, of two kinds the surer, then the longer."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda one: (one.span[0], -one.score, -one.span[1])):
        if not kept or kept[-1].span[1] <= each.span[0]:
            kept.append(each)
        elif each.kind == kept[-1].kind:
            span = kept[-1].span[0], max(each.span[1], kept[-1].span[1])
            kept[-1] = Found(each.kind, span, max(each.score, kept[-1].score))
        elif (each.score, each.span[1] - each.span[0]) > (kept[-1].score, kept[-1].span[1] - kept[-1].span[0]):
            kept[-1] = each
    return tuple(kept)
