"""Writes the bill of materials (CycloneDX 1.6): every locked part, its version, digests, licence, and who needs it.

    python -m tools.sbom build/sbom.cdx.json

From the locks and the parts' own metadata alone, so that it is the same each time and needs no network.
"""

import hashlib
import re
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from tools.licences import UNKNOWN, licence_of, told
from tools.locks import LOCKS, ROOT, Pinned, canonical, installed, locked

PRODUCT = "anban"
MODEL = ROOT / "src" / "anban" / "detectors" / "trained" / "model"
_NEEDED = re.compile(r"^([A-Za-z0-9._-]+)")


def bill() -> dict[str, Any]:
    """The bill as CycloneDX has it. Its serial number follows from the locks and the model: same parts, same bill."""
    here = installed()
    parts = [_part(each, scope, here.get(each.name)) for each, scope in locked()]
    product = here[PRODUCT]
    root = {
        "type": "application",
        "bom-ref": PRODUCT,
        "name": PRODUCT,
        "version": product.version,
        "purl": f"pkg:pypi/{PRODUCT}@{product.version}",
        "licenses": _licences("Apache-2.0"),
    }
    content = b"".join(lock.read_bytes() for lock in LOCKS.values()) + (MODEL / "weights.npz").read_bytes()
    serial = uuid5(NAMESPACE_URL, hashlib.sha256(content).hexdigest())
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": root},
        "components": [*parts, _model()],
        "dependencies": _needs(here, [part["bom-ref"] for part in parts]),
    }


def _part(pin: Pinned, scope: str, found: Distribution | None) -> dict[str, Any]:
    here = found is not None and found.version == pin.version
    part: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"{pin.name}@{pin.version}",
        "name": pin.name,
        "version": pin.version,
        "scope": scope,
        "purl": f"pkg:pypi/{pin.name}@{pin.version}",
        "properties": [
            {"name": "anban:installed-when", "value": pin.when or "always"},
            {"name": "anban:archives", "value": str(len(pin.hashes))},
            *({"name": "anban:archive-sha256", "value": digest} for digest in pin.hashes),
        ],
    }
    if found is not None:
        licence = licence_of(found)
        part["licenses"] = _licences(licence)
    if here and found is not None and (summary := told(found, "Summary")):
        part["description"] = summary
    return part


def _model() -> dict[str, Any]:
    card: Mapping[str, Any] = orjson.loads((MODEL / "card.json").read_bytes())
    return {
        "type": "machine-learning-model",
        "bom-ref": f"{card['name']}@{card['version']}",
        "name": str(card["name"]),
        "version": str(card["version"]),
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256((MODEL / "weights.npz").read_bytes()).hexdigest()}],
        "licenses": _licences("Apache-2.0"),
    }


def _licences(expression: str) -> list[dict[str, Any]]:
    if expression == UNKNOWN:
        return [{"license": {"name": UNKNOWN}}]
    return [{"expression": expression}]


def _needs(here: Mapping[str, Distribution], refs: list[str]) -> list[dict[str, Any]]:
    """Who needs whom, as the installed parts say it; a part that is not installed here says nothing."""
    by_name: dict[str, list[str]] = {}
    for ref in refs:
        by_name.setdefault(ref.partition("@")[0], []).append(ref)
    rows: list[dict[str, Any]] = []
    for name, own in [(PRODUCT, [PRODUCT]), *by_name.items()]:
        needed: set[str] = set()
        for line in (here[name].requires or []) if name in here else []:
            if "extra ==" in line and name != PRODUCT:
                continue
            if match := _NEEDED.match(line):
                needed |= set(by_name.get(canonical(match[1]), []))
        rows += [{"ref": ref, "dependsOn": sorted(needed)} for ref in own]
    return rows


def main(arguments: list[str]) -> int:
    """Write the bill, and beside it the licences as a list to read."""
    out = Path(arguments[0] if arguments else "build/sbom.cdx.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    made = bill()
    out.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    rows = [
        f"{part['name']:<32} {part['version']:<16} {part['scope']:<9} "
        + str(part["licenses"][0].get("expression", UNKNOWN) if "licenses" in part else "not installed here")
        for part in made["components"]
    ]
    listed = out.with_name("licences.txt")
    listed.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(made['components'])} parts in {out}, their licences in {listed}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
