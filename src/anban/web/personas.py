"""The registry of characters over the management API: made, handed to review, released, refused, ended."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post, put
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.errors import BadInput, NotFound
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.provider.models import Service
from anban.provider.persona_lint import Finding
from anban.provider.personas import (
    Card,
    Decided,
    Given,
    Persona,
    find_persona,
    personas_of,
    put_persona,
    refuse,
    release,
    retire,
    submit,
)
from anban.rails.runtime import Runtime
from anban.web.callers import acts_as
from anban.web.manage import TheOffice, allowed
from anban.web.shapes import LINE, Short
from anban.web.studio import lead_called
from anban.words.helplines import Lang

Ref = Annotated[str, Parameter(min_length=1, max_length=128, pattern=LINE)]
Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9-]+$")]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=LINE)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, msgspec.Meta(min_length=4, max_length=400, pattern=LINE)]
Act = Literal["submit", "release", "refuse", "retire"]
ACTS: tuple[Act, ...] = ("submit", "release", "refuse", "retire")


class GivenCard(msgspec.Struct, forbid_unknown_fields=True):
    """What a character is made of: its prompt, and the limits that it says of itself, a short line by language."""

    prompt: Text
    limits: dict[Lang, Line] = {}


class GivenPersona(msgspec.Struct, forbid_unknown_fields=True):
    """A character as its provider describes it; `relation` is only a claim. `by` is the log-in of a lead."""

    name: Short
    card: GivenCard
    by: Short
    relation: Annotated[str, msgspec.Meta(max_length=24, pattern=r"^[a-z-]*$")] = ""
    topics: Annotated[list[Slug], msgspec.Meta(max_length=20)] = []
    scenario: Annotated[str, msgspec.Meta(max_length=40, pattern=r"^[a-z0-9-]*$")] = ""
    aims: Annotated[list[Line], msgspec.Meta(max_length=20)] = []


class DecidedPersona(msgspec.Struct, forbid_unknown_fields=True):
    """What is decided, under whose log-in. Release reads relation, sectors, looked and set_aside; refusal the reason.

    `looked` names the forbidden aims that the reviewer looked for; `set_aside` gives a reason for each finding that
    does not hold.
    """

    by: Short
    relation: Annotated[str, msgspec.Meta(max_length=24, pattern=r"^[a-z-]*$")] = ""
    sectors: Annotated[list[Slug], msgspec.Meta(max_length=8)] = []
    looked: Annotated[list[Slug], msgspec.Meta(max_length=20)] = []
    set_aside: Annotated[dict[Slug, Reason], msgspec.Meta(max_length=20)] = {}
    reason: Annotated[str, msgspec.Meta(max_length=400, pattern=LINE)] = ""


@get("/anban/v1/personas", summary="Characters of the service", tags=["personas"])
async def list_personas(request: Request[Any, Any, Any], office: TheOffice) -> list[dict[str, Any]]:
    """Every registered character, those that wait for review first."""
    service = await allowed(request, office)
    found = await office.gateway.rt.db.read(lambda connection: personas_of(connection, service.id))
    return [shown(each) for each in found]


@get("/anban/v1/personas/{ref:str}", summary="One character", tags=["personas"])
async def get_persona(request: Request[Any, Any, Any], office: TheOffice, ref: Ref) -> dict[str, Any]:
    """The card, what the linter holds against it, and how far review has come."""
    service = await allowed(request, office)
    return shown(await office.gateway.rt.db.read(lambda connection: find_persona(connection, service.id, ref)))


@put("/anban/v1/personas/{ref:str}", summary="Make or change a character", tags=["personas"])
async def write_persona(
    request: Request[Any, Any, Any], office: TheOffice, ref: Ref, data: GivenPersona
) -> dict[str, Any]:
    """A draft with its findings. A change of a released character takes it back to draft."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    card = Card(data.card.prompt, dict(data.card.limits))
    given = Given(data.name, card, data.relation, tuple(data.topics), data.scenario, tuple(data.aims))

    def work(connection: Connection) -> Persona:
        by = lead_called(connection, rt, service, acts_as(request, data.by))
        made = put_persona(connection, service.id, ref, given, by, rt.clock.now())
        told(connection, rt, service, made, "draft", by)
        return made

    made = await rt.db.write(work)
    rt.cast.forget(service.id)
    return shown(made)


@post("/anban/v1/personas/{ref:str}/{act:str}", status_code=200, summary="Decide about a character", tags=["personas"])
async def decide_persona(
    request: Request[Any, Any, Any], office: TheOffice, ref: Ref, act: str, data: DecidedPersona
) -> dict[str, Any]:
    """Hand to review (submit), let people meet it (release, by a second person), refuse, or end it (retire)."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    doing = act_called(act)

    def work(connection: Connection) -> Persona:
        by = lead_called(connection, rt, service, acts_as(request, data.by))
        decided = Decided(data.relation, tuple(data.sectors), tuple(data.looked), dict(data.set_aside))
        return carried(connection, rt, service, ref, doing, by, decided, data.reason)

    found = await rt.db.write(work)
    rt.cast.forget(service.id)
    return shown(found)


def carried(
    connection: Connection, rt: Runtime, service: Service, ref: str, act: Act, by: str, decided: Decided, reason: str
) -> Persona:
    """Do it and leave evidence of it. The caller lets running conversations know after the commit."""
    now = rt.clock.now()
    match act:
        case "submit":
            done = submit(connection, service.id, ref)
        case "release":
            packs = rt.rules(service, frozenset[str](), now).names("sector-packs")
            done = release(connection, service.id, ref, decided, by, now, sector_packs=packs)
        case "refuse":
            if not reason.strip():
                raise BadInput("say why, so that the author can mend it", field="reason")
            done = refuse(connection, service.id, ref, reason.strip(), by, now)
        case "retire":
            done = retire(connection, service.id, ref, now)
    told(connection, rt, service, done, act, by)
    return done


def act_called(act: str) -> Act:
    """The act of that name. Raises `NotFound`."""
    for each in ACTS:
        if each == act:
            return each
    raise NotFound("a character can be handed to review (submit), released, refused and retired")


def told(connection: Connection, rt: Runtime, service: Service, persona: Persona, act: str, by: str) -> None:
    """Evidence of a change, without a word of the card."""
    now = rt.clock.now()
    facts: dict[str, Fact] = {
        "persona": persona.id,
        "what": act,
        "state": persona.state,
        "relation": persona.relation,
        "sectors": sorted(persona.sectors),
        "found": sorted({each.rule for each in persona.findings}),
        "set_aside": sorted(persona.set_aside),
    }
    rulebook = rt.rules(service, frozenset[str](), now).version
    write(connection, Entry(Kind.PERSONA_CHANGED, now, service.id, by, service.id, rulebook, facts))


def shown(persona: Persona) -> dict[str, Any]:
    """A character as the outside sees it."""
    given = persona.given
    return {
        "ref": persona.ref,
        "id": persona.id,
        "name": given.name,
        "state": persona.state,
        "relation": persona.relation,
        "claimed_relation": given.claimed,
        "topics": list(given.topics),
        "scenario": given.scenario,
        "aims": list(given.aims),
        "card": {"prompt": given.card.prompt, "limits": dict(given.card.limits)},
        "sectors": list(persona.sectors),
        "findings": [shown_finding(given.text, each) for each in persona.findings],
        "set_aside": dict(persona.set_aside),
        "reason": persona.reason,
        "made_by": persona.made_by,
        "reviewed_by": persona.reviewed_by,
        "made_at": persona.made_at.isoformat(),
        "decided_at": persona.decided_at.isoformat() if persona.decided_at else None,
    }


def shown_finding(text: str, found: Finding) -> dict[str, Any]:
    """One finding, with the words of the card that it rests on."""
    return {
        "rule": found.rule,
        "gravity": found.gravity,
        "gives": found.gives,
        "said": text[slice(*found.span)][:200],
        "why": {"zh": found.why_zh, "en": found.why_en},
    }
