"""Why a level was given, in sentences for people: which signal, in which reading, by which rule; never the words."""

from functools import cache
from pathlib import Path
from typing import Any, cast

from anban.detectors.vocabulary import name_of
from anban.law.reading import read_yaml
from anban.risk.models import Reason


def explained(reason: Reason) -> dict[str, Any]:
    """One reason as `{rule, signal, span, view, zh, en}`.

    `span` is (start, end) in the raw text where the words can be pointed at, else None: whoever may see the text can
    mark them in it, and the explanation itself may be stored and shown without them.
    """
    level = reason.rule.split(".")[-1]
    return {
        "rule": reason.rule,
        "signal": reason.signal,
        "span": list(reason.span) if reason.span else None,
        "view": reason.view,
        "zh": f"{level}（{_meaning(reason.rule, 'zh')}）：{name_of('signals', reason.signal, 'zh')}，"
        f"把握 {reason.score:.2f}，读法「{name_of('views', reason.view, 'zh')}」，"
        f"依据{name_of('detectors', reason.detector, 'zh')} {reason.why}",
        "en": f"{level} ({_meaning(reason.rule, 'en')}): {name_of('signals', reason.signal, 'en')}, "
        f"{reason.score:.2f} sure, read as {name_of('views', reason.view, 'en')}, "
        f"by {name_of('detectors', reason.detector, 'en')} {reason.why}",
    }


def _meaning(rule: str, lang: str) -> str:
    return _levels()[rule][lang]


@cache
def _levels() -> dict[str, dict[str, str]]:
    return cast("dict[str, dict[str, str]]", read_yaml(Path(__file__).with_name("levels.yaml")))
