"""`anban user`: one person's data, asked of the running service."""

import os
import time
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from cyclopts import App, Parameter
from rich.console import Console

from anban.base.errors import Conflict
from anban.cli.service import DEFAULT_DATA, Service

user = App(name="user", help="One person's data: a copy of it, and its end.", result_action="return_value")

EVERY = 0.5
"""Seconds between looks at how far a copy is."""

PIECE = 65_536

Data = Annotated[Path, Parameter(help="The deployment's data folder.")]


@user.command(name="copy")
def copy_user(name: str, *, to: Path | None = None, lang: Literal["zh", "en"] = "zh", data: Data = DEFAULT_DATA) -> int:
    """Write everything about NAME, as the service calls them, into one zip: a page to read, and JSON with its schema.

    The file is not encrypted any more: hand it to that person and to nobody else. The ledger tells that it was made.
    """
    service, out = Service(data), Console(highlight=False, soft_wrap=True)
    people = f"/anban/v1/people/{quote(name, safe='')}/copies"
    made = service.ask("POST", people, {"lang": lang})
    with out.status("") as shown:
        while made["state"] in ("asked", "writing"):
            shown.update(f"{made['percent']} %")
            time.sleep(EVERY)
            made = service.ask("GET", f"{people}/{made['id']}")
    if made["state"] not in ("ready", "fetched"):
        raise Conflict("the copy is gone: everything of this person is being erased, or another copy was asked for")
    path = to or Path(f"anban-{made['id']}.zip")
    written = _fetched(service, service.ask("POST", f"{people}/{made['id']}/link", {})["path"], path)
    out.print(f"{path}: {written} bytes; it can be read by whoever has it", markup=False)
    return 0


def _fetched(service: Service, link: str, path: Path) -> int:
    """Fetch the archive into a file that only its owner opens; a part of one is not left behind."""
    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    written = 0
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in service.pieces("GET", link, PIECE):
                written += file.write(piece)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return written


@user.command(name="erase")
def erase_user(
    name: str,
    *,
    scope: Literal["conversation", "persona", "all", "account"] = "all",
    target: str = "",
    yes: bool = False,
    data: Data = DEFAULT_DATA,
) -> int:
    """Erase what NAME, as the service calls them, has said and what is known of them; --scope account ends the account.

    Asks first; --yes answers. --target names the conversation or the character. Exit code 1 when the law holds it back:
    then it goes on by itself.
    """
    service, out = Service(data), Console(highlight=False, soft_wrap=True)
    if not yes and not _agreed(f"Erase {scope} of {name}? It cannot be brought back. Type yes: "):
        out.print("nothing was erased")
        return 1
    asked = {"scope": scope, "target": target, "by": "service"}
    told = service.ask("POST", f"/anban/v1/people/{quote(name, safe='')}/erasures", asked)
    with out.status("erasing"):
        while told["state"] in ("asked", "erasing") and not told["holds"]:
            time.sleep(EVERY)
            told = service.ask("GET", f"/anban/v1/erasures/{told['id']}")
    for hold in told["holds"]:
        out.print(f"waits: {hold['code']} ({hold['clause']}) until {hold['until'] or 'it is over'}", markup=False)
    if told["holds"]:
        return 1
    out.print(f"{told['id']}: {sum(told['erased'].values())} records gone", markup=False)
    for each in told["stays"]:
        kept = f"{each['days']} days" if each["days"] else "as long as the account or the evidence"
        out.print(f"  stays: {each['title']['en']} ({each['rows']}), {kept}", markup=False)
    return 0


def _agreed(question: str) -> bool:
    try:
        return input(question).strip() == "yes"
    except EOFError:  # nobody there to ask
        return False
