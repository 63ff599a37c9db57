"""Detectors alone over lines of JSON, for `anban check`: one line in, one line out, in order."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, cast

import orjson

from anban.base.errors import Malformed
from anban.detectors.panel import PER_KIND, ROOTS, Panel
from anban.detectors.personal.identifiers import mask
from anban.detectors.signal import Reading, Role, Said, Window
from anban.detectors.trained.linear import LEAST
from anban.detectors.vocabulary import LISTED
from anban.detectors.weighing import MODEL

_BUDGET_MS = 1000.0
_TOGETHER = 64  # lines that are looked at together; more gains little and holds back the first answer
_RULED = 0.8  # by experiment on held-out sets (docs/detectors.md)
_CERTAIN = frozenset({"lists", "identifiers", "ages", "leaving"})  # detectors whose word counts in full
_GAP_SECONDS = 60.0  # how long ago each line of a context that carries no times is taken to have been said


Grade = Callable[[Reading], dict[str, Any]]
"""Makes levels of a reading, as the fields to say them in; detectors know no levels themselves."""


def check_lines(
    lines: Sequence[str | bytes], panel: Panel, grade: Grade | None = None, *, masked: bool = False
) -> Iterator[dict[str, Any]]:
    """For each JSONL line `{id,text,role?,lang?,context?}` one object `{id,scores,level,why}` (contract section 2).

    The lines are those that are there: a few dozen are looked at together, because that is quicker.

    `context` is a list of earlier lines, oldest first, or one string; "U:" and "A:" tell who spoke, else they take
    turns. A line that cannot be read gives `{id,error}` and the next one is read.
    """
    for at in range(0, len(lines), _TOGETHER):
        asked = [_asked(line) for line in lines[at : at + _TOGETHER] if line.strip()]
        windows = [window for _, window in asked if isinstance(window, Window)]
        readings = iter(panel.look_at_each(windows, _BUDGET_MS))
        for name, window in asked:
            if isinstance(window, Window):
                yield {"id": name, **_told(window, next(readings), grade, masked=masked)}
            else:
                yield {"id": name, "error": window}


def check(window: Window, panel: Panel, grade: Grade | None = None, *, masked: bool = False) -> dict[str, Any]:
    """`{scores, why}` of one window with what `grade` says, and `unavailable` when a detector could not look.

    With `masked` the text comes back too, its identifiers masked.
    """
    return _told(window, panel.look(window, _BUDGET_MS), grade, masked=masked)


def _told(window: Window, reading: Reading, grade: Grade | None, *, masked: bool) -> dict[str, Any]:
    scores = {kind: round(score, 6) for kind, score in _together(reading).items()}
    why = list(dict.fromkeys(f"{s.kind} {s.why} ({s.view})" for s in reading.signals if s.score >= LEAST))
    found: dict[str, Any] = {"scores": scores, **(grade(reading) if grade else {}), "why": why}
    if reading.unavailable:
        found["unavailable"] = list(reading.unavailable)
    if masked:
        found["masked"] = mask(window.text)
    return found


def _together(reading: Reading) -> dict[str, float]:
    """Signal -> what rules and model say of it together, strongest first.

    Two independent pieces of evidence (noisy-or), of which a rule's word weighs `_RULED`: a text that meets a rule and
    does not read like danger stands below one that reads like it in every line. Levels rest on the single signals,
    never on this sum.
    """
    ruled: dict[str, float] = {}
    learned: dict[str, float] = {}
    sure: dict[str, float] = {}
    for signal in reading.signals:
        if signal.kind == LISTED:
            continue  # told as a reason only
        (learned if signal.detector == MODEL else ruled).setdefault(signal.kind, signal.score)
        if signal.detector in _CERTAIN:
            sure.setdefault(signal.kind, signal.score)
    for kind, score in _faint(reading):
        learned.setdefault(kind, score)
    if not ruled:
        return learned  # as strong as they come, for so a reading's signals are ordered
    joint = {
        kind: max(1 - (1 - learned.get(kind, 0.0)) * (1 - _RULED * score), sure.get(kind, 0.0))
        for kind, score in ruled.items()
    }
    return dict(sorted((learned | joint).items(), key=lambda pair: -pair[1]))


def _faint(reading: Reading) -> list[tuple[str, float]]:
    """(kind, probability) of what the model thinks unlikely, strongest first, counted as signals would be.

    A step of self-harm counts for the whole too, and beside as many signals as are kept of a kind it is not counted.
    """
    if not reading.faint:
        return []
    faint = dict(reading.faint)
    for kind, root in ROOTS.items():
        if kind in faint:
            faint[root] = max(faint[kind], faint.get(root, 0.0))
    if len(reading.signals) >= PER_KIND:
        for kind, heard in Counter(signal.kind for signal in reading.signals).items():
            if heard >= PER_KIND:
                faint.pop(kind, None)
    return sorted(faint.items(), key=itemgetter(1), reverse=True)


def _asked(line: str | bytes) -> tuple[Any, Window | str]:
    """The name of a line and what it asks about, or what is wrong with it."""
    name: Any = None
    try:
        row = _parsed(line)
        name = row.get("id")
        return name, _window(row)
    except Malformed as error:
        return name, error.message


def _parsed(line: str | bytes) -> dict[str, Any]:
    try:
        row: object = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise Malformed("not a JSON object") from None
    if not isinstance(row, dict):
        raise Malformed("not a JSON object")
    return cast("dict[str, Any]", row)


def _window(row: dict[str, Any]) -> Window:
    text = row.get("text")
    role = row.get("role") or "user"
    lang = row.get("lang")
    if not isinstance(text, str):
        raise Malformed("`text` must be a string", field="text")
    if role not in ("user", "assistant"):
        raise Malformed("`role` must be user or assistant", field="role")
    if lang is not None and not isinstance(lang, str):
        raise Malformed("`lang` must be a string", field="lang")
    return Window(text, role, turns_before(row.get("context"), role), lang)


def turns_before(context: object, role: Role) -> tuple[Said, ...]:
    """The turns named by `context`; a bare line is the other speaker's when it stands last, and so on backwards."""
    if context is None:
        return ()
    listed: object = context.split("\n") if isinstance(context, str) else context
    if not isinstance(listed, list) or not all(isinstance(entry, str) for entry in cast("list[Any]", listed)):
        raise Malformed("`context` must be a string or a list of strings", field="context")
    turns: list[Said] = []
    speaker: Role = "assistant" if role == "user" else "user"
    for back, entry in enumerate(reversed(cast("list[str]", listed)), start=1):
        mark, text = entry[:2].upper(), entry[2:].strip()
        if mark in ("U:", "U：", "A:", "A："):
            speaker = "user" if mark[0] == "U" else "assistant"
        else:
            text = entry.strip()
        if text:
            turns.append(Said(speaker, text, back * _GAP_SECONDS))
        speaker = "assistant" if speaker == "user" else "user"
    return tuple(reversed(turns))
