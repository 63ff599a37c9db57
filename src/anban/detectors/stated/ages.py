"""Hears an age or a school year that the user states of themselves, and what it says of being a minor or old."""

from collections.abc import Iterator, Sequence

from anban.detectors.expressions import Expression
from anban.detectors.scene import Scene
from anban.detectors.signal import Signal
from anban.detectors.stated.rules import load_expressions

_ADULT = 18
_OLD = 60
_BANDS = ((8, "under_8"), (12, "8-11"), (16, "12-15"), (_ADULT, "16-17"), (_OLD, "adult"), (1000, "elder"))
_DIGITS = {char: n for n, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_SCHOOL_AGE = {
    "初一": 13,
    "初二": 14,
    "初三": 15,
    "高一": 16,
    "高二": 17,
    "高三": 17,
    "国一": 13,
    "国二": 14,
    "国三": 15,
}
_P: dict[str, Expression] = load_expressions("ages.yaml")


class AgesSeen:
    """Signals `minority` or `elderly`; `value` holds what was stated and its band: "age=13;band=12-15"."""

    name = "ages"
    version = "1"

    def look(self, scene: Scene) -> Sequence[Signal]:
        """At most one signal: the strongest statement about the user's own age."""
        if scene.window.role != "user" or not _hint(scene.text):
            return ()
        for age, value, score in stated(scene.text):
            kind = "minority" if age < _ADULT else "elderly" if age >= _OLD else None
            if kind is not None:
                told = f"{value};band={band(age)}"
                return (Signal(kind, score, "age:stated", self.name, self.version, value=told),)
        return ()


def band(age: int) -> str:
    """The age band that a person of so many years belongs to, as the management API names it (`people`)."""
    return next(name for below, name in _BANDS if age < below)


def stated(text: str) -> Iterator[tuple[int, str, float]]:
    """(years, "age=13", score) for each statement of the speaker's own age in a folded text, plainest first."""
    for name, score in (("zh_me_age", 0.97), ("zh_age", 0.85)):
        for match in _P[name].finditer(text):
            if not match.group(2) and (age := _number(match.group(1))) is not None:
                yield age, f"age={age}", score
    for match in _P["en_age"].finditer(text):
        if (
            not _P["en_not"].search(text[match.end() - 1 : match.end() + 12])
            and 5 <= (age := int(match.group(1))) <= 110
        ):
            yield age, f"age={age}", 0.95
    for match in _P["en_tag"].finditer(text):
        if 8 <= (age := int(match.group(1))) <= 99:
            yield age, f"age={age}", 0.8
    for match in _P["zh_school"].finditer(text):
        school = match.group(1)
        yield _SCHOOL_AGE.get(school, 11), f"school={school}", 0.6 if school == "高三" else 0.9
    for match in _P["en_school"].finditer(text):
        year = int(match.group(1) or match.group(2))
        yield year + 5, f"school=year-{year}", 0.9


def _hint(text: str) -> bool:
    return any(mark in text for mark in ("岁", "年级", "初", "高", "国")) or any(map(str.isdigit, text))


def _number(written: str) -> int | None:
    if written.isdigit():
        age = int(written)
    elif "十" in written:
        tens, _, ones = written.partition("十")
        age = (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
    else:
        age = _DIGITS[written]
    return age if 5 <= age <= 110 else None
