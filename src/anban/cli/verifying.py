"""`anban verify` and `anban ledger …`: getting evidence, checking it, seeing who outside holds what."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import orjson
from rich.console import Console

from anban.base.errors import AnbanError, BadInput
from anban.cli.service import Service
from anban.ledger.verifier import verify
from anban.ledger.verifier.__main__ import told

_PIECE = 1 << 18

out = Console(highlight=False, soft_wrap=True)


def verify_file(
    path: Path,
    keys: Sequence[str],
    witnesses: Sequence[Path],
    witness_keys: Sequence[str],
    until: str,
    *,
    as_json: bool,
) -> int:
    """Check an export or a pack; 1 when it is not whole. Raises `AnbanError` for a wrong question."""
    for each in (path, *witnesses):
        if not each.exists():
            raise AnbanError(f"no such file: {each}")
    if path.is_dir():
        raise AnbanError(f"this is a folder: {path}")
    at = _moment("--until", until).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if until else ""
    try:
        report = verify(path, keys, witnesses=witnesses, witness_key=witness_keys, until=at)
    except ValueError as error:
        raise AnbanError(str(error)) from error
    except OSError as error:
        raise AnbanError(f"{error.filename or path} cannot be read") from error
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(asdict(report)) + b"\n")
    else:
        for line in told(report):
            out.print(line, markup=False)
        if not witnesses:
            out.print("no --witness given: what was rewritten with the ledger's own key, or cut off, is not found")
    return 0 if report.whole else 1


def fetch(service: Service, address: str, path: Path) -> int:
    """Write what the service answers to a file, piece by piece; it appears whole or not at all."""
    part, size, ends = path.with_name(path.name + ".part"), 0, 0
    try:
        with open(part, "wb") as file:
            for piece in service.pieces("GET", address, _PIECE):
                file.write(piece)
                size += len(piece)
                ends += piece.count(b"\n")
        part.replace(path)
    except OSError as error:
        raise AnbanError(f"{path} could not be written") from error
    finally:
        part.unlink(missing_ok=True)
    lines = f"{ends} lines, " if address.endswith("/export") else ""
    out.print(f"{path}: {lines}{size:,} bytes", markup=False)
    return 0


def with_times(address: str, since: str | None, until: str | None) -> str:
    """The address that asks for a stretch of time. Raises `BadInput` for a time that is none."""
    given = (("since", "--from", since), ("until", "--to", until))
    asked = {name: _moment(option, each).isoformat() for name, option, each in given if each}
    return f"{address}?{urlencode(asked)}" if asked else address


def _moment(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{name} is a time such as 2026-11-01 or 2026-11-01T08:00:00+08:00", field=name) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def show_logs(service: Service, *, as_json: bool) -> int:
    """Each log and each witness in a line; 1 when one of them is not well."""
    told_of = service.ask("GET", "/anban/v1/ledger/logs")
    well = not any(log["damage"] for log in told_of["logs"])
    well = well and all(each["state"] == "kept" for each in told_of["witnesses"])
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(told_of, option=orjson.OPT_INDENT_2) + b"\n")
        return 0 if well else 1
    for log in told_of["logs"]:
        state = f"DAMAGED {log['damage']}" if log["damage"] else "open" if log["open"] else "closed"
        out.print(f"{log['origin']:<32} {log['signed']:>9} signed  {state}  {log['root']}", markup=False)
    for each in told_of["witnesses"]:
        since = f" since {each['failing_since'][:19]} ({each['code']})" if each["failing_since"] else ""
        line = f"witness {each['name']:<24} {each['kind']:<7} {each['state']}{since}, {each['behind']} entries behind"
        out.print(line, markup=False)
    if not told_of["witnesses"]:
        out.print("no witness: nobody outside would notice a rewritten ledger (docs/evidence.md)")
    for key in told_of["keys"]:
        out.print(f"key {key}", markup=False)
    return 0 if well else 1


def begin_new_log(service: Service, *, sure: bool) -> int:
    """End the present log, whatever month it is. Asks first."""
    if not sure:
        if not sys.stdin.isatty():
            raise BadInput("this ends the present log; --yes says that you mean it", field="--yes")
        out.print("The present log ends, and the next entry opens a new one. Go on? [y/N] ", end="")
        if input().strip().lower() not in ("y", "yes"):
            return 1
    ended = service.ask("POST", "/anban/v1/ledger/logs")
    out.print(f"{ended['ends']} ends; the next entry opens a new log", markup=False)
    return 0
