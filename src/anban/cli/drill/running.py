"""Running a drill by its name: its timeline for people and for programs, its picture, its result as evidence."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import orjson
from rich.console import Console

from anban.base.errors import BadInput
from anban.cli.drill import crisis, elder, erasing, leaving, minor, outage, resting
from anban.cli.drill.person import Drill
from anban.cli.service import Service
from anban.web.drill_picture import Taken, drill_picture
from anban.words.templates import Lang, load_words

SCRIPTS: Final[Mapping[str, Callable[[Drill], None]]] = MappingProxyType(
    {
        "exit": leaving.run,
        "break": resting.run,
        "crisis": crisis.run,
        "erase": erasing.run,
        "minor": minor.run,
        "elder": elder.run,
        "outage": outage.run,
    }
)

MUST: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "exit": ("session.left",),
        "break": ("notice.break.shown",),
        "crisis": ("help.offered", "turn.recorded"),
        "erase": ("record.erasure.asked", "record.erased"),
        "minor": ("person.changed", "complaint.received", "complaint.answered"),
        "elder": ("rail.input.decided",),
        "outage": ("notice.outage.shown", "help.offered"),
    }  # fmt: skip
)
"""What the ledger must tell of a drill, beside the steps that prove themselves."""


def run_drill(service: Service, name: str, *, as_json: bool, picture: Path | None = None, lang: Lang = "zh") -> int:
    """Run one drill and record it; 0 when all went as it must, 1 otherwise. Raises `BadInput` for an unknown one."""
    if picture is not None and name != "crisis":
        raise BadInput("only the crisis drill has a picture", field="picture")
    drill, timeline = perform(service, name)
    if picture is not None:
        began = next(
            (datetime.fromisoformat(each["at"]) for each in timeline if each.get("drill_step") == "detected"), None
        )
        at = "" if began is None else began.astimezone().strftime("%Y-%m-%d %H:%M %Z")
        words = load_words().page(lang)
        picture.write_text(drill_picture(drill.steps, words, at=at, passed=not drill.faults), encoding="utf-8")
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(timeline, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        _draw(name, timeline, drill)
    return 1 if drill.faults else 0


def perform(service: Service, name: str) -> tuple[Drill, list[dict[str, Any]]]:
    """Run one drill and record how it ended; what was found, and what the ledger tells. Raises `BadInput`."""
    script = SCRIPTS.get(name)
    if script is None:
        raise BadInput(f"no drill {name!r} in this version; there are: {', '.join(SCRIPTS)}", field="name")
    drill = Drill(service)
    script(drill)
    timeline = drill.timeline()
    kinds = {each["kind"] for each in timeline}
    drill.faults += [f"no {kind} in the ledger" for kind in MUST[name] if kind not in kinds]
    _record(drill, name)
    return drill, timeline


def _record(drill: Drill, name: str) -> None:
    steps = [{"step": each.step, "seconds": each.seconds} for each in drill.steps if each.seconds is not None]
    result = {"name": name, "passed": not drill.faults, "steps": steps}
    drill.service.ask("POST", "/anban/v1/drills", result)


def _draw(name: str, timeline: list[dict[str, Any]], drill: Drill) -> None:
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"[bold]drill {name}[/bold]  {drill.user}")
    if drill.steps:
        for step in drill.steps:
            _draw_step(out, step)
    else:
        _draw_entries(out, timeline)
    for fault in drill.faults:
        out.print(f"  [red]not so:[/red] {fault}")
    out.print("[red]failed[/red]" if drill.faults else "[green]passed[/green]")


def _draw_step(out: Console, step: Taken) -> None:
    if step.moved:
        out.print("  [dim]      the demonstration's clock was moved on[/dim]")
    if step.after is None:
        out.print(f"  [red]{'never':>10}  ○  {step.step:<12} {step.kind}[/red]")
        return
    colour = "red" if step.late else "green"
    target = "" if step.within is None else f"of {step.within:g} s"
    took = " " * 21 if step.seconds is None else f"[{colour}]{step.seconds:>8.2f} s[/{colour}] {target:<10}"
    out.print(f"  +{step.after:>7.2f} s  [{colour}]●[/{colour}]  {step.step:<12} {took} [dim]{step.kind}[/dim]")


def _draw_entries(out: Console, timeline: list[dict[str, Any]]) -> None:
    shown = [each for each in timeline if each["kind"] != "turn.recorded"]
    start = datetime.fromisoformat(shown[0]["at"]) if shown else None
    for each in shown:
        at = datetime.fromisoformat(each["at"])
        ahead = (at - start).total_seconds() if start else 0.0
        facts = " ".join(f"{key}={each[key]}" for key in ("level", "window", "template", "verdict") if key in each)
        out.print(f"  +{ahead:>9.2f} s  ●  {each['kind']:<24} {facts}", markup=False)
