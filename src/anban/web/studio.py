"""The template studio over the management API: a service's own words, who approved them, who signed all of them."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.errors import BadInput, Forbidden, NotFound
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.provider import sign_offs
from anban.provider.models import Service
from anban.provider.sign_offs import SignOff
from anban.provider.staff import staff_of
from anban.provider.wordings import OwnWording, approve, draft, go_live, retire, wordings_of
from anban.rails.own_words import take_up
from anban.rails.runtime import Runtime
from anban.web.callers import acts_as
from anban.web.manage import TheOffice, allowed
from anban.web.studio_shapes import Act, Asked, Deciding, NewSignOff, NewWording, TemplateId, WordingId
from anban.words.faults import Fault, faults
from anban.words.helplines import Audience, Lang
from anban.words.lint import lint
from anban.words.promise import Contact, Desk, PromiseBroken, PromiseState, Takeover
from anban.words.templates import Words


@get("/anban/v1/words", summary="What is said, in which version", tags=["words"])
async def list_words(request: Request[Any, Any, Any], office: TheOffice) -> dict[str, Any]:
    """Every template that people hear, the service's own versions, and whether a professional signed them."""
    service = await allowed(request, office)
    rt = office.gateway.rt

    def work(connection: Connection) -> tuple[Sequence[OwnWording], Sequence[SignOff]]:
        return wordings_of(connection, service.id), sign_offs.sign_offs_of(connection, service.id)

    own, names = await rt.db.read(work)
    digest = rt.words.digest()
    standing = next((each for each in names if each.words_digest == digest and each.withdrawn_at is None), None)
    return {
        "digest": digest,
        "sign_off": None if standing is None else shown_sign_off(standing),
        "earlier_sign_offs": [shown_sign_off(each) for each in names if each is not standing],
        "templates": [
            {
                "id": each.id,
                "lang": each.lang,
                "when": each.when,
                "version": each.version,
                "approved": each.status == "approved",
                "own": (each.id, each.lang) in rt.words.own.templates,
            }
            for each in rt.words.spoken()
        ],
        "wordings": [shown(each) for each in own],
    }


@get("/anban/v1/words/templates/{template:str}", summary="A template as people would see it", tags=["words"])
async def preview(
    request: Request[Any, Any, Any],
    office: TheOffice,
    template: TemplateId,
    lang: Lang = "zh",
    audience: Audience = "adult",
    takeover: Takeover = "none",
    contact: Contact = "none",
    on_desk: Annotated[Desk, Parameter(query="desk")] = "none",
) -> dict[str, Any]:
    """Each variant in this state; `said` is false where the state makes the words untrue, and none are shown."""
    await allowed(request, office)
    state = PromiseState(takeover=takeover, contact=contact, desk=on_desk)
    texts = previewed(office.gateway.rt.words, template, lang, audience, state)
    return {"template": template, "lang": lang, "said": bool(texts), "variants": texts}


@post("/anban/v1/words/findings", status_code=200, summary="What is against some words", tags=["words"])
async def find_faults(request: Request[Any, Any, Any], office: TheOffice, data: Asked) -> list[dict[str, Any]]:
    """What the linter holds against a text; for a whole wording of a template the promise check too."""
    await allowed(request, office)
    return against(office.gateway.rt.words, data)


@post("/anban/v1/words/wordings", status_code=201, summary="Draft own words", tags=["words"])
async def put_wording(request: Request[Any, Any, Any], office: TheOffice, data: NewWording) -> dict[str, Any]:
    """A new version that nobody hears before two different people approved it; its faults come with it."""
    service = await allowed(request, office)
    rt = office.gateway.rt

    def work(connection: Connection) -> OwnWording:
        by = lead_called(connection, rt, service, acts_as(request, data.by))
        return drafted(connection, rt, service, data.template, data.lang, dict(data.text), by)

    own = await rt.db.write(work)
    base = rt.words.templates[(own.template, own.lang)]
    return {**shown(own), "findings": [shown_fault(each) for each in faults(rt.words, base, own.text)]}


@post(
    "/anban/v1/words/wordings/{wording:str}/{act:str}", status_code=200, summary="Decide on own words", tags=["words"]
)
async def decide_wording(
    request: Request[Any, Any, Any], office: TheOffice, wording: WordingId, act: str, data: Deciding
) -> dict[str, Any]:
    """`approve` (two different people), `live`, `retire`."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    known = act_called(act)

    def work(connection: Connection) -> OwnWording:
        return decided(
            connection, rt, service, wording, known, lead_called(connection, rt, service, acts_as(request, data.by))
        )

    own = await rt.db.write(work)
    await take_up(rt, service)
    return shown(own)


@post("/anban/v1/words/sign-offs", status_code=201, summary="Record a professional's sign-off", tags=["words"])
async def put_sign_off(request: Request[Any, Any, Any], office: TheOffice, data: NewSignOff) -> dict[str, Any]:
    """A named professional signed all words spoken to people, as their digest was."""
    service = await allowed(request, office)
    rt = office.gateway.rt

    def work(connection: Connection) -> SignOff:
        by = lead_called(connection, rt, service, acts_as(request, data.by))
        return signed_off(connection, rt, service, data.name, data.profession, data.registration, data.digest, by)

    return shown_sign_off(await rt.db.write(work))


def previewed(words: Words, template: str, lang: Lang, audience: Audience, state: PromiseState) -> list[str]:
    """Each variant as it would be said, with its slots named; empty where it may not be said. Raises `NotFound`."""
    found = words.own.templates.get((template, lang)) or words.templates.get((template, lang))
    if found is None or found.spoken_to != "person":
        raise NotFound("no such template", field="template")
    slots = {slot: f"〔{slot}〕" for slot in found.slots}
    try:
        return [
            words.render(template, lang=lang, audience=audience, state=state, slots=slots, turn=turn).text
            for turn in range(len(found.variants_for(audience)))
        ]
    except PromiseBroken:
        return []


def against(words: Words, asked: Asked) -> list[dict[str, Any]]:
    """Findings for one text, or for a whole wording of a template. Raises `BadInput`, `NotFound`."""
    if asked.template is None:
        if asked.text is None:
            raise BadInput("text is missing", field="text")
        return [
            {
                "rule": each.rule,
                "said": asked.text[slice(*each.span)].strip(),
                "span": list(each.span),
                "why": {"zh": each.why_zh, "en": each.why_en},
            }
            for each in lint(asked.text, asked.lang, asked.audience)
        ]
    base = words.templates.get((asked.template, asked.lang))
    if base is None or base.spoken_to != "person":
        raise NotFound("no such template", field="template")
    wording = asked.wording or ({asked.audience: [asked.text]} if asked.text else None)
    if wording is None:
        raise BadInput("wording is missing", field="wording")
    return [shown_fault(each) for each in faults(words, base, wording)]


def drafted(
    connection: Connection, rt: Runtime, service: Service, template: str, lang: str, text: Any, by: str
) -> OwnWording:
    """Keep a draft and leave evidence of it."""
    own = draft(
        connection, rt.words, service=service.id, template=template, lang=lang, text=text, author=by, at=rt.clock.now()
    )
    _told(connection, rt, service, Kind.WORDS_CHANGED, by, **_facts(own, "draft"))
    return own


def decided(connection: Connection, rt: Runtime, service: Service, wording: str, act: Act, by: str) -> OwnWording:
    """Approve, put to use or retire, and leave evidence of it. The caller takes the words up after the commit."""
    now = rt.clock.now()
    doing: dict[Act, Callable[[], OwnWording]] = {
        "approve": lambda: approve(connection, rt.words, service.id, wording, by, now),
        "live": lambda: go_live(connection, rt.words, service.id, wording, now),
        "retire": lambda: retire(connection, service.id, wording, now),
    }
    own = doing[act]()
    _told(connection, rt, service, Kind.WORDS_CHANGED, by, **_facts(own, act))
    return own


def signed_off(
    connection: Connection,
    rt: Runtime,
    service: Service,
    name: str,
    profession: str,
    registration: str,
    digest: str,
    by: str,
) -> SignOff:
    """Record a sign-off and leave evidence of it, without the name."""
    found = sign_offs.sign(
        connection, rt.words, service=service.id, name=name, profession=profession, registration=registration,
        digest=digest, by=by, at=rt.clock.now(),
    )  # fmt: skip
    _told(connection, rt, service, Kind.WORDS_SIGNED, by, sign_off=found.id, digest=digest, what="signed")
    return found


def taken_back(connection: Connection, rt: Runtime, service: Service, sign_off: str, by: str) -> SignOff:
    """Withdraw a sign-off and leave evidence of it."""
    found = sign_offs.withdraw(connection, service.id, sign_off, rt.clock.now())
    _told(
        connection, rt, service, Kind.WORDS_SIGNED, by, sign_off=found.id, digest=found.words_digest, what="withdrawn"
    )
    return found


def lead_called(connection: Connection, rt: Runtime, service: Service, login: str) -> str:
    """The id of the active lead with this log-in. Raises `Forbidden`."""
    for each in staff_of(connection, rt.keys, service.id):
        if each.login == login and each.role == "lead" and each.state == "active":
            return each.id
    raise Forbidden("by has to be the log-in of a lead who works here", field="by", code="leads_only")


def act_called(act: str) -> Act:
    """The act of that name. Raises `NotFound`."""
    match act:
        case "approve" | "live" | "retire":
            return act
        case _:
            raise NotFound("a wording can be approved (approve), put to use (live) and retired (retire)")


def shown(own: OwnWording) -> dict[str, Any]:
    """One version as the outside sees it."""
    return {
        "id": own.id,
        "template": own.template,
        "lang": own.lang,
        "version": own.version,
        "state": own.state,
        "author": own.author,
        "approved_by": list(own.approved_by),
        "text": {audience: list(said) for audience, said in own.text.items()},
        "made_at": own.made_at.isoformat(),
        "decided_at": own.decided_at.isoformat() if own.decided_at else None,
    }


def shown_sign_off(found: SignOff) -> dict[str, Any]:
    """One sign-off as the outside sees it."""
    return {
        "id": found.id,
        "name": found.name,
        "profession": found.profession,
        "registration": found.registration,
        "digest": found.words_digest,
        "at": found.at.isoformat(),
        "withdrawn_at": found.withdrawn_at.isoformat() if found.withdrawn_at else None,
    }


def shown_fault(found: Fault) -> dict[str, Any]:
    """One finding as the outside sees it."""
    return {
        "rule": found.rule,
        "audience": found.audience,
        "variant": found.variant,
        "said": found.said,
        "why": {"zh": found.why_zh, "en": found.why_en},
    }


def _facts(own: OwnWording, act: str) -> dict[str, Fact]:
    return {"wording": own.id, "template": own.template, "lang": own.lang, "version": own.version, "what": act}


def _told(connection: Connection, rt: Runtime, service: Service, kind: Kind, by: str, **facts: Fact) -> None:
    now = rt.clock.now()
    rulebook = rt.rules(service, frozenset[str](), now).version
    write(connection, Entry(kind, now, service.id, by, service.id, rulebook, facts))
