"""Says for people which text set a number, since when, and what it displaced."""

from collections.abc import Mapping

from anban.law.model import Lang, ParameterValue, Unit, Value
from anban.law.stricter import Why

_UNITS_ZH: dict[Unit, str] = {
    "milliseconds": "毫秒",
    "seconds": "秒",
    "minutes": "分钟",
    "hours": "小时",
    "days": "天",
    "working-days": "个工作日",
    "months": "个月",
    "years": "周岁",
    "time-of-day": "（当地时间）",
    "characters": "字",
    "turns": "轮",
    "count": "",
    "bytes": "字节",
    "pixels": "像素",
    "ratio": "比 1",
    "percent": "%",
    "probability": "（概率）",
    "switch": "",
    "names": "",
}
_WORDS_ZH = {"True": "是", "False": "否"}


def explain(why: Why, lang: Lang = "en") -> str:
    """One line: the value, the text or reason it rests on, and every laxer value that was in force beside it."""
    if lang == "zh":
        value = said(why.value)
        line = f"{_WORDS_ZH.get(value, value)} {_UNITS_ZH[why.parameter.unit]}".rstrip()
        line += " · " + "；".join(_basis(each, lang) for each in why.won)
        lost = "；".join(f"{said(each.value)}（{_basis(each, lang)}）" for each in why.lost)
        return f"{line} · 未采用：{lost}" if lost else line
    unit = "" if why.parameter.unit in ("switch", "names") else f" {why.parameter.unit}"
    line = said(why.value) + unit + " · " + "; ".join(_basis(each, lang) for each in why.won)
    lost = "; ".join(f"{said(each.value)} ({_basis(each, lang)})" for each in why.lost)
    return f"{line} · laxer: {lost}" if lost else line


def said(value: Value) -> str:
    """A value as a short text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{row} {each}" for row, each in value.items())
    return ", ".join(str(each) for each in value) if isinstance(value, tuple) else str(value)


def _basis(each: ParameterValue, lang: Lang) -> str:
    if lang == "zh":
        return f"自 {each.starts}，{each.basis('zh')}"
    return f"since {each.starts}, {each.basis('en')}"
