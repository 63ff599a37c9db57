"""The three kinds of file, one schema each, and the list of requirement rows."""

from collections.abc import Mapping
from datetime import UTC, date, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from anban.law.form import Form
from anban.law.model import (
    HOUSE,
    Both,
    Checked,
    Clause,
    Confidence,
    Duty,
    Group,
    Instrument,
    Mode,
    OwedBy,
    Parameter,
    ParameterValue,
    Requirement,
    Status,
    Stricter,
    Unit,
    UsedBy,
    midnight,
)
from anban.law.reading import read_yaml

Instruments = Mapping[str, Instrument]


def read_instrument(path: Path) -> Instrument:
    """One legal text with its dates and its list of clauses."""
    form = _opened(path)
    status = form.choice("status", get_args(Status))
    in_force = _day_or_none(form, "in_force")
    if (status == "draft") != (in_force is None):
        raise form.wrong("in_force", "a draft has no date of force, every other text has one")
    checked = form.part("checked")
    text = Instrument(
        id=form.name("id"),
        title=form.both("title"),
        label=form.both("label"),
        jurisdiction=form.name("jurisdiction"),
        zone=_zone(form, "zone"),
        status=status,
        published=form.day("published"),
        in_force=in_force,
        repealed=_day_or_none(form, "repealed"),
        follows=form.name("follows") if form.has("follows") else None,
        source=form.text("source"),
        checked=Checked(by=checked.text("by", ""), on=_day_or_none(checked, "on")),
        clauses=MappingProxyType({place: _clause(place, entry) for place, entry in form.keyed("clauses")}),
        note=form.text("note", ""),
    )
    checked.done()
    form.done()
    return text


def _clause(place: str, form: Form) -> Clause:
    clause = Clause(place, Both(zh=form.text("zh"), en=form.text("en")), form.whole("items", 0))
    form.done()
    return clause


def read_parameter(path: Path, instruments: Instruments) -> Parameter:
    """One number with all its dated values."""
    form = _opened(path)
    parameter = Parameter(
        id=form.name("id"),
        about=form.both("about"),
        unit=form.choice("unit", get_args(Unit)),
        stricter=form.choice("stricter", get_args(Stricter)),
        values=tuple(_value(each, instruments) for each in form.parts("values")),
        used_by=form.choice("used_by", get_args(UsedBy), "code"),
        note=form.text("note", ""),
    )
    if not parameter.values:
        raise form.wrong("values", "is empty")
    if len({_kind(each.value) for each in parameter.values}) > 1:
        raise form.wrong("values", "must all have the same shape")
    fitting = {"either": (bool,), "all": (tuple,)}.get(parameter.stricter, (int, float, str, dict))
    if _kind(parameter.values[0].value) not in fitting:
        raise form.wrong("stricter", f"{parameter.stricter!r} does not fit these values")
    form.done()
    return parameter


def _kind(value: object) -> type:
    if isinstance(value, Mapping):
        return dict
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


def _value(form: Form, instruments: Instruments) -> ParameterValue:
    cites = form.cites("cite", instruments) if form.has("cite") else ()
    because = form.both("because") if form.has("because") else None
    if (because is None) == (not cites):
        raise form.wrong("cite", "a value needs either cite: or because:")
    origins = {cite.instrument for cite in cites}
    if len(origins) > 1:
        raise form.wrong("cite", "one value rests on one instrument; write a second value for the other")
    origin = next(iter(origins), HOUSE)
    text = instruments.get(origin)
    starts = _start(form, text)
    found = ParameterValue(
        value=form.value("value"),
        starts=starts,
        since=midnight(starts, text.zone if text else UTC),
        origin=origin,
        cites=cites,
        because=because,
        who=form.choice("who", get_args(Group)) if form.has("who") else None,
        confidence=form.choice("confidence", get_args(Confidence)) if form.has("confidence") else None,
    )
    form.done()
    return found


def _start(form: Form, text: Instrument | None) -> date:
    """From which day: `from`, or the day an adopted draft was published. A draft cannot give a date of its own."""
    if form.has("adopted"):
        adopted = form.name("adopted")
        if text is None or adopted != text.id or text.status != "draft":
            raise form.wrong("adopted", f"{adopted!r} is not the draft that the value cites")
        return text.published
    if text is not None and text.in_force is None:
        raise form.wrong("from", f"{text.id} is a draft and binds nobody by itself; use adopted:")
    day = form.day("from")
    if text is not None and text.in_force is not None and day < text.in_force:
        raise form.wrong("from", f"is before {text.id} came into force")
    return day


def read_duty(path: Path, instruments: Instruments) -> Duty:
    """One duty with its clauses, its honest mode and what shows that it is done."""
    form = _opened(path)
    duty = Duty(
        id=form.name("id"),
        title=form.both("title"),
        owed_by=form.choice("owed_by", get_args(OwedBy)),
        clauses=form.cites("clauses", instruments),
        meets=form.names("meets"),
        mode=form.choice("mode", get_args(Mode)),
        parameters=form.names("parameters"),
        signals=form.names("signals"),
        evidence=form.names("evidence"),
        note=form.text("note", ""),
    )
    form.done()
    return duty


def read_requirements(path: Path, instruments: Instruments) -> dict[str, Requirement]:
    """The rows of the requirement matrix by their id."""
    form = Form(path.name, read_yaml(path))
    rows: dict[str, Requirement] = {}
    for row, entry in form.keyed("rows"):
        rows[row] = Requirement(row, entry.text("says"), entry.cites("clauses", instruments))
        entry.done()
    form.done()
    return rows


def _opened(path: Path) -> Form:
    plain = read_yaml(path)
    form = Form(path.name, plain)
    if isinstance(plain, dict) and plain.get("id") != path.stem:
        raise form.wrong("id", "must be the name of the file")
    return form


def _day_or_none(form: Form, key: str) -> date | None:
    if not form.has(key):
        return None
    if (found := form.raw(key)) is None or isinstance(found, date):
        return found
    raise form.wrong(key, "must be a date (YYYY-MM-DD)")


def _zone(form: Form, key: str) -> timezone:
    """The clock of the place where the text applies, as hours from UTC on the day it came into force."""
    hours = form.whole(key, 0)
    if not -12 <= hours <= 14:
        raise form.wrong(key, "must be hours from UTC")
    return timezone(timedelta(hours=hours))
