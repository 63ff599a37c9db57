"""A second tenant in a house, with one of everything that has a number, and what may not be seen or changed of it.

there = await settle(house, "second")
there.things["case_id"]      # its case, to be asked for by somebody else
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import Connection, LargeBinary, select

from anban.base.db import metadata
from anban.cases.models import case_events, cases
from anban.conversations.models import turns
from anban.people.models import contacts, users
from anban.provider.access import ask as access
from anban.provider.models import Service
from anban.provider.persona_models import personas
from anban.provider.services import add_key, open_service
from anban.provider.staff import credentials
from tests.house import House

REF, CHILD, CARER = "bianca-of-b", "bobby-of-b", "beate-of-b"
NAMES = ("贝塔阿姨", "13911110001", "13911110002", "beta@example.org", "贝塔的小狗叫豆豆", "贝塔的角色", "贝塔值班员")
"""What stands in records of the second tenant and nowhere else."""

_ID = re.compile(r"[a-z]{2,5}_[0-9a-f]{32}")
BY_THE_WAY = frozenset({"network_requests", "ledger_entries", "ledger_checkpoints", "ledger_edge", "leases"})
"""Tables that every request or the clock moves on, whoever asked; the ledger only ever grows, by its own rules."""


@dataclass
class Tenant:
    """A tenant: its service, the key of its app, and one of each of its things by the name that addresses give it."""

    service: Service
    key: str
    things: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def bearing(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}


async def settle(house: House, name: str) -> Tenant:
    """A tenant with people, a case, a guardian, a character, staff, words, a copy, an erasure, a hold, and so on."""

    def work(connection: Connection) -> tuple[Service, str]:
        made = open_service(connection, name=name, tenant=name, packs=house.service.packs, place=house.service.place)
        return made, add_key(connection, made.id, house.clock.now())

    service, key = await house.rt.db.write(work)
    tenant = Tenant(service, key)
    for step in (_people, _family, _desk, _rights, _evidence):
        await step(house, tenant)
    await house.rt.db.settled()
    return tenant


async def ask(house: House, tenant: Tenant, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A request of the tenant's own app; it must go well."""
    told = {**tenant.bearing, **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = await house.http.request(method, path, json=body, headers=told)
    assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


async def one(house: House, query: Any) -> Any:
    """The newest row of a query."""
    await house.rt.db.settled()
    return await house.rt.db.read(lambda connection: connection.execute(query).first())


async def _people(house: House, tenant: Tenant) -> None:
    contact = {"name": NAMES[0], "route": "sms", "address": NAMES[1]}
    await ask(house, tenant, "PUT", f"/anban/v1/people/{REF}", {"birth_year": 1990, "contacts": [contact]})
    house.model.says(NAMES[4])
    for text in ("你好", "我不想活了，药已经买好了"):
        body = {"model": "scripted", "messages": [{"role": "user", "content": f"{text}，{NAMES[4]}"}]}
        answer = await house.http.post(
            "/v1/chat/completions", json=body,
            headers={**tenant.bearing, "x-anban-user": REF, "x-anban-conversation": "of-b"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        tenant.things["decision"] = answer.headers["x-anban-decision"]
    await house.work(seconds=1)
    case = await one(house, select(cases.c.id, cases.c.user).where(cases.c.service == tenant.service.id))
    person = await one(house, select(users.c.id).where(users.c.id == case.user))
    called = await one(house, select(contacts.c.id).where(contacts.c.user == person.id))
    turn = await one(house, select(turns.c.id).where(turns.c.user == person.id))
    tenant.things |= {"user": REF, "case_id": case.id, "contact": called.id, "subject": person.id, "turn": str(turn.id)}
    await ask(house, tenant, "POST", "/anban/v1/exit", {"user": REF, "conversation": "of-b"})


async def _family(house: House, tenant: Tenant) -> None:
    await ask(house, tenant, "PUT", f"/anban/v1/people/{CHILD}", {"age_band": "12-15"})
    claim = {
        "user": CHILD, "name": NAMES[0], "evidence": "household-register", "calls": "小贝",
        "claims_from": {"route": "sms", "address": NAMES[2]}, "code_to": {"route": "email", "address": NAMES[3]},
    }  # fmt: skip
    made = (await ask(house, tenant, "POST", "/anban/v1/guardians/claims", claim))["claim"]
    await house.work()
    code = re.search(r"\d{6}", [each["text"] for each in await house.sent() if each["address"] == NAMES[3]][-1])
    assert code
    await ask(house, tenant, "POST", f"/anban/v1/guardians/claims/{made}/code", {"code": code[0]})
    await ask(house, tenant, "POST", f"/anban/v1/people/{CHILD}/guardians/{made}/confirm", {})
    await house.work(minutes=61)
    await ask(house, tenant, "POST", "/anban/v1/appeals", {"user": CHILD, "about": "age", "text": NAMES[4]})
    appeal = await one(house, select(cases.c.id).where(cases.c.kind == "appeal", cases.c.service == tenant.service.id))
    tenant.things |= {"claim_id": made, "claim": made, "child": CHILD, "appeal": appeal.id}


async def _desk(house: House, tenant: Tenant) -> None:
    for login in ("bea", "ben"):
        new = {"login": login, "name": NAMES[6], "password": "a long password", "role": "lead", "tier": 3}
        made = await ask(house, tenant, "POST", "/anban/v1/staff", new)
        tenant.things[login] = made["id"]
    made = await ask(house, tenant, "POST", "/anban/v1/staff/bea/keys", {"label": "b"})
    tenant.things |= {"login": "bea", "key": made["id"], "staff key": made["key"]}
    shift = {"login": "bea", "begins": "00:00", "ends": "00:00", "weekdays": [0, 1, 2, 3, 4, 5, 6]}
    tenant.things["shift"] = _first_id(await ask(house, tenant, "POST", "/anban/v1/rota", shift), "id")
    card = {"name": NAMES[5], "card": {"prompt": f"温和的朋友。{NAMES[5]}"}, "by": "bea", "relation": "friend"}
    await ask(house, tenant, "PUT", "/anban/v1/personas/b-friend", card)
    wording = {
        "template": "crisis.l2",
        "lang": "zh",
        "text": {"adult": [f"{NAMES[4]}。可以找{{lines}}。"]},
        "by": "bea",
    }
    own = await ask(house, tenant, "POST", "/anban/v1/words/wordings", wording)
    card_id = (await one(house, select(personas.c.id).where(personas.c.service == tenant.service.id))).id
    digest = (await ask(house, tenant, "GET", "/anban/v1/words"))["digest"]
    doctor = {"name": NAMES[0], "profession": "医师", "registration": "1", "digest": digest, "by": "bea"}
    signed = await ask(house, tenant, "POST", "/anban/v1/words/sign-offs", doctor)
    tenant.things |= {"grant": await _granted(house, tenant), "sign_off": _first_id(signed, "id")}
    tenant.things |= {"ref": "b-friend", "persona": card_id, "wording": own["id"], "template": "crisis.l2"}


async def _granted(house: House, tenant: Tenant) -> str:
    """Somebody of this tenant has asked to read on a reason."""
    at = house.clock.now()
    rules = house.rt.rules(tenant.service, frozenset[str](), at)

    def work(connection: Connection) -> str:
        found = credentials(connection, house.rt.keys, tenant.service.id, "bea")
        assert found is not None
        things, why = tenant.things, f"{NAMES[4]}，家人来问过"
        return access(
            connection, house.rt.keys, found.staff, things["case_id"], things["subject"], "safety", why, 15, at, rules
        ).id

    return await house.rt.db.write(work)


async def _rights(house: House, tenant: Tenant) -> None:
    at = house.clock.now()
    exemption = {"limit": "time", "hours": 2, "by": "guardian", "reason": "holiday"}
    given = await ask(house, tenant, "POST", f"/anban/v1/people/{CHILD}/exemptions", exemption)
    hold = {"clause": "court 1", "until": (at + timedelta(days=9)).isoformat()}
    held = await ask(house, tenant, "POST", f"/anban/v1/people/{CHILD}/holds", hold)
    copy = await ask(house, tenant, "POST", f"/anban/v1/people/{REF}/copies", {"by": "user", "lang": "zh"})
    await house.work(seconds=5)
    gone = await ask(house, tenant, "POST", f"/anban/v1/people/{CHILD}/erasures", {"scope": "all", "by": "user"})
    tenant.things |= {
        "exemption": _first_id(given, "id"), "hold": _first_id(held, "id"), "copy": copy["id"],
        "erasure": _first_id(gone, "id"),
    }  # fmt: skip


async def _evidence(house: House, tenant: Tenant) -> None:
    named = await ask(house, tenant, "POST", "/anban/v1/drills/people")
    event = await one(house, select(case_events.c.id).where(case_events.c.case == tenant.things["case_id"]))
    tenant.things |= {"drill": str(named.get("user", "")), "event_id": "1", "event": str(event.id)}


def _first_id(answer: Any, name: str) -> str:
    """The value under this name, wherever it stands in an answer."""
    if isinstance(answer, dict):
        if isinstance(answer.get(name), str):
            return answer[name]
        answer = list(answer.values())
    if isinstance(answer, list):
        for each in answer:
            if found := _first_id(each, name):
                return found
    return ""


# --- what belongs to it ---------------------------------------------------------------------------------------------

Rows = dict[tuple[str, str], str]


async def rows_of(house: House, tenant: Tenant) -> Rows:
    """Every row that is about this tenant, by table and key: found from its service over everything that names it."""
    await house.rt.db.settled()
    return await house.rt.db.read(lambda connection: _rows(connection, {tenant.service.id, tenant.service.tenant}))


def _rows(connection: Connection, ids: set[str]) -> Rows:
    found: Rows = {}
    everything = [
        (table, row)
        for table in metadata.sorted_tables
        if table.name not in BY_THE_WAY and not table.name.startswith("test_")
        for row in connection.execute(select(table)).all()
    ]
    grown = -1
    while grown != len(found):
        grown = len(found)
        for table, row in everything:
            owners = [
                row._mapping[name] for name in ("service", "user") if name in table.columns and row._mapping[name]
            ]
            values = [str(value) for value in (owners or row) if isinstance(value, str)]
            if not ids & {part for value in values for part in _ID.findall(value)}:
                continue
            key = repr([row._mapping[column.name] for column in table.primary_key])  # noqa: SLF001
            if (table.name, key) not in found:
                found[(table.name, key)] = _told(table, row)
                ids |= {part for column in table.primary_key for part in _ID.findall(str(row._mapping[column.name]))}
    return found


def _told(table: Any, row: Any) -> str:
    blobs = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    return repr({name: (bytes(v).hex() if name in blobs and v is not None else v) for name, v in row._mapping.items()})


def secrets_of(tenant: Tenant) -> Sequence[str]:
    """What nobody else may be shown: names, words, and every number of this tenant."""
    ids = [each for each in tenant.things.values() if _ID.fullmatch(each)]
    return (*NAMES, *ids, tenant.service.id, tenant.service.tenant, tenant.things["staff key"])


def shown_without_being_sent(answer: httpx.Response, tenant: Tenant) -> list[str]:
    """Which of those stand in an answer to a request that did not itself name them."""
    sent = str(answer.request.url) + answer.request.content.decode("utf-8", "replace") + str(answer.request.headers)
    return [each for each in secrets_of(tenant) if each in answer.text and each not in sent]
