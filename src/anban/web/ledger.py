"""The ledger over HTTP: export, evidence pack, its logs and witnesses, and a new log after damage."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import orjson
from litestar import Request, get, post
from litestar.params import Dependency
from litestar.response import Stream

from anban.base.db import Connection
from anban.base.errors import BadInput, NotFound
from anban.cases.drill_schedule import LOOKED_AT, drills_run
from anban.law.performs import performed_by
from anban.law.register import Register
from anban.law.table import rows
from anban.ledger.checkpoint import Signer
from anban.ledger.export import export, verifier_keys
from anban.ledger.held import Standing, standings
from anban.ledger.logs import Log, all_logs, ask_for_new_log, last_signed, placed
from anban.ledger.pack import Keeper, Wanted, pack
from anban.ledger.reading import counts
from anban.outreach.witnesses import Witness
from anban.provider.models import Service
from anban.rails.runtime import Runtime
from anban.web.manage import TheOffice, allowed

_PIECE = 1 << 18
_HERE = Path(__file__).parent / "pages" / "pack"


@dataclass(frozen=True)
class Ledgers:
    """What speaks for the ledger: its name, the key that signs now, the witnesses, and the law for its table."""

    deployment: str
    signing: Callable[[Connection], Signer]
    witnesses: Mapping[str, Witness]
    register: Register


TheLedgers = Annotated[Ledgers, Dependency(skip_validation=True)]


@get("/anban/v1/ledger/export", summary="The whole ledger, for verifiers", tags=["evidence"])
async def ledger_export(request: Request[Any, Any, Any], office: TheOffice, ledgers: TheLedgers) -> Stream:
    """JSONL: header, logs, entries, signed checkpoints; `anban verify` checks it without a database."""
    await allowed(request, office)
    rt = office.gateway.rt
    now, name = rt.clock.now(), ledgers.deployment
    return await _streamed(
        rt, lambda connection, path: export(connection, path, deployment=name, at=now), "application/jsonl"
    )


@get("/anban/v1/ledger/pack", summary="An evidence pack, for auditors", tags=["evidence"])
async def ledger_pack(
    request: Request[Any, Any, Any],
    office: TheOffice,
    ledgers: TheLedgers,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Stream:
    """A zip: what was signed from one moment to another with proofs and checkpoints, what witnesses hold, the duties,
    the drills. `anban verify` checks it. Times need a zone; without any the pack holds everything."""
    service = await allowed(request, office)
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment.tzinfo is None:
            raise BadInput("a time without a zone", field=name)
    if since is not None and until is not None and since >= until:
        raise BadInput("this is not after `since`", field="until")
    rt = office.gateway.rt
    wanted = Wanted(since, until, rt.clock.now())
    keepers = [Keeper(each.name, each.kind, each.key) for each in ledgers.witnesses.values()]

    def work(connection: Connection, path: Path) -> int:
        beside = _beside(connection, service, rt, ledgers.register, wanted)
        return pack(connection, path, ledgers.signing(connection), wanted, keepers, beside)

    return await _streamed(rt, work, "application/zip")


@get("/anban/v1/ledger/logs", summary="The ledger's logs, and what witnesses hold", tags=["evidence"])
async def ledger_logs(request: Request[Any, Any, Any], office: TheOffice, ledgers: TheLedgers) -> dict[str, Any]:
    """Each log by month with its newest root; for each witness how far behind it is, and since when it fails."""
    await allowed(request, office)
    rt = office.gateway.rt
    return await rt.db.read(partial(_told, ledgers=ledgers, now=rt.clock.now()))


@post("/anban/v1/ledger/logs", status_code=200, summary="Begin a new log", tags=["evidence"])
async def begin_log(request: Request[Any, Any, Any], office: TheOffice) -> dict[str, str]:
    """For a person who has looked at a damaged log: the next entry opens a new one, which says that it was damaged."""
    await allowed(request, office)
    log = await office.gateway.rt.db.write(ask_for_new_log)
    if log is None:
        raise NotFound("there is no log yet")
    return {"ends": log.origin}


LEDGER_DOORS = (ledger_export, ledger_pack, ledger_logs, begin_log)


async def _streamed(rt: Runtime, work: Callable[[Connection, Path], int], media_type: str) -> Stream:
    """What `work` writes to a file, sent piece by piece; the file goes when all of it is sent."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="anban-evidence-"))
    path = folder / "evidence"
    try:
        await rt.db.read(lambda connection: work(connection, path))
    except BaseException:  # noqa: BLE001 - raised on: the folder must go whatever stopped us
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        raise

    async def pieces() -> AsyncIterator[bytes]:
        try:
            with await asyncio.to_thread(path.open, "rb") as file:
                while piece := await asyncio.to_thread(file.read, _PIECE):
                    yield piece
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    return Stream(pieces(), media_type=media_type)


def _beside(
    connection: Connection, service: Service, rt: Runtime, register: Register, wanted: Wanted
) -> dict[str, bytes]:
    """What a pack holds beside the ledger: every duty with its evidence, the drills, words for whoever opens it."""
    rules = register.in_force(service.packs, wanted.at)
    since = wanted.since or datetime.min.replace(year=1970, tzinfo=wanted.at.tzinfo)
    found = counts(connection, since)
    duties: list[dict[str, Any]] = []
    for row in rows(register, rules, performed_by()):
        seen = {str(kind): each.number for kind, each in found.items() if str(kind) in row.evidence}
        duties.append({**row.as_data(), "evidence_found": seen})
    drills = [
        {"at": each.at, "name": each.name, "passed": each.passed, "seconds": dict(each.steps)}
        for each in drills_run(connection, service.id, LOOKED_AT)
        if (wanted.since is None or each.at >= wanted.since) and (wanted.until is None or each.at <= wanted.until)
    ]
    pretty = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    texts = {path.name: path.read_bytes() for path in sorted(_HERE.glob("*.md"))}
    return {
        "duties.json": orjson.dumps(duties, option=pretty),
        "drills.json": orjson.dumps(drills, option=pretty),
        **texts,
    }


def _told(connection: Connection, ledgers: Ledgers, now: datetime) -> dict[str, Any]:
    logs = all_logs(connection)
    known = {(each.witness, each.log): each for each in standings(connection)}
    sizes = {log.number: _size(connection, log) for log in logs}
    witnesses = [
        _witness(each, [(log, sizes[log.number], known.get((each.name, log.number))) for log in logs], now)
        for each in ledgers.witnesses.values()
    ]
    return {
        "deployment": ledgers.deployment,
        "keys": verifier_keys(connection),
        "logs": [_log(connection, log) for log in logs],
        "witnesses": witnesses,
    }


def _size(connection: Connection, log: Log) -> int:
    signed = last_signed(connection, log)
    return signed.size if signed else 0


def _log(connection: Connection, log: Log) -> dict[str, Any]:
    signed = last_signed(connection, log)
    return {
        "origin": log.origin,
        "first": log.first,
        "entries": (placed(connection) - log.first) if log.size is None else log.size,
        "signed": signed.size if signed else 0,
        "root": signed.root.hex() if signed else "",
        "open": log.size is None,
        "damage": log.damage,
        "checked_at": log.checked_at.isoformat(),
    }


def _witness(witness: Witness, logs: list[tuple[Log, int, Standing | None]], now: datetime) -> dict[str, Any]:
    """How one witness stands over all logs: the worst counts."""
    behind = sum(size - (held.size if held else 0) for _, size, held in logs)
    failing = [held for _, _, held in logs if held is not None and held.failing_since is not None]
    since = min((held.failing_since for held in failing if held.failing_since), default=None)
    newest = max((held.at for _, _, held in logs if held is not None and held.size), default=None)
    return {
        "name": witness.name,
        "kind": witness.kind,
        "key": witness.key,
        "behind": behind,
        "kept_at": newest.isoformat() if newest else None,
        "failing_since": since.isoformat() if since else None,
        "failing_seconds": int((now - since).total_seconds()) if since else 0,
        "state": next((held.told for held in failing if held.told == "contradicted"), "failing" if failing else "kept"),
        "code": failing[0].code if failing else "",
    }
