"""Nobody of one tenant sees or changes anything of another, by any address that the route table has.

Each address is asked for everything of the other tenant by everybody who could: an app, people on the staff with keys
and log-ins, a person on their own page, a guardian. A new address fails here until it says how it is to be asked.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from anban.app import mount
from anban.web.visitors import COOKIE, signed
from tests.doors.at_the_desk import browser, proof, sign_in
from tests.doors.at_the_guardians import MOTHER, bound, come_in
from tests.house import House, open_house
from tests.routes import Route, routes_of
from tests.staffed import bearing, employ, key_of
from tests.stores import PostgresServer
from tests.tenants import CHILD, NAMES, REF, Tenant, rows_of, settle, shown_without_being_sent

pytestmark = pytest.mark.timeout(400)

LINKS = {"token"}
"""Whoever holds a link is who it was made for: there is no tenant to mix up. Guessing is tested elsewhere."""

ELSEWHERE = {
    "GET /anban/v1/events": "stays open; a foreign channel is tested with the events",
    "GET /desk/events": "stays open; tested with the desk's queue",
    "POST /anban/v1/demo/clock": "moves the clock of a demonstration",
    "POST /anban/v1/demo/outage": "takes a demonstration's model away",
    "GET /anban/v1/demo/sent": "a demonstration's own window on what would have been sent",
    "POST /desk/logout": "ends one's own log-in, and is named by nothing else",
    "POST /desk/account/out": "ends one's own log-ins, and is named by nothing else",
    "POST /guardian/logout": "ends one's own session, and is named by nothing else",
    "POST /me/leave": "ends one's own session, and is named by nothing else",
    "GET /desk/login/oidc": "begins a log-in at the operator's provider",
    "GET /desk/login/oidc/back": "ends it; bound to the browser that began it",
}

DEPLOYMENT = ("/anban/v1/keys", "/anban/v1/ledger", "/anban/v1/evidence", "/metrics")
"""What there is one of for the whole deployment: its master keys, its ledger. It holds numbers and kinds of every
tenant, and no name and no word."""

OWN_NAMES = {
    "user", "login", "ref", "template", "act", "line", "said", "file_path", "path", "version", "event_id",
}  # fmt: skip
"""Names that each tenant gives by itself: asking for one may well mean one's own, or nobody yet."""

TRIED = ("approve", "release", "claim", "read", "confirm", "off", "live", "grant", "yes", "close")
"""What is tried where an act is part of the address."""


@dataclass(frozen=True)
class Asker:
    """Somebody of the first tenant: where they have business at all, what they send along, and their forms' proof."""

    name: str
    where: tuple[str, ...]
    client: httpx.AsyncClient
    csrf: str = ""


def bodies(there: Tenant) -> dict[str, Any]:
    """What is sent to each address that takes something, with the other tenant's numbers wherever one fits."""
    t = there.things
    by = {"by": "wang"}
    talk = {"model": "scripted", "messages": [{"role": "user", "content": "你好"}], "user": REF}
    contact = {"name": "甲", "route": "sms", "address": "13800000009"}
    guardian = {"by": "guardian", "guardian": t["claim_id"]}
    claim = {
        "user": CHILD, "name": "甲", "evidence": "household-register",
        "claims_from": {"route": "sms", "address": "13811110003"},
        "code_to": {"route": "email", "address": "a@example.org"},
    }  # fmt: skip
    until = "2026-12-24T00:00:00Z"
    shift = {"login": "bea", "begins": "08:00", "ends": "16:00", "weekdays": [1]}
    staff = {"login": "axel", "name": "甲", "password": "a long password", "role": "responder", "tier": 1}
    case = {
        "responder": "wang",
        "reason": "x",
        "text": "甲",
        "contact": t["contact"],
        "level": "L0",
        "outcome": "closed",
    }
    wording = {"template": "crisis.l2", "lang": "zh", "text": {"adult": ["可以找{lines}。"]}, **by}
    sign = {"name": "甲", "profession": "医师", "registration": "1", "digest": "0" * 64, **by}
    return {
        "POST /v1/chat/completions": talk,
        "POST /v1/moderations": {"input": "你好"},
        "POST /anban/v1/exit": {"user": REF, "conversation": "of-b"},
        "POST /anban/v1/events/{event_id}/ack": {"user": REF, "state": "shown"},
        "PUT /anban/v1/people/{user}": {"birth_year": 1950, "contacts": [contact], "guardians": [contact]},
        "POST /anban/v1/people/{user}/ages": {"kind": "verified", "band": "adult", "source": "id-check"},
        "POST /anban/v1/people/{user}/mode": {"mode": "minor", **guardian},
        "POST /anban/v1/people/{user}/consents": {"purpose": "use", "version": "1", **guardian},
        "POST /anban/v1/people/{user}/consents/withdraw": {"purpose": "use", **guardian},
        "PUT /anban/v1/people/{user}/limits": {**guardian, "minutes_a_day": 30},
        "POST /anban/v1/people/{user}/blocked": {"persona": "companion", "state": "blocked", **guardian},
        "POST /anban/v1/people/{user}/spending": {"amount": 100, "currency": "CNY", "payment": "p-1"},
        "POST /anban/v1/people/{user}/home": {"state": "marked", "by": "desk"},
        "POST /anban/v1/people/{user}/link": {"page": ""},
        "POST /anban/v1/people/{user}/copies": {"by": "user", "lang": "zh"},
        "POST /anban/v1/people/{user}/erasures": {"scope": "message", "target": t["turn"], "by": "user"},
        "POST /anban/v1/people/{user}/holds": {"clause": "court 2", "until": until},
        "POST /anban/v1/people/{user}/exemptions": {"limit": "time", "hours": 1, "by": "desk", "reason": "x"},
        "POST /anban/v1/people/{user}/guardians/{claim_id}/{act}": {"by": "desk", "responder": "wang"},
        "POST /anban/v1/guardians/claims": claim,
        "POST /anban/v1/guardians/claims/{claim_id}/code": {"code": "123456"},
        "POST /anban/v1/guardians/links": {"user": CHILD, "address": "beta@example.org"},
        "POST /anban/v1/appeals": {"user": CHILD, "about": "age"},
        "POST /anban/v1/appeals/{case_id}/answer": {"responder": "wang", "granted": True, "reason": "x"},
        "POST /anban/v1/cases/{case_id}/{act}": case,
        "POST /anban/v1/drills": {"drill": "crisis", "passed": True},
        "POST /anban/v1/helplines/{line}/feedback": {"reached": False, "user": REF},
        "POST /anban/v1/switch": {"state": "on"},
        "POST /anban/v1/staff": staff,
        "POST /anban/v1/staff/{login}/keys": {"label": "x"},
        "POST /anban/v1/staff/{login}/{act}": {"password": "another long one", "role": "responder"},
        "POST /anban/v1/rota": shift,
        "PUT /anban/v1/personas/{ref}": {"name": "甲", "card": {"prompt": "朋友。"}, **by},
        "POST /anban/v1/personas/{ref}/{act}": {**by, "relation": "friend"},
        "POST /anban/v1/words/findings": {"template": "crisis.l2", "text": {"adult": ["可以找{lines}。"]}},
        "POST /anban/v1/words/wordings": wording,
        "POST /anban/v1/words/wordings/{wording}/{act}": by,
        "POST /anban/v1/words/sign-offs": sign,
        "POST /chat/say": f"text=x&conversation=of-b&user={REF}",
    }


NOTHING_TO_SEND = {
    "POST /anban/v1/people/{user}/contacts/{contact}/invite", "POST /anban/v1/people/{user}/copies/{copy}/link",
    "POST /anban/v1/drills/people", "POST /anban/v1/keys/rotate", "POST /anban/v1/keys/{version}/destroy",
    "POST /anban/v1/ledger/logs",
}  # fmt: skip

FORMS = ("/desk", "/guardian", "/me", "/seen", "/invited")
"""Beginnings of pages, whose buttons send forms: each gets every number of the other tenant in every field."""


def form(there: Tenant, csrf: str) -> dict[str, str]:
    """One form with a field for every number there is, under every name that our pages use."""
    t = there.things
    return {
        "csrf": csrf, "case": t["case_id"], "reason": "asked", "words": "甲", "minutes": "15", "staff": t["bea"],
        "from": "08:00", "until": "16:00", "time_zone": "Asia/Shanghai", "from_day": "2026-11-24", "last": "2026-11-24",
        "days": "1", "rest": "begin", "text": "甲", "contact": t["contact"], "user": REF, "template": "crisis.l2",
        "in": "zh",
        "name": "甲", "profession": "医师", "registration": "1", "digest": "0" * 64, "persona": t["persona"],
        "claim": t["claim_id"], "of": t["claim_id"], "copy": t["copy"],
        "erasure": t["erasure"], "scope": "message", "target": t["turn"],
        "decision": t["decision"], "conversation": "of-b", "message": t["turn"], "relation": "friend", "purpose": "use",
        "alert": t["case_id"], "id": t["contact"], "wording": t["wording"], "login": "bea",
    }  # fmt: skip


def requests_of(route: Route, asker: Asker, there: Tenant) -> Sequence[tuple[str, dict[str, Any]]]:
    """Addresses and what is sent to them. A parameter that nobody knows a value for fails."""
    values = {
        "line": "cn-12356",
        "said": "yes",
        "file_path": "css/tokens.css",
        "path": "x",
        "version": "1",
        **there.things,
    }
    missing = [name for name in route.parameters if name not in (*values, "act", *LINKS)]
    assert not missing, f"{route}: say in tests/tenants.py what {missing} of another tenant is"
    if "/appeals/" in route.path:
        values["case_id"] = there.things["appeal"]
    told: dict[str, Any] = {"params": {name: values[name] for name in route.asks if values.get(name)}}
    if route.path.startswith("/anban/v1/words/templates"):
        told["params"] = {}  # its `contact` is a state
    if route.path in ("/anban/v1/cases", "/anban/v1/usage"):
        told["params"]["user"] = REF
    if route.method not in ("GET", "HEAD", "DELETE"):
        if route.path.startswith(FORMS):
            told["data"] = form(there, asker.csrf)
        else:
            known = bodies(there)
            assert str(route) in known or str(route) in NOTHING_TO_SEND, f"{route}: say here what to send to it"
            body = known.get(str(route))
            told |= {"content": body} if isinstance(body, str) else {"json": body}
    acts = TRIED if "act" in route.parameters else ("",)
    users = (REF, CHILD) if "user" in route.parameters else ("",)
    return [(route.at(**{**values, "act": act, "user": user}), told) for act in acts for user in users]


@pytest.fixture(params=["sqlite", "postgres"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> AsyncIterator[House]:
    if request.param == "sqlite":
        async with open_house(tmp_path) as opened:
            yield opened
    else:
        async with postgres_server.database() as url, open_house(tmp_path, database_url=url) as opened:
            yield opened


async def askers(house: House, stack: AsyncExitStack) -> list[Asker]:
    """Everybody of the first tenant who could ask."""
    await bound(house)
    await house.say("你好", user="anna")
    lead, child, mother = [await stack.enter_async_context(browser(house)) for _ in range(3)]
    await sign_in(lead, house, "wang")
    found = [
        Asker("its app", ("/v1", "/anban", "/chat", "/"), house.http),
        Asker("its lead", ("/desk",), lead, proof((await lead.get("/desk/lead")).text)),
    ]
    for role in ("administrator", "officer", "lead", "data-engineer"):
        await employ(house, role, f"{role}-a")
        client = await stack.enter_async_context(browser(house))
        client.headers.update(bearing(await key_of(house, f"{role}-a")))
        found.append(Asker(f"its {role}", ("/anban",), client))
    child.cookies.set(COOKIE, signed("xiaolin", house.rt.keys.derived("visitor cookies").secret))
    found.append(Asker("a person of its", ("/me", "/chat"), child, proof((await child.get("/me")).text)))
    found.append(
        Asker("a guardian of its", ("/guardian",), mother, proof(await come_in(mother, house, MOTHER["second"])))
    )
    return found


def foreign_only(route: Route) -> bool:
    """Whether the address can only mean the other tenant's: every such request has to be refused."""
    return bool(set(route.parameters) - OWN_NAMES - LINKS)


async def test_nobody_reaches_another_tenant_by_any_route(house: House) -> None:
    there = await settle(house, "second")
    async with AsyncExitStack() as stack:
        everybody = await askers(house, stack)
        kept, allowed, tried = await rows_of(house, there), list[str](), 0
        for route in routes_of(mount(house.built)):
            if str(route) in ELSEWHERE or LINKS & set(route.parameters):
                continue
            for asker in everybody:
                if not route.path.startswith(asker.where):
                    continue
                for address, told in requests_of(route, asker, there):
                    answer = await asker.client.request(route.method, address, **told)
                    tried += 1
                    assert answer.status_code < 500, f"{route} by {asker.name}: {answer.status_code}"
                    if foreign_only(route) and answer.status_code < 300:
                        allowed.append(f"{route} by {asker.name}: {answer.status_code}")
                    shown = shown_without_being_sent(answer, there)
                    if route.path.startswith(DEPLOYMENT):
                        shown = [each for each in shown if each in NAMES]
                    if shown:
                        allowed.append(f"{route} by {asker.name} shows {shown}")
            now = await rows_of(house, there)
            changed = {key[0] for key in kept.keys() | now.keys() if kept.get(key) != now.get(key)}
            if changed:
                allowed.append(f"{route} changes {sorted(changed)}")
                kept = now
    assert allowed == [], "\n".join(allowed)
    assert tried > 1_000


async def test_its_own_people_reach_what_the_others_do_not(house: House) -> None:
    """The same addresses with the same numbers are real: nobody else gets in because of whose they are."""
    there = await settle(house, "second")
    asker = Asker("their own app", ("/anban",), house.http)
    refused: list[str] = []
    looked = 0
    for route in routes_of(mount(house.built)):
        if route.method != "GET" or not route.path.startswith("/anban/v1/") or not route.parameters:
            continue
        if "schema" in route.path or "drills" in route.path:
            continue
        answers = [
            await house.http.get(address, headers=there.bearing, **told)
            for address, told in requests_of(route, asker, there)
        ]
        looked += 1
        if not any(answer.status_code == 200 for answer in answers):
            refused.append(f"{route}: {[answer.status_code for answer in answers]}")
    assert refused == []
    assert looked > 12
    async with browser(house) as client:
        await sign_in(client, house, "bea", there.service.id)
        own = there.things
        for path in (f"cases/{own['case_id']}", f"appeals/{own['appeal']}", f"personas/{own['persona']}"):
            assert (await client.get(f"/desk/{path}")).status_code == 200, path


async def test_the_check_itself_sees_a_change_and_a_word(house: House) -> None:
    there = await settle(house, "second")
    before = await rows_of(house, there)
    answer = await house.http.put(f"/anban/v1/people/{REF}", json={"birth_year": 1991}, headers=there.bearing)
    after = await rows_of(house, there)
    assert {key[0] for key in after if before.get(key) != after[key]} == {"users"}
    assert shown_without_being_sent(answer, there)
