"""`anban doctor`: what is not right with this deployment, said plainly."""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
from rich.console import Console

from anban.base.clock import SystemClock
from anban.base.errors import AnbanError, Misconfigured
from anban.cli.service import NotRunning, Service
from anban.detectors.guards.known import family_named
from anban.detectors.listed.wordlists import load_wordlists
from anban.detectors.senses.image import can_see
from anban.law.register import load
from anban.settings import DEMO_KEY, Settings, check_against_law, read_settings
from anban.words.templates import load_words

State = Literal["ok", "note", "wrong"]
MARKS = {"ok": "[green]ok   [/green]", "note": "[yellow]note [/yellow]", "wrong": "[red]wrong[/red]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    state: State
    said: str


def examine(service: Service, data: Path, *, as_json: bool) -> int:
    """Look at settings, service, model, evidence, words and people; 1 when something is wrong."""
    findings = [*_settings(), *_service(service), *_words(service)]
    if as_json:
        sys.stdout.buffer.write(orjson.dumps([asdict(each) for each in findings], option=orjson.OPT_INDENT_2) + b"\n")
    else:
        out = Console(highlight=False, soft_wrap=True)
        for each in findings:
            out.print(f"{MARKS[each.state]} {each.what:<12} {each.said}")
    return 1 if any(each.state == "wrong" for each in findings) else 0


def _settings() -> list[Finding]:
    try:
        settings = read_settings()
        check_against_law(settings, load(), SystemClock().now())
    except Misconfigured as error:
        return [Finding("settings", "wrong", error.message)]
    found = [Finding("settings", "ok", f"rule packs {settings.packs}, nothing laxer than the law")]
    if settings.upstream_url is None:
        found.append(Finding("model", "note", "no ANBAN_UPSTREAM_URL: the demonstration companion answers"))
    found.append(_lists(settings))
    found += _helpers(settings)
    if settings.database.startswith("sqlite"):
        found.append(Finding("storage", "note", "SQLite: one process; use PostgreSQL for replicas"))
    return found


def _lists(settings: Settings) -> Finding:
    if settings.wordlists is None:
        return Finding("word lists", "note", "no ANBAN_WORDLISTS: political content is not looked for")
    try:
        lists = load_wordlists(settings.wordlists)
    except Misconfigured as error:
        return Finding("word lists", "wrong", error.message)
    return Finding("word lists", "ok", f"{lists.words:,} entries, version {lists.version}")


def _helpers(settings: Settings) -> list[Finding]:
    """What is optional and helps to judge: a guard model, eyes and ears."""
    guard = Finding("guard", "note", "no ANBAN_GUARD_URL: nobody gives a second opinion")
    if settings.guard_url:
        try:
            family = family_named(settings.guard_family or "")
            guard = Finding("guard", "ok", f"a second opinion is asked of {family.name}")
        except Misconfigured as error:
            guard = Finding("guard", "wrong", error.message)
    eyes = "pictures are read" if can_see() else "pictures stay unread: install the extra `senses`"
    ears = "recordings are heard" if settings.transcribe_url else "no ANBAN_TRANSCRIBE_URL: recordings stay unread"
    return [
        guard,
        Finding("eyes", "ok" if can_see() else "note", eyes),
        Finding("ears", "ok" if settings.transcribe_url else "note", ears),
    ]


def _service(service: Service) -> list[Finding]:
    try:
        ready = _ready(service)
    except NotRunning as error:
        return [Finding("service", "wrong", error.message)]
    found = [Finding(part, "ok" if state == "ok" else "wrong", state) for part, state in sorted(ready["parts"].items())]
    found += _streaming(service)
    duties = service.ask("GET", "/anban/v1/duties")
    pending = [duty["id"] for duty in duties if duty["mode"] == "pending"]
    said = f"{len(pending)} of {len(duties)} duties are pending: this version does not perform them"
    found.append(Finding("duties", "note" if pending else "ok", said))
    found += [*_ledger(service), _rota(service), _drills(service), _erasures(service), *_keys(service)]
    return found


def _keys(service: Service) -> list[Finding]:
    """Whether a master key wraps for too long, waits for its destruction, or is gone though something needs it."""
    try:
        told = service.ask("GET", "/anban/v1/keys")
    except AnbanError as error:
        return [Finding("keys", "wrong", error.message)]
    found: list[Finding] = []
    for each in told["versions"]:
        number, wraps = each["version"], each["wraps"]
        if each["state"] == "missing":
            said = f"version {number} is not where keys come from, and wraps {wraps} keys: nobody can open those"
            found.append(Finding("keys", "wrong", said))
        elif each["too_old"]:
            said = f"version {number} has wrapped for too long: `anban keys rotate`, or by hand (docs/keys.md)"
            found.append(Finding("keys", "wrong", said))
        elif each["overdue"]:
            said = f"version {number} should have been destroyed on {each['destroy_at'][:10]} (docs/keys.md)"
            found.append(Finding("keys", "wrong", said))
        elif each["state"] == "open-only" and each["destroy_at"]:
            said = f"version {number} is to be destroyed on {each['destroy_at'][:10]}; backups under it open until then"
            found.append(Finding("keys", "note", said))
        elif each["state"] in ("open-only", "announced"):
            said = f"a rotation is under way: version {number} is {each['state']} and wraps {wraps} keys"
            found.append(Finding("keys", "note", said))
    other = sum(count for suite, count in told["suites"].items() if suite != told["suite"])
    if other:
        said = f"{other} people's keys seal with another suite than {told['suite']}, until they get a newer one"
        found.append(Finding("keys", "note", said))
    wrong = any(each.state == "wrong" for each in found)
    whole = Finding("keys", "ok", f"version {told['current']} wraps, to be replaced by {told['replace_by'][:10]}")
    return found if wrong else [whole, *found]


def _ledger(service: Service) -> list[Finding]:
    """Whether what is stored of the ledger is as it was signed, and whether anybody outside would notice a forgery."""
    told = service.ask("GET", "/anban/v1/ledger/logs")
    found = [
        Finding("ledger", "wrong", f"{log['origin']} is damaged ({log['damage']}): docs/evidence.md says what to do")
        for log in told["logs"]
        if log["damage"]
    ]
    if not told["witnesses"]:
        found.append(Finding("witness", "note", "no ANBAN_WITNESSES: nobody outside would notice a rewritten ledger"))
    for each in told["witnesses"]:
        if each["state"] == "contradicted":
            said = f"{each['name']} holds what this ledger does not grow from ({each['code']})"
            found.append(Finding("witness", "wrong", f"{said}: it was rewritten, or set back to a backup"))
        elif each["state"] == "failing":
            said = f"{each['name']} has taken nothing since {each['failing_since'][:19]} ({each['code']})"
            found.append(Finding("witness", "wrong", f"{said}; {each['behind']} entries have no witness"))
        else:
            said = f"{each['name']} ({each['kind']}) holds all but the last {each['behind']} entries"
            found.append(Finding("witness", "ok", said))
    return found


def _erasures(service: Service) -> Finding:
    """Whether somebody waits for their records to go for longer than the rules allow."""
    told = service.ask("GET", "/anban/v1/erasures")
    if told["late"]:
        return Finding("erasures", "wrong", f"{len(told['late'])} are late: {', '.join(told['late'][:3])}")
    held = f", {told['held']} of them held back by a crisis or the law" if told["held"] else ""
    return Finding("erasures", "ok", f"{told['waiting']} wait{held}, none is late")


def _drills(service: Service) -> Finding:
    """Whether the crisis chain was drilled lately, and held."""
    told = service.ask("GET", "/anban/v1/drills?n=200")
    newest = next((each for each in told["drills"] if each["name"] == "crisis"), None)
    when = "has not been run" if newest is None else f"was run last on {newest['at'][:10]}"
    if newest is not None and not newest["passed"]:
        return Finding("drills", "wrong", f"the crisis drill {when} and failed: `anban drill crisis` shows where")
    if told["overdue"]:
        return Finding("drills", "wrong", f"the crisis drill {when} and is overdue: `anban drill crisis`")
    if newest is None:
        return Finding("drills", "note", f"the crisis drill {when} yet: `anban drill crisis`")
    return Finding("drills", "ok", f"the crisis drill {when} and passed; the next is due on {told['due_at'][:10]}")


def _rota(service: Service) -> Finding:
    rota = service.ask("GET", "/anban/v1/rota")
    if not rota["shifts"]:
        return Finding("rota", "wrong", "nobody is on the rota: nobody comes; `anban staff add`, then `anban rota add`")
    if not rota["on_duty"]:
        return Finding("rota", "wrong", "nobody is on duty now: whoever is in danger now, nobody comes")
    if rota["empty_hours"]:
        return Finding("rota", "wrong", f"nobody is on the rota in {rota['empty_hours']} hours of the next seven days")
    return Finding("rota", "ok", f"{len(rota['on_duty'])} on duty now; somebody in every hour of the next seven days")


def _ready(service: Service) -> dict[str, Any]:
    try:
        return service.ask("GET", "/readyz")
    except NotRunning:
        raise
    except AnbanError:
        return {"parts": {"service": "not ready"}}


def _streaming(service: Service) -> list[Finding]:
    body = {"stream": True, "messages": [{"role": "user", "content": "你好"}], "model": "doctor"}
    try:
        lines = [
            line
            for line in service.lines("POST", "/v1/chat/completions", body, key=DEMO_KEY)
            if line.startswith(b"data:")
        ]
    except AnbanError as error:
        return [Finding("streaming", "note", f"not tried: {error.message}")]
    whole = bool(lines) and lines[-1].strip() == b"data: [DONE]"
    return [Finding("streaming", "ok" if whole else "wrong", f"{len(lines)} events, {'whole' if whole else 'cut'}")]


def _words(service: Service) -> list[Finding]:
    """Whether a professional signed what people in danger hear; without it ANBAN_ENFORCE does not start."""
    waiting = len(load_words().unapproved())
    drafts = f"{waiting} templates wait for professional review before live use" if waiting else "all are approved"
    try:
        signed = service.ask("GET", "/anban/v1/words")["sign_off"]
    except AnbanError as error:
        return [Finding("words", "note", f"{drafts}; sign-off not asked: {error.message}")]
    if signed is None:
        said = f"{drafts}; no professional has signed the words as they are: ANBAN_ENFORCE would refuse to start"
        return [Finding("words", "note", said)]
    return [Finding("words", "ok", f"signed by {signed['name']}, {signed['profession']}, on {signed['at'][:10]}")]
