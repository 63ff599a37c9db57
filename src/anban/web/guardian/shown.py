"""An overview as its page shows it, in words; the console and the mirror are given the same."""

from datetime import datetime, tzinfo
from typing import Any, Final

from anban.people.overview import DAYS, Alert, Character, Overview, quiet_hours
from anban.provider.models import Service
from anban.rails.runtime import Runtime
from anban.web.gateway.chat import DEFAULT_PERSONA
from anban.web.guardian.plots import COLOURS, bars, coloured, row_of_days, state, strip, whole
from anban.words.helplines import Lang

WEEK: Final = 7
SMALLEST: Final = 100
"""Fen in a yuan, cents in a dollar."""


def currency_of(service: Service) -> str:
    """The money that caps of a service are in."""
    return "CNY" if service.place == "cn" else "USD"


def view_of(seen: Overview, service: Service, zone: tzinfo, rt: Runtime, lang: Lang) -> dict[str, Any]:
    """Everything that the page shows, and nothing that `seen` does not hold."""
    words = rt.words.page(lang)
    return {
        "called": seen.called or words["guardian.child"],
        "at": _clock(seen.at, zone, lang),
        "now": seen.now,
        "alerts": [_alert(each, zone, rt, lang) for each in seen.alerts],
        "use": _use(seen, words),
        "characters": [
            {"ref": each.ref, "name": _name(each, words), "minutes": whole(each.minutes), "blocked": each.blocked}
            for each in seen.characters
        ],
        "limits": _limits(seen, currency_of(service)),
        "consents": [
            {
                "purpose": each.purpose,
                "holds": each.holds,
                "receipt": each.receipt,
                "given": _day(each.given_at, zone, lang),
                "until": _day(each.expires_at, zone, lang),
                "ended": _day(each.ended_at, zone, lang),
            }
            for each in seen.consents
        ],
        "fellows": [
            {"contact": each.contact, "name": each.name, "since": _day(each.since, zone, lang), "me": each.me}
            for each in seen.fellows
        ],
        "claims": [{"id": claim, "at": _clock(made, zone, lang)} for claim, made in seen.claims],
        "erasure": _clock(seen.erasure_asked, zone, lang) if seen.erasure_asked else "",
        "erased": _clock(seen.erasure_ended, zone, lang) if seen.erasure_ended else "",
    }


def _alert(alert: Alert, zone: tzinfo, rt: Runtime, lang: Lang) -> dict[str, Any]:
    def lines(what: str) -> list[str]:
        return rt.words.render(f"guardian.{what}.{alert.topic}", lang=lang).text.splitlines()

    stands = "over" if alert.ended_at else "seen" if alert.seen_at else "waits"
    return {
        "id": alert.id,
        "topic": alert.topic,
        "at": _clock(alert.at, zone, lang),
        "state": stands,
        "then": _clock(alert.ended_at or alert.seen_at or alert.at, zone, lang),
        "do": lines("do"),
        "not": lines("not"),
    }


def _use(seen: Overview, words: Any) -> dict[str, Any]:
    week, order = seen.days[-WEEK:], coloured(seen.days)
    names = {each.ref: _name(each, words) for each in seen.characters}
    quiet = quiet_hours(seen.in_force)
    legend = [{"kind": f"c{place}", "name": names.get(ref, ref)} for place, ref in enumerate(order)]
    if len({ref for day in seen.days for ref in day.personas}) > len(order):
        legend.append({"kind": f"c{COLOURS}", "name": words["guardian.use.other"]})
    return {
        "any": any(day.minutes > 0 for day in seen.days),
        "today": whole(seen.days[-1].minutes),
        "week": whole(sum(day.minutes for day in week)),
        "streak": seen.streak,
        "streak_most": DAYS,
        "alerts": sum((seen.at - each.at).days < DAYS for each in seen.alerts),
        "quiet": whole(seen.quiet_minutes),
        "bars": bars(seen.days, seen.in_force.minutes, words["guardian.use.bars"]),
        "strip": strip(week, quiet, words["guardian.use.strip"]),
        "kept": row_of_days(seen.days, words["guardian.use.kept"]),
        "legend": legend,
        "refs": [{"ref": ref, "name": names.get(ref, ref)} for ref in order],
        "days": [
            {
                "day": day.day.isoformat(),
                "minutes": whole(day.minutes),
                "quiet": whole(day.quiet),
                "state": state(day),
                "personas": {ref: whole(each) for ref, each in day.personas.items()},
                "hours": [(hour, whole(each)) for hour, each in enumerate(day.hours) if each > 0],
            }
            for day in reversed(seen.days)
        ],
    }


def _name(character: Character, words: Any) -> str:
    """The name that people know; the companion that a service never registered has none of its own."""
    unnamed = character.name == character.ref == DEFAULT_PERSONA
    return words["guardian.characters.default"] if unnamed else character.name


def _limits(seen: Overview, currency: str) -> dict[str, Any]:
    """What holds, and what a form begins with: the guardian's own choices alone, so that saving adds none."""
    now, chosen = seen.in_force, seen.chosen

    def money(amount: int | None) -> str:
        return "" if amount is None else f"{amount / SMALLEST:.2f}".removesuffix(".00")

    return {
        "minutes": None if now.minutes is None else whole(now.minutes),
        "most": None if seen.most_minutes is None else whole(seen.most_minutes),
        "quiet_from": now.quiet_from,
        "quiet_until": now.quiet_until,
        "reality": None if now.reality_minutes is None else whole(now.reality_minutes),
        "paused": now.paused,
        "spending": now.spending,
        "each": money(now.spend_each),
        "day": money(now.spend_day),
        "currency": now.currency or currency,
        "chosen": {
            "minutes": "" if chosen.minutes is None else chosen.minutes,
            "quiet_from": chosen.quiet_from or "",
            "quiet_until": chosen.quiet_until or "",
            "reality": "" if chosen.reality_minutes is None else chosen.reality_minutes,
        },
    }


def _clock(at: datetime, zone: tzinfo, lang: Lang) -> str:
    local = at.astimezone(zone)
    if lang == "zh":
        return f"{local.month} 月 {local.day} 日 {local:%H:%M}"
    return f"{local.day} {local:%b}, {local:%H:%M}"


def _day(at: datetime | None, zone: tzinfo, lang: Lang) -> str:
    if at is None:
        return ""
    local = at.astimezone(zone)
    return f"{local.year} 年 {local.month} 月 {local.day} 日" if lang == "zh" else f"{local.day} {local:%b %Y}"
