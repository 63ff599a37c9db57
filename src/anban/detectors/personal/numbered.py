"""Finds the numbers that papers, telephones, cards, accounts and cars bear; check digits are counted by python-stdnum.

GB 11643 for resident identity cards, ISO/IEC 7812-1 for cards, the US Social Security Administration's own rules.
Nothing outside the glue of `identifiers.yaml` may stand between a number and the word that tells what it is, so that a
number that was masked no longer tells anything about its neighbours.
"""

from collections.abc import Callable, Iterator

from stdnum import luhn
from stdnum.cn import ric
from stdnum.exceptions import ValidationError
from stdnum.us import ssn

from anban.detectors.expressions import Found as Match
from anban.detectors.personal.identifier import CHECKED, SHAPED, TOLD, Found
from anban.detectors.personal.identifier import SHAPES as _P
from anban.detectors.places import is_latin

_BEFORE, _AFTER = 32, 16  # characters beside a number in which words tell what it is


def mails(text: str) -> Iterator[Found]:
    """E-mail addresses; the account of a repository is none."""
    for match in _P["email"].finditer(text):
        name, _, host = match.group().partition("@")
        after = text[match.end() : match.end() + 2]
        if name != "git" and not (after[:1] == ":" and after[1:].isalnum()) and text[match.start() - 1 :][:1] != "/":
            yield Found("email", match.span(), CHECKED if "." in host else SHAPED)


def accounts(text: str) -> Iterator[Found]:
    """QQ and WeChat, only beside their name."""
    if "qq" in text or "扣扣" in text or "企鹅号" in text:
        for match in (*_P["qq"].finditer(text), *_P["qq_told_after"].finditer(text)):
            span = _group(match)
            if not _P["unit_after"].search(text[span[1] : span[1] + _AFTER]) and _alone(text, *span):
                yield Found("qq", span, TOLD)
    for match in _P["wechat"].finditer(text):
        start, end = span = _group(match)
        if any(char.isdigit() or char in "_-" for char in text[start:end]) and text[end : end + 1] != ".":
            yield Found("wechat", span, TOLD)
    for match in _P["wechat_born"].finditer(text):
        yield Found("wechat", match.span(), CHECKED)


def plates(text: str) -> Iterator[Found]:
    """Licence plates of the mainland."""
    for match in _P["plate"].finditer(text):
        digits = sum(char.isdigit() for char in match.group())
        told = _told("plate", text, match)
        if digits >= 3 or (told and digits):
            yield Found("plate", match.span(), TOLD if told else SHAPED)


def numbers(text: str) -> Iterator[Found]:
    """Papers, telephones and cards."""
    if not _P["long"].search(text):
        return
    for shape, judge in _JUDGES:
        for match in _P[shape].finditer(text):
            found = judge(text, match) if _alone(text, *match.span()) else None
            if found is not None:
                kind, score = found
                yield Found(kind, match.span(), score)


_Judged = tuple[str, float] | None


def _resident(text: str, match: Match) -> _Judged:
    number = _plain(match).upper()
    if number[-1] == ric.calc_check_digit(number) and _is_date(number):
        return "cn-resident", CHECKED
    return ("cn-resident", SHAPED) if _told("resident", text, match) else None


def _resident_old(text: str, match: Match) -> _Judged:
    """Fifteen digits, as issued until 1999: no check digit, so only where a word tells."""
    number = _plain(match)
    dated = _is_date(f"{number[:6]}19{number[6:]}")
    return ("cn-resident", SHAPED) if dated and _told("resident", text, match) else None


def _card(text: str, match: Match) -> _Judged:
    number = _plain(match)
    told = _told("card", text, match)
    if luhn.is_valid(number) and 13 <= len(number) <= 19:
        if told:
            return "bank-card", CHECKED
        if _P["issuer"].search(number) and not _other(text, match):
            return "bank-card", TOLD
    # A slip of one digit does not make a card number harmless.
    return ("bank-card", SHAPED) if told and len(number) in (16, 19) else None


def _mobile(text: str, match: Match) -> _Judged:
    if _other(text, match):
        return None
    return "cn-mobile", TOLD if _told("mobile", text, match) or not str(match.group()).startswith("1") else SHAPED


def _mobile_apart(text: str, match: Match) -> _Judged:
    return ("cn-mobile", SHAPED) if _told("mobile", text, match) else None


def _landline(text: str, match: Match) -> _Judged:
    told = _told("mobile", text, match)
    bare = match.group().isdigit() or _P["date_in"].search(_plain(match))
    if not told and (bare or _other(text, match)):
        return None
    return "cn-landline", TOLD if told else SHAPED


def _passport(text: str, match: Match) -> _Judged:
    if _told("passport", text, match):
        return "passport", TOLD
    if _other(text, match) or _P["date_in"].search(_plain(match)[1:]):
        return None
    return "passport", SHAPED


def _passport_any(text: str, match: Match) -> _Judged:
    return ("passport", TOLD) if _told("passport", text, match) else None


def _permit(text: str, match: Match) -> _Judged:
    return None if _other(text, match) else ("travel-permit", SHAPED)


def _permit_any(text: str, match: Match) -> _Judged:
    return ("travel-permit", TOLD) if _told("permit", text, match) else None


def _ssn(text: str, match: Match) -> _Judged:
    told = ("ssn" in text or "soc" in text or "社" in text) and _told("ssn", text, match)
    return ("us-ssn", TOLD) if told and ssn.is_valid(_plain(match)) else None


_JUDGES: tuple[tuple[str, Callable[[str, Match], _Judged]], ...] = (
    ("resident", _resident),
    ("resident_old", _resident_old),
    ("card", _card),
    ("mobile", _mobile),
    ("mobile_apart", _mobile_apart),
    ("landline", _landline),
    ("passport", _passport),
    ("passport_any", _passport_any),
    ("permit", _permit),
    ("permit_any", _permit_any),
    ("ssn", _ssn),
)
"""Shape -> who judges it. Where two overlap, the surer one stands."""


def _told(what: str, text: str, match: Match) -> bool:
    """Whether a word just before or just after says what the number is."""
    if _P[f"{what}_told"].search(text[max(0, match.start() - _BEFORE) : match.start()]):
        return True
    after = _P.get(f"{what}_after")
    return after is not None and after.search(text[match.end() : match.end() + _AFTER]) is not None


def _other(text: str, match: Match) -> bool:
    """Whether it is plainly the number of something else, or a quantity."""
    before, after = text[max(0, match.start() - _BEFORE) : match.start()], text[match.end() : match.end() + _AFTER]
    return _P["other_before"].search(before) is not None or _P["unit_after"].search(after) is not None


def _alone(text: str, start: int, end: int) -> bool:
    """Whether a number stands by itself: not inside a longer one, a decimal, an address of the web, or a sum."""
    before, after = text[max(0, start - 3) : start], text[end : end + 3]
    if before[-1:] in tuple("$¥€£"):
        return False
    if before[-1:] in tuple("._-/\\&") and is_latin(before[-2:-1]):
        return before[-1:] == "/" and _number_beside(text, start - 1, -1)
    if after[:1] in tuple("._-/\\:") and is_latin(after[1:2]):
        return after[:1] == "/" and _number_beside(text, end, 1)
    left, right = before.rstrip(" "), after.lstrip(" ")
    reckoned_left = left[-1:] in tuple("+*=×÷^%<>-") and left[:-1].rstrip(" ")[-1:].isdigit()
    reckoned_right = right[:1] in tuple("+*=×÷^%<>") and (right[1:].lstrip(" ")[:1].isdigit() or right[:1] == "%")
    return not (reckoned_left or reckoned_right)


def _number_beside(text: str, slash: int, step: int) -> bool:
    """Whether on the other side of a slash stands another number as long as a telephone's: a choice, no fraction."""
    beside = text[slash + 1 : slash + 8] if step > 0 else text[max(0, slash - 7) : slash]
    return len(beside) == 7 and beside.isdigit()


def _is_date(number: str) -> bool:
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return False
    return True


def _plain(match: Match) -> str:
    """The number without what sets its parts off."""
    return "".join(char for char in str(match.group()) if char.isalnum() and char.isascii())


def _group(match: Match) -> tuple[int, int]:
    """Where the first group lies."""
    shift = str(match.group()).rfind(str(match.group(1)))
    return match.start() + shift, match.start() + shift + len(match.group(1))
