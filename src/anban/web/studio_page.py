"""The leads' page of words: what is said, in whose words, previewed by audience and state, approved by two, signed."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, get_args

from litestar import Request, Response, get, post

from anban.base.db import Connection
from anban.base.errors import AnbanError, BadInput, Conflict, NotFound
from anban.provider.sign_offs import SignOff, sign_offs_of
from anban.provider.staff import staff_of
from anban.provider.wordings import NotFit, OwnWording, wordings_of
from anban.rails.own_words import take_up
from anban.web.desk.door import Desk, SignedIn, TheDesk, check_csrf, language, lead_only, page, signed_in
from anban.web.helplines import line_rows
from anban.web.studio import act_called, decided, drafted, previewed, signed_off, taken_back
from anban.web.studio_shapes import TemplateId, WordingId
from anban.words.faults import Wording, faults, raw_text
from anban.words.helplines import Audience, Lang
from anban.words.promise import Contact, PromiseState, Takeover
from anban.words.promise import Desk as DeskState
from anban.words.reading import LANGS, Template

T = TypeVar("T")

WORDS = "/desk/words"
MOST_FORM = 131_072
BETWEEN = "\n---\n"
"""What stands between two variants in the editor."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "crisis": ("crisis", "bereavement", "threat", "health-emergency", "violence-urge"),
    "people": ("asks-human", "takeover", "contact", "aftercare"),
    "money": ("property",),
    "notices": ("notice", "limit", "goodbye"),
    "faults": ("outage", "busy", "withheld", "rail"),
    "desk": ("desk", "drill"),
    "other": (),
}
"""How the list is ordered, by the first part of a template's id; what is not named comes last."""

STATES: Mapping[str, tuple[str, ...]] = {
    "takeover": get_args(Takeover),
    "contact": get_args(Contact),
    "desk": get_args(DeskState),
}
_FAULTS = frozenset({"second_person_needed", "wording_not_fit", "conflict", "not_found", "invalid_value"})


@get(WORDS, include_in_schema=False)
async def words_page(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """Every template, what waits for a decision, the sign-off, the directory of help; a responder is sent to leads."""
    who = await signed_in(request, desk)
    if who.staff.role != "lead":
        return page(request, desk, "desk/refused.html", status=403, here=WORDS, csrf=who.csrf)
    return await _list(request, desk, who)


@get(WORDS + "/of/{template:str}", include_in_schema=False)
async def template_page(request: Request[Any, Any, Any], desk: TheDesk, template: TemplateId) -> Response[str]:
    """One template: as people would see it, its versions, and an editor for the next one."""
    who = await lead_only(request, desk)
    return await _one(request, desk, who, template)


@post(WORDS + "/findings", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def page_findings(request: Request[Any, Any, Any], desk: TheDesk) -> dict[str, Any]:
    """What is against the words in the editor, while somebody writes."""
    who = await lead_only(request, desk)
    await check_csrf(request, who)
    form = await request.form()
    base = _base(desk, str(form.get("template", "")), _lang(form.get("in")))
    reader = language(request)
    return {"findings": _findings(desk, base, _typed(form), reader)}


@post(WORDS + "/of/{template:str}/draft", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def keep_draft(request: Request[Any, Any, Any], desk: TheDesk, template: TemplateId) -> Response[str]:
    """Keep the editor's words as the next version."""
    who = await lead_only(request, desk)
    await check_csrf(request, who)
    form = await request.form()
    lang = _lang(form.get("in"))
    text = _typed(form)

    def work(connection: Connection) -> OwnWording:
        return drafted(connection, desk.rt, who.service, template, lang, text, who.staff.id)

    try:
        await desk.rt.db.write(work)
    except BadInput as error:
        return await _one(request, desk, who, template, error, text)
    return _back(f"{WORDS}/of/{template}?in={lang}#versions")


@post(WORDS + "/wordings/{wording:str}/{act:str}", status_code=200, include_in_schema=False)
async def page_decides(request: Request[Any, Any, Any], desk: TheDesk, wording: WordingId, act: str) -> Response[str]:
    """Approve, put to use, or retire; then back to the template."""
    who = await lead_only(request, desk)
    await check_csrf(request, who)
    known = act_called(act)
    own = await _tried(request, desk, who, lambda c: decided(c, desk.rt, who.service, wording, known, who.staff.id))
    if isinstance(own, Response):
        return own
    await take_up(desk.rt, who.service)
    return _back(f"{WORDS}/of/{own.template}?in={own.lang}#versions")


@post(WORDS + "/sign-offs", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def page_signs(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """Record a professional's name under the words with the form's digest."""
    who = await lead_only(request, desk)
    await check_csrf(request, who)
    form = await request.form()
    name, profession, registration, digest = (
        str(form.get(each, ""))[:80] for each in ("name", "profession", "registration", "digest")
    )
    done = await _tried(
        request,
        desk,
        who,
        lambda c: signed_off(c, desk.rt, who.service, name, profession, registration, digest, who.staff.id),
    )
    return done if isinstance(done, Response) else _back(f"{WORDS}#sign-off")


@post(WORDS + "/sign-offs/{sign_off:str}/withdraw", status_code=200, include_in_schema=False)
async def page_withdraws(request: Request[Any, Any, Any], desk: TheDesk, sign_off: WordingId) -> Response[str]:
    """The professional takes their name back."""
    who = await lead_only(request, desk)
    await check_csrf(request, who)
    done = await _tried(request, desk, who, lambda c: taken_back(c, desk.rt, who.service, sign_off, who.staff.id))
    return done if isinstance(done, Response) else _back(f"{WORDS}#sign-off")


async def _tried(
    request: Request[Any, Any, Any], desk: Desk, who: SignedIn, work: Callable[[Connection], T]
) -> T | Response[str]:
    """Do it; what was wrong stands on the list page in plain words."""
    try:
        return await desk.rt.db.write(work)
    except (BadInput, Conflict, NotFound) as error:
        return await _list(request, desk, who, error)


async def _list(
    request: Request[Any, Any, Any], desk: Desk, who: SignedIn, error: AnbanError | None = None
) -> Response[str]:
    rt, lang = desk.rt, language(request)
    names, own, signed = await _known(desk, who)
    digest = rt.words.digest()
    standing = next((each for each in signed if each.words_digest == digest and each.withdrawn_at is None), None)
    said: dict[str, list[tuple[Template, str]]] = {group: [] for group in GROUPS}
    for each in rt.words.spoken():
        if each.lang == lang:
            said[_group(each.id)].append((each, _first_words(each)))
    return page(
        request, desk, "studio/list.html",
        status=200 if error is None else error.status,
        here=WORDS, me=who.staff, csrf=who.csrf, fault=_fault(error), digest=digest, names=names,
        reason=_reason(error, lang),
        groups=said, own_ids=set(rt.words.own.templates),
        waiting=[each for each in own if each.state in ("draft", "approved")],
        standing=standing, earlier=[each for each in signed if each is not standing],
        rows=await line_rows(rt, who.service),
    )  # fmt: skip


async def _one(
    request: Request[Any, Any, Any],
    desk: Desk,
    who: SignedIn,
    template: str,
    error: AnbanError | None = None,
    typed: Wording | None = None,
) -> Response[str]:
    rt = desk.rt
    asked = request.query_params
    lang = _lang(asked.get("in") or language(request))
    base = _base(desk, template, lang)
    said = rt.words.template(template, lang)
    audience: Audience = (
        cast(Audience, asked.get("audience")) if asked.get("audience") in get_args(Audience) else "adult"
    )
    chosen = {name: asked.get(name) if asked.get(name) in known else "none" for name, known in STATES.items()}
    state = PromiseState(**cast(dict[str, Any], {**chosen, "desk": chosen["desk"]}))
    names, own, _ = await _known(desk, who, template)
    start = typed or raw_text(said)
    return page(
        request, desk, "studio/template.html",
        status=200 if error is None else error.status,
        here=f"{WORDS}/of/{template}", me=who.staff, csrf=who.csrf, fault=_fault(error), names=names,
        shown=said, in_lang=lang, audience=audience, chosen=chosen, states=STATES,
        variants=previewed(rt.words, template, lang, audience, state),
        versions=[each for each in own if each.lang == lang],
        editor={each: BETWEEN.join(start.get(each, ())) for each in get_args(Audience)},
        findings=_findings(desk, base, start, language(request)),
    )  # fmt: skip


async def _known(
    desk: Desk, who: SignedIn, template: str | None = None
) -> tuple[dict[str, str], tuple[OwnWording, ...], tuple[SignOff, ...]]:
    """Names at the desk by id, own wordings, sign-offs."""

    def work(connection: Connection) -> tuple[dict[str, str], tuple[OwnWording, ...], tuple[SignOff, ...]]:
        staff = staff_of(connection, desk.rt.keys, who.service.id)
        own = wordings_of(connection, who.service.id, template)
        return {each.id: each.name for each in staff}, own, sign_offs_of(connection, who.service.id)

    return await desk.rt.db.read(work)


def _findings(desk: Desk, base: Template, text: Wording, reader: Lang) -> list[dict[str, Any]]:
    return [
        {
            "audience": each.audience,
            "variant": each.variant + 1,
            "said": each.said,
            "why": each.why_zh if reader == "zh" else each.why_en,
        }
        for each in faults(desk.rt.words, base, text)
    ]


def _typed(form: Any) -> Wording:
    """The editor's words: by audience, variants between lines of three dashes."""
    found: dict[Audience, list[str]] = {}
    for audience in get_args(Audience):
        lines = str(form.get(audience, "")).replace("\r\n", "\n").strip()
        variants = [each.strip() for each in f"\n{lines}\n".split(BETWEEN) if each.strip()]
        if variants:
            found[audience] = variants
    return found


def _base(desk: Desk, template: str, lang: Lang) -> Template:
    found = desk.rt.words.templates.get((template, lang))
    if found is None or found.spoken_to != "person":
        raise NotFound("no such template", field="template")
    return found


def _group(template: str) -> str:
    first = template.partition(".")[0]
    return next((group for group, prefixes in GROUPS.items() if first in prefixes), "other")


def _first_words(template: Template) -> str:
    """The first line of what adults hear whatever the state: how a lead knows a template again."""
    always = "".join(clause.text for clause in template.variants["adult"][0] if not clause.when.parts)
    return next((line for line in always.splitlines() if line.strip()), template.when)


def _lang(given: object) -> Lang:
    return given if given in LANGS else "zh"


def _fault(error: AnbanError | None) -> str:
    return "" if error is None else error.code if error.code in _FAULTS else "conflict"


def _reason(error: AnbanError | None, lang: Lang) -> str:
    """What the first finding says, where a finding is what stands in the way."""
    if not isinstance(error, NotFit):
        return ""
    first = error.faults[0]
    return first.why_zh if lang == "zh" else first.why_en


def _back(to: str) -> Response[str]:
    return Response("", status_code=303, headers={"Location": to})


STUDIO_PAGES = (words_page, template_page, page_findings, keep_draft, page_decides, page_signs, page_withdraws)
"""The doors of these pages."""
