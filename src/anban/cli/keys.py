"""`anban keys`: the master keys of the running service."""

import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
from cyclopts import App, Parameter
from rich.console import Console

from anban.cli.service import DEFAULT_DATA, Service

keys = App(name="keys", help="The master keys: how they stand, new ones, old ones.", result_action="return_value")
out = Console(highlight=False, soft_wrap=True)

Data = Annotated[Path, Parameter(help="The deployment's data folder.")]


@keys.command
def status(*, json: bool = False, data: Data = DEFAULT_DATA) -> int:
    """Every version, what it still wraps, and when it is destroyed. Exit code 1 when one is too old or overdue."""
    told = Service(data).ask("GET", "/anban/v1/keys")
    if json:
        sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        _show(told)
    wrong = (each["too_old"] or each["overdue"] or each["state"] == "missing" for each in told["versions"])
    return 1 if any(wrong) else 0


@keys.command
def rotate(*, data: Data = DEFAULT_DATA) -> int:
    """Make a new master key. The service puts everything under it by itself; `anban keys status` shows how far."""
    told = Service(data).ask("POST", "/anban/v1/keys/rotate", {})
    made = max(each["version"] for each in told["versions"])
    out.print(f"version {made} is announced; it wraps in a few seconds, and rotation goes on by itself")
    return 0


@keys.command
def destroy(version: int, *, yes: bool = False, data: Data = DEFAULT_DATA) -> int:
    """Destroy an old version for good, before its day: no backup that was made under it opens any more."""
    if not yes and not _agreed(version):
        out.print("nothing was destroyed")
        return 1
    Service(data).ask("POST", f"/anban/v1/keys/{version}/destroy", {})
    out.print(f"version {version} is destroyed")
    return 0


def _agreed(version: int) -> bool:
    question = f"Destroy version {version}? Backups made while it wrapped can never be opened again. Type yes: "
    return sys.stdin.isatty() and out.input(question).strip() == "yes"


def _show(told: dict[str, Any]) -> None:
    hand = "by itself" if told["writable"] else "by hand: the service cannot write where its keys come from"
    out.print(f"keys from the {told['source']}, replaced {hand}; {told['suite']} seals what is new")
    for each in told["versions"]:
        day = f", destroyed on {each['destroyed_at'][:10]}" if each["destroyed_at"] else ""
        if each["destroy_at"] and not each["destroyed_at"]:
            day = f", to be destroyed on {each['destroy_at'][:10]}" + (" (overdue)" if each["overdue"] else "")
        if each["state"] == "current":
            day = f", to be replaced by {told['replace_by'][:10]}" + (" (too old)" if each["too_old"] else "")
        out.print(
            f"{each['version']:>4}  {each['mark']}  {each['state']:<10} wraps {each['wraps']:,} keys{day}", markup=False
        )
