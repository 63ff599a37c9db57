"""Writes `docs/duties.md` from the register: `python -m anban.law.document > docs/duties.md`."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from anban.law.explain import said
from anban.law.model import Both, Cite, Duty, Instrument, Mode, Parameter, ParameterValue
from anban.law.performs import performed_by, see_every_room
from anban.law.register import Register, load

_MEANS: dict[Mode, Both] = {
    "automated": Both("由代码完成", "code does it"),
    "assisted": Both("代码完成一部分，其余见说明", "code does a part, the note names the rest"),
    "procedural": Both("由提供者的组织完成并留存证明", "the provider's organisation does it and keeps the proof"),
    "not-applicable": Both("不是软件的义务", "no duty of software"),
    "pending": Both("尚未完成", "not yet"),
}


def document(register: Register, performed: Mapping[str, Sequence[str]]) -> str:
    """The page: how far we are, the texts, every duty, every number. The same input gives the same page."""
    parts = [
        "# 义务清单 Duties",
        "Made from `src/anban/law/` with `python -m anban.law.document > docs/duties.md`; not edited by hand. "
        "A reading of the law for builders, not legal advice; the official Chinese text always wins.",
        "## 进度 How far we are",
        _table(("Mode", "Means", "Duties"), [_mode_row(mode, register) for mode in get_args(Mode)]),
        "## 文本 Texts",
        _table(("Pack", "Text", "In force", "Checked by a person"), map(_text_row, register.instruments.values())),
        "## 义务 Duties",
        _table(
            ("Duty", "Owed", "Clauses", "Rows", "Mode", "Where", "Note"),
            [_duty_row(duty, register, performed) for duty in sorted(register.duties.values(), key=_in_order)],
        ),
        "## 数值 Numbers",
        _table(("Parameter", "What", "Values", "Read by code"), map(_number_row, register.parameters.values())),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def _mode_row(mode: Mode, register: Register) -> tuple[str, ...]:
    count = sum(duty.mode == mode for duty in register.duties.values())
    return mode, f"{_MEANS[mode].zh} {_MEANS[mode].en}", str(count)


def _text_row(text: Instrument) -> tuple[str, ...]:
    in_force = str(text.in_force) if text.in_force else "a draft: only where adopted"
    checked = f"{text.checked.by}, {text.checked.on}" if text.checked.on else "not yet"
    return f"`{text.id}`", f"[{text.title.zh}]({text.source})<br>{text.title.en}", in_force, checked


def _duty_row(duty: Duty, register: Register, performed: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    done = duty.mode in ("automated", "assisted")
    where = "<br>".join(f"`{name}`" for name in performed.get(duty.id, ())) if done else ""
    clauses = "<br>".join(_clause(cite, register) for cite in reversed(duty.clauses))
    return (
        f"`{duty.id}`",
        f"{duty.title.zh}<br>{duty.title.en}",
        clauses,
        " ".join(duty.meets),
        duty.mode,
        where,
        duty.note,
    )


def _clause(cite: Cite, register: Register) -> str:
    return f"{register.instruments[cite.instrument].label.en} {cite.place.removeprefix('art ')}"


def _in_order(duty: Duty) -> tuple[str, int, str]:
    """Chinese duties by their oldest article, then those of other places."""
    first = duty.clauses[0]
    number = "".join(letter for letter in first.place.partition("(")[0] if letter.isdigit())
    return first.instrument.partition("-")[0], int(number), duty.id


def _number_row(number: Parameter) -> tuple[str, ...]:
    values = "<br>".join(_value(each, number) for each in number.values)
    return f"`{number.id}`", f"{number.about.zh}<br>{number.about.en}", values, number.used_by.replace("code", "yes")


def _value(each: ParameterValue, number: Parameter) -> str:
    group = f" for {each.who}" if each.who else ""
    return f"**{said(each.value)}** {number.unit}{group} since {each.starts}: {each.basis('en')}"


if __name__ == "__main__":
    see_every_room()
    sys.stdout.write(document(load(), performed_by()))
