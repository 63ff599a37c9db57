"""`anban words`: what is said, in whose words; drafts, approvals and the professional's sign-off."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import orjson
from cyclopts import App, Parameter
from rich.console import Console

from anban.base.errors import BadInput
from anban.cli.service import DEFAULT_DATA, Service

words = App(name="words", help="What Anban says, in whose words, and who let it be said.", result_action="return_value")
out = Console(highlight=False, soft_wrap=True)

Data = Annotated[Path, Parameter(help="The deployment's data folder.")]
Lang = Literal["zh", "en"]
Audience = Literal["adult", "minor", "elder"]
By = Annotated[str, Parameter(help="The log-in of the lead who does it.")]


@words.command(name="list")
def list_words(*, json: bool = False, data: Data = DEFAULT_DATA) -> int:
    """Every template with its version, own versions by state, and the sign-off."""
    found = Service(data).ask("GET", "/anban/v1/words")
    if json:
        sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
        return 0
    for each in found["templates"]:
        whose = "own" if each["own"] else "packaged"
        state = "approved" if each["approved"] else "not approved"
        _say(f"{each['id']:<26} {each['lang']}  version {each['version']:<5} {whose:<9} {state}")
    for each in found["wordings"]:
        by = f", approved by {len(each['approved_by'])}" if each["approved_by"] else ""
        _say(f"  {each['id']}  {each['template']} {each['lang']} version {each['version']}: {each['state']}{by}")
    signed = found["sign_off"]
    _say(f"digest {found['digest']}")
    if signed:
        _say(f"signed by {signed['name']}, {signed['profession']}, {signed['registration']}, on {signed['at'][:10]}")
    else:
        _say("no professional has signed these words; ANBAN_ENFORCE would refuse to start")
    return 0


@words.command
def preview(
    template: str,
    *,
    lang: Lang = "zh",
    audience: Audience = "adult",
    takeover: Literal["none", "asked", "joined", "off_hours"] = "none",
    contact: Literal["none", "will", "sent", "received", "held"] = "none",
    desk: Literal["open", "none"] = "none",
    data: Data = DEFAULT_DATA,
) -> int:
    """A template as people would see it in this state. Exit code 1 where the state makes it untrue."""
    state = urlencode({"lang": lang, "audience": audience, "takeover": takeover, "contact": contact, "desk": desk})
    found = Service(data).ask("GET", f"/anban/v1/words/templates/{template}?{state}")
    if not found["said"]:
        _say("not said: in this state it would not be true")
        return 1
    _say("\n\n".join(found["variants"]))
    return 0


@words.command
def lint(*, text: str | None = None, lang: Lang = "zh", audience: Audience = "adult", json: bool = False) -> int:
    """What the linter holds against --text, or against standard input. Needs no service. Exit code 1 for a finding."""
    from anban.words.lint import lint as look

    given = sys.stdin.read() if text is None else text
    found = look(given, lang, audience)
    if json:
        listed = [
            {"rule": each.rule, "span": each.span, "why": {"zh": each.why_zh, "en": each.why_en}} for each in found
        ]
        sys.stdout.buffer.write(orjson.dumps(listed) + b"\n")
        return 1 if found else 0
    for each in found:
        _say(f"{each.rule:<16} {given[slice(*each.span)].strip()}\n    {each.why_zh}\n    {each.why_en}")
    if not found:
        _say("nothing found; a person still reads it")
    return 1 if found else 0


@words.command
def draft(template: str, file: Path, *, by: By, lang: Lang = "zh", data: Data = DEFAULT_DATA) -> int:
    """A new version from FILE: JSON {"adult": ["...", "..."], "minor": [...]}. Exit code 1 when it has findings."""
    try:
        text: Any = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadInput(f"{file} cannot be read as JSON", field="file") from error
    body = {"template": template, "lang": lang, "text": text, "by": by}
    found = Service(data).ask("POST", "/anban/v1/words/wordings", body)
    _say(f"{found['id']}: draft, version {found['version']}")
    for each in found["findings"]:
        _say(f"  {each['rule']}, {each['audience']}, variant {each['variant'] + 1}: {each['said']}")
        _say(f"    {each['why']['en']}")
    return 1 if found["findings"] else 0


@words.command
def approve(wording: str, *, by: By, data: Data = DEFAULT_DATA) -> int:
    """One lead's word for a draft; two different leads are needed."""
    found = _decide(data, wording, "approve", by)
    _say(
        "approved; put it to use with `anban words live`" if found["state"] == "approved" else "one more lead is needed"
    )
    return 0


@words.command
def live(wording: str, *, by: By, data: Data = DEFAULT_DATA) -> int:
    """Say an approved version from now on."""
    _decide(data, wording, "live", by)
    _say("said from now on; an earlier sign-off no longer holds for these words")
    return 0


@words.command
def retire(wording: str, *, by: By, data: Data = DEFAULT_DATA) -> int:
    """Say the packaged words again."""
    _decide(data, wording, "retire", by)
    _say("retired; the packaged words are said again")
    return 0


@words.command
def sign(*, name: str, profession: str, registration: str, digest: str, by: By, data: Data = DEFAULT_DATA) -> int:
    """Record that a named professional has read and signed all words with this digest (see `anban words list`)."""
    body = {"name": name, "profession": profession, "registration": registration, "digest": digest, "by": by}
    found = Service(data).ask("POST", "/anban/v1/words/sign-offs", body)
    _say(f"recorded: {found['name']}, {found['profession']}, {found['registration']}")
    return 0


def _decide(data: Path, wording: str, act: str, by: str) -> dict[str, Any]:
    return Service(data).ask("POST", f"/anban/v1/words/wordings/{wording}/{act}", {"by": by})


def _say(text: str) -> None:
    out.print(text, markup=False)
