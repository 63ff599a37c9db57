"""The evidence pack: a stretch of the ledger with its proofs and what witnesses hold, in one signed archive."""

import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from anban.base.errors import StorageFailed
from anban.ledger.checkpoint import Signer
from anban.ledger.export import Part, between, export
from anban.ledger.held import standings
from anban.ledger.logs import Signed, all_logs, last_signed
from anban.ledger.models import ledger_checkpoints
from anban.ledger.proofs import edge_at, growth

FORMAT: Final = 1
_THE_SAME_DAY: Final = (2026, 1, 1, 0, 0, 0)
"""The date of every file in the archive: the manifest tells when it was made."""

_READ: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a pack covers, and when it is made; no bound means from the beginning, or up to now."""

    since: datetime | None
    until: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Keeper:
    """A witness as the pack names it; `key` is its verifier key where it cosigns."""

    name: str
    kind: str
    key: str


def pack(
    connection: Connection,
    out: Path,
    signer: Signer,
    wanted: Wanted,
    keepers: Sequence[Keeper],
    beside: Mapping[str, bytes],
) -> int:
    """Write the pack to `out` and return how many entries it holds; it appears whole or not at all.

    `signer` carries the deployment's base name. `beside` are further files by name: duties, drills, words for people.
    Raises `StorageFailed`.
    """
    parts = between(connection, wanted.since, wanted.until)
    slice_file, part_file = out.with_name(out.name + ".ledger"), out.with_name(out.name + ".part")
    deployment = signer.origin.partition("/")[2]
    bounded = wanted.since is not None or wanted.until is not None
    try:
        entries = export(connection, slice_file, deployment=deployment, at=wanted.at, parts=parts if bounded else None)
        small: dict[str, bytes] = {
            "checkpoints.txt": _ends(connection),
            "proofs.json": _json(_proofs(connection, parts)),
            "witnesses.json": _json(_held(connection, keepers)),
            **_verifier(),
            **beside,
        }
        with zipfile.ZipFile(part_file, "w", zipfile.ZIP_DEFLATED) as archive:
            listed = {"ledger.jsonl": _add_file(archive, "ledger.jsonl", slice_file)}
            for name, content in small.items():
                listed[name] = _add(archive, name, content)
            manifest = _manifest(signer, deployment, wanted, listed)
            _add(archive, "manifest.json", manifest)
            _add(archive, "manifest.sig", _seal(signer, deployment, manifest))
        part_file.replace(out)
    except OSError as error:
        raise StorageFailed("the pack could not be written") from error
    finally:
        slice_file.unlink(missing_ok=True)
        part_file.unlink(missing_ok=True)
    return entries


def _ends(connection: Connection) -> bytes:
    """The first and the last checkpoint of every log: how each begins with the end of the one before."""
    notes: list[bytes] = []
    columns = ledger_checkpoints.c
    for log in all_logs(connection):
        last = last_signed(connection, log)
        if last is None:
            continue
        first = connection.execute(
            select(columns.note).where(columns.size > log.first).order_by(columns.size).limit(1)
        ).scalar_one()
        notes += [first, last.note]
    return b"".join(note + b"\n" for note in notes)


def _proofs(connection: Connection, parts: Sequence[Part]) -> dict[str, Any]:
    """For each log: that its newest checkpoint follows from the entries in the pack."""
    proofs: list[dict[str, Any]] = []
    for part in parts:
        newest = last_signed(connection, part.log) or Signed(0, b"", b"")
        edge = edge_at(connection, part.log, part.end)
        proof = [base64.b64encode(each).decode() for each in growth(connection, part.log, edge, newest.size)]
        said = {"checkpoint": newest.note.decode(), "from": part.end, "log": part.log.origin, "proof": proof}
        proofs.append(said)
    return {"anban": "proofs", "logs": proofs, "v": FORMAT}


def _held(connection: Connection, keepers: Sequence[Keeper]) -> dict[str, Any]:
    origins = {log.number: log.origin for log in all_logs(connection)}
    witnesses: list[dict[str, Any]] = []
    for keeper in keepers:
        held = [
            {"at": each.at.astimezone(UTC).isoformat(), "log": origins[each.log], "note": each.note.decode()}
            for each in standings(connection, keeper.name)
            if each.size
        ]
        witnesses.append({"held": held, "key": keeper.key, "kind": keeper.kind, "name": keeper.name})
    return {"anban": "witnesses", "v": FORMAT, "witnesses": witnesses}


def _verifier() -> dict[str, bytes]:
    """The program that checks a pack, to read; whoever trusts nobody gets it elsewhere."""
    folder = files("anban.ledger.verifier")
    return {f"verifier/{each.name}": each.read_bytes() for each in folder.iterdir() if each.name.endswith(".py")}


def _manifest(signer: Signer, deployment: str, wanted: Wanted, listed: Mapping[str, Any]) -> bytes:
    return _json(
        {
            "anban": "pack",
            "created": wanted.at.astimezone(UTC).isoformat(timespec="seconds"),
            "deployment": deployment,
            "files": listed,
            "from": wanted.since.astimezone(UTC).isoformat() if wanted.since else "",
            "key": signer.named(f"{signer.origin}/pack").verifier_key,
            "to": wanted.until.astimezone(UTC).isoformat() if wanted.until else "",
            "v": FORMAT,
        }
    )


def _seal(signer: Signer, deployment: str, manifest: bytes) -> bytes:
    name = f"{signer.origin}/pack"
    return signer.named(name).signed(f"{name}\n{deployment}\n{hashlib.sha256(manifest).hexdigest()}\n")


def _json(content: Mapping[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS) + b"\n"


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> dict[str, Any]:
    with archive.open(_member(name), "w") as file:
        file.write(content)
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _add_file(archive: zipfile.ZipFile, name: str, path: Path) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as source, archive.open(_member(name), "w", force_zip64=True) as file:
        while content := source.read(_READ):
            digest.update(content)
            size += len(content)
            file.write(content)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _THE_SAME_DAY)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member
