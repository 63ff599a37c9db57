"""The commands themselves, one function each."""

from pathlib import Path
from typing import Annotated

import orjson
from cyclopts import App, Parameter
from rich.console import Console

from anban import __version__
from anban.cli.keys import keys
from anban.cli.service import DEFAULT_DATA, Service
from anban.cli.user import user
from anban.cli.words import words
from anban.provider.roles import StaffRole, usual_tier

app = App(
    name="anban",
    help="Safety and compliance runtime for companion AI.",
    version=__version__,
    result_action="return_value",
)
ledger = App(name="ledger", help="The evidence.")
app.command(ledger)
training = App(name="train", help="Building and measuring the detectors' model.", result_action="return_value")
app.command(training)
app.command(words)
app.command(keys)
staff = App(name="staff", help="Who works at the care desk.", result_action="return_value")
app.command(staff)
rota = App(name="rota", help="Who is on duty at the care desk, and when.", result_action="return_value")
app.command(rota)
app.command(user)

out = Console(highlight=False, soft_wrap=True)

Data = Annotated[Path, Parameter(help="The deployment's data folder.")]
Texts = Annotated[Path | None, Parameter(help="The project's own texts; `training` beside you when not given.")]


@app.command
def up(
    *,
    host: str | None = None,
    port: int | None = None,
    data: Path | None = None,
    demo: bool = False,
    workers: int | None = None,
) -> int:
    """Serve the gateway and the pages; what is not given here comes from the environment and `anban.toml`."""
    from anban.cli.serve import serve

    return serve(host=host, port=port, data=data, demo=demo or None, workers=workers)


@app.command
def check(*, text: str | None = None, mask: bool = False) -> int:
    """Detectors only. Without --text: JSON lines on stdin, JSON lines on stdout, in order, streaming.

    --mask adds `masked` to each answer: the text with telephone, identity and card numbers, addresses and so on masked.
    """
    from anban.cli.checking import check_stream, check_text

    return check_stream(masked=mask) if text is None else check_text(text, masked=mask)


@app.command
def wordlists(path: Path, *, json: bool = False) -> int:
    """What would be loaded from a folder of word lists (ANBAN_WORDLISTS). Exit code 1 when a line is refused."""
    from anban.cli.wordlists import show_wordlists

    return show_wordlists(path, as_json=json)


@app.command
def duties(
    clause: str | None = None,
    *,
    pack: str | None = None,
    json: bool = False,
    lang: str = "en",
    data: Data = DEFAULT_DATA,
) -> int:
    """Every duty: mode, clauses, performed by, proven by, evidence. CLAUSE such as 18 or 22602(c) narrows it."""
    from anban.cli.duties import show_duties

    return show_duties(clause, pack, as_json=json, lang="zh" if lang == "zh" else "en", data=data)


@app.command
def why(decision: str, *, json: bool = False, data: Data = DEFAULT_DATA) -> int:
    """One decision explained: what was noticed, in which reading, which rule fired. No words."""
    from anban.cli.explaining import explain_decision

    return explain_decision(Service(data), decision, as_json=json)


@app.command
def drill(
    name: str, *, json: bool = False, picture: Path | None = None, lang: str = "zh", data: Data = DEFAULT_DATA
) -> int:
    """Scripted and timed, end to end, on the running service: crisis, break, exit. The result becomes evidence.

    --picture FILE.svg draws the timeline of a crisis drill. On a real deployment the drill needs ANBAN_KEY, a key of
    the service; it calls the desk with words that say drill, and tells nobody outside.
    """
    from anban.cli.drill.running import run_drill

    return run_drill(Service(data), name, as_json=json, picture=picture, lang="en" if lang == "en" else "zh")


@app.command
def doctor(*, json: bool = False, data: Data = DEFAULT_DATA) -> int:
    """What is not right with this deployment. Exit code 1 when something is."""
    from anban.cli.doctoring import examine

    return examine(Service(data), data, as_json=json)


@app.command
def verify(
    path: Path,
    *,
    public_key: list[str] | None = None,
    witness: list[Path] | None = None,
    witness_key: list[str] | None = None,
    until: str = "",
    json: bool = False,
) -> int:
    """Check an exported ledger or an evidence pack without a database. Exit code 0 only when it is whole.

    --public-key KEY trusts this key alone, got elsewhere. --witness FILE (or a folder; may be given several times)
    compares with what an outside witness holds: only that finds a ledger that was rewritten and signed anew, cut short
    or set back. --witness-key KEY demands that witness's cosignature; --until TIME leaves out what it took later.
    """
    from anban.cli.verifying import verify_file

    return verify_file(path, public_key or [], witness or [], witness_key or [], until, as_json=json)


@training.default
def train(*, data: Path, texts: Texts = None, out: Path | None = None) -> int:
    """Rebuild the detectors' model from the recipe, the data folder and the project's own texts."""
    from anban.cli.training import train_model

    return train_model(data, texts, out)


@training.command(name="eval")
def evaluate(
    *,
    data: Path | None = None,
    texts: Texts = None,
    against: Path | None = None,
    card: Path | None = None,
    json: bool = False,
) -> int:
    """Measure the present model on texts held out of training, the worst first.

    Without --data only the project's own held-out sets are measured.
    --against FILE compares with recorded figures and exits 1 where one is worse; --card FILE writes the model card.
    """
    from anban.cli.training import measure_model

    return measure_model(data, texts, against, card, as_json=json)


@ledger.command
def export(path: Path, *, data: Data = DEFAULT_DATA) -> int:
    """Write the whole ledger to PATH, for verifiers."""
    from anban.cli.verifying import fetch

    return fetch(Service(data), "/anban/v1/ledger/export", path)


@ledger.command
def pack(
    path: Path,
    *,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    data: Data = DEFAULT_DATA,
) -> int:
    """Write an evidence pack to PATH: a zip for auditors, of everything or of a stretch of time.

    Times as 2026-11-01 (UTC midnight) or 2026-11-01T08:00:00+08:00.
    """
    from anban.cli.verifying import fetch, with_times

    return fetch(Service(data), with_times("/anban/v1/ledger/pack", from_, to), path)


@ledger.command
def logs(*, json: bool = False, data: Data = DEFAULT_DATA) -> int:
    """The ledger's logs by month, its keys, and what witnesses hold. Exit code 1 when one is not well."""
    from anban.cli.verifying import show_logs

    return show_logs(Service(data), as_json=json)


@ledger.command
def renew(*, yes: bool = False, data: Data = DEFAULT_DATA) -> int:
    """Begin a new log now, after somebody has looked at a damaged one."""
    from anban.cli.verifying import begin_new_log

    return begin_new_log(Service(data), sure=yes)


@ledger.command
def tail(
    *, n: Annotated[int, Parameter(name=["-n", "--n"])] = 20, json: bool = False, data: Data = DEFAULT_DATA
) -> int:
    """The newest entries."""
    for entry in Service(data).ask("GET", f"/anban/v1/ledger?n={n}"):
        if json:
            out.print(orjson.dumps(entry).decode(), markup=False)
        else:
            facts = " ".join(f"{name}={value}" for name, value in entry["facts"].items())
            seq = "-" if entry["seq"] is None else entry["seq"]
            out.print(
                f"{seq:>6}  {entry['at'][:19]}  {entry['kind']:<22}  {entry['subject'][-8:]}  {facts}", markup=False
            )
    return 0


@staff.command(name="list")
def staff_list(*, json: bool = False, data: Data = DEFAULT_DATA) -> int:
    """Everybody who works at the desk. Exit code 1 when nobody does."""
    from anban.cli.staff import show_staff

    return show_staff(Service(data), as_json=json)


@staff.command(name="add")
def staff_add(
    login: str,
    *,
    name: str,
    role: StaffRole = "responder",
    tier: int | None = None,
    route: list[str] | None = None,
    data: Data = DEFAULT_DATA,
) -> int:
    """Add somebody; the password is asked for, or read from a pipe, or made when empty.

    --role: what each may do and never sees stands in docs/access.md. Responders and leads work at the desk.
    --tier: 1 first line, 2 second, 3 leads (default: 1, and 3 for a lead). --route kind:address, such as
    phone:13800000000, says how to page them when they do not look at the desk; it may be given several times.
    """
    from anban.cli.staff import add

    return add(Service(data), login, name, role, tier or usual_tier(role) or 1, route or [])


@staff.command(name="password")
def staff_password(login: str, *, data: Data = DEFAULT_DATA) -> int:
    """Give somebody a new password; every log-in of theirs ends."""
    from anban.cli.staff import renew_password

    return renew_password(Service(data), login)


@staff.command(name="totp")
def staff_totp(login: str, *, data: Data = DEFAULT_DATA) -> int:
    """Give somebody a new secret for their authenticator app; every log-in of theirs ends."""
    from anban.cli.staff import renew_code

    return renew_code(Service(data), login)


@staff.command(name="role")
def staff_role(login: str, role: StaffRole, *, data: Data = DEFAULT_DATA) -> int:
    """Give somebody another role; every log-in, key and access of theirs ends."""
    from anban.cli.staff import change_role

    return change_role(Service(data), login, role)


@staff.command(name="key")
def staff_key(
    login: str,
    *,
    label: str = "command line",
    days: int = 30,
    code: str = "",
    end: str | None = None,
    list: bool = False,
    data: Data = DEFAULT_DATA,
) -> int:
    """Give somebody a key for the management API, in their role: shown once. --list shows, --end KEY ends.

    Administrators and officers need --code, their own of this moment, and their keys last for one shift.
    """
    from anban.cli.staff import end_key, make_key, show_keys

    if list:
        return show_keys(Service(data), login)
    return make_key(Service(data), login, label, days, code) if end is None else end_key(Service(data), login, end)


@staff.command(name="off")
def staff_off(login: str, *, data: Data = DEFAULT_DATA) -> int:
    """Somebody stops working here: nothing opens for them, and nobody calls them."""
    from anban.cli.staff import switch

    return switch(Service(data), login, "off")


@staff.command(name="on")
def staff_on(login: str, *, data: Data = DEFAULT_DATA) -> int:
    """Somebody comes back."""
    from anban.cli.staff import switch

    return switch(Service(data), login, "on")


@rota.command(name="show")
def rota_show(*, json: bool = False, data: Data = DEFAULT_DATA) -> int:
    """The shifts, who is on duty, and the holes of the coming week. Exit code 1 when nobody is on duty now."""
    from anban.cli.staff import show_rota

    return show_rota(Service(data), as_json=json)


@rota.command(name="add")
def rota_add(
    login: str,
    *,
    hours: str,
    days: str = "all",
    time_zone: str = "Asia/Shanghai",
    from_day: str | None = None,
    until_day: str | None = None,
    data: Data = DEFAULT_DATA,
) -> int:
    """Add hours that come again: --hours 20:00-08:00 --days mon,tue,wed. 00:00-24:00 is the whole day."""
    from anban.cli.staff import add_hours

    return add_hours(Service(data), login, hours, days, time_zone, from_day, until_day)
