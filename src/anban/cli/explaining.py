"""`anban why`: what was noticed in one message and what followed, without a word of it."""

import sys
from typing import Any

import orjson
from rich.console import Console

from anban.cli.service import Service
from anban.risk.explain import explained
from anban.risk.models import Reason


def explain_decision(service: Service, decision: str, *, as_json: bool) -> int:
    """Print the entries of one decision as an explanation in Chinese and English."""
    entries = service.ask("GET", f"/anban/v1/decisions/{decision}")
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(entries, option=orjson.OPT_INDENT_2) + b"\n")
        return 0
    out = Console(highlight=False, soft_wrap=True)
    merged: dict[str, Any] = {}
    for entry in entries:
        merged.update(entry["facts"])
    out.print(f"[bold]{decision}[/bold]  {entries[0]['at'][:19]}  rulebook {entries[0]['rulebook']}")
    out.print(f"  裁定 verdict    {merged.get('verdict', '-')}   规则 rule  {merged.get('rule', 'ordinary')}")
    out.print(f"  等级 level      {merged.get('level', '-')} now, {merged.get('held', '-')} held")
    for reason in merged.get("reasons", ()):
        told = explained(_reason(reason))
        out.print(f"  因为 because    {told['zh']}\n                  {told['en']}", markup=False)
    for gap in merged.get("unheard", ()):
        out.print(f"  未听到 unheard  {gap}   没有意见不等于安全; no opinion is no word of safety", markup=False)
    if merged.get("read") or merged.get("unread"):
        read, unread = ", ".join(merged.get("read", ())), ", ".join(merged.get("unread", ()))
        out.print(f"  媒体 media      已看 read: {read or '-'}   未看 unread: {unread or '-'}", markup=False)
    if "hit" in merged:
        out.print(f"  收回 withheld   {merged['hit']}  {merged.get('why', '')}", markup=False)
    for entry in entries:
        out.print(
            f"  证据 evidence   {entry['kind']}  #{entry['seq'] if entry['seq'] is not None else 'not signed yet'}"
        )
    return 0


def _reason(recorded: str) -> Reason:
    """A reason as the ledger holds it: `rule|signal|score|detector@version|view|why`."""
    rule, signal, score, detector, view, why = (recorded.split("|") + [""] * 6)[:6]
    name, _, version = detector.partition("@")
    return Reason(rule, signal, float(score or 0), name, version, view, why)
