"""Which character is this, and may this person meet them? Known for a moment, so that a turn need not ask."""

import structlog

from anban.base.errors import StorageFailed, told
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.standing import Standing
from anban.provider.meeting import Character, character_of, may_meet
from anban.rails.bonds import asks_for_limits
from anban.rails.limits import Limit
from anban.rails.message import Message
from anban.rails.presence import Present
from anban.rails.runtime import Runtime

log = structlog.get_logger()


async def cast_for(message: Message, standing: Standing, rules: Rulebook, rt: Runtime) -> Character | None:
    """The character of this message, with the relation that the app's own prompt gives them; None: nobody can say.

    For adults the prompt is not read: nothing follows from it.
    """
    character = await _registered(message, rules, rt)
    if character is None or standing.audience == "adult":
        return character
    prompt = _prompt(message)
    relation = rt.cast.framed(prompt) if prompt else ""
    return character.framed_as(relation) if relation else character


@performs("no-virtual-intimacy-with-minors", "no-relative-imitation")
def not_met(character: Character | None, standing: Standing, rules: Rulebook) -> Limit | None:
    """The limit for somebody who may not talk to this character, or None.

    When nobody can say who the character is, minors and elders wait: companionship fails closed.
    """
    if character is None:
        return None if standing.audience == "adult" else Limit("persona-unknown", "outage.storage", personal=True)
    refusal = may_meet(character, standing, rules)
    return None if refusal is None else Limit(f"persona-{refusal.kind}", refusal.template, personal=True)


@performs("emotional-boundaries")
def limits_said(message: Message, present: Present, character: Character | None) -> str:
    """The character's own declared limits, to be said at the first meeting and whenever somebody asks; else empty."""
    if character is None or not character.limits or character.state != "released":
        return ""
    # How far back we remember a person is how far a first meeting can be told from a later one.
    first = not any(turn.persona == message.persona for turn in present.recent)
    if not first and not asks_for_limits(message.said):
        return ""
    return character.limits.get(message.lang) or next(iter(character.limits.values()))


@performs("sector-rules")
def sector_steers(character: Character | None) -> tuple[str, ...]:
    """What the model is told besides, for a character on health, finance or law (draft and final article 31)."""
    return () if character is None else tuple(f"steer.sector-{sector}" for sector in character.sectors)


async def _registered(message: Message, rules: Rulebook, rt: Runtime) -> Character | None:
    service, ref, now = message.service.id, message.persona, rt.clock.monotonic()
    known = rt.cast.known(service, ref)
    if known is not None and now - known[0] < rules.lasting("persona-known-seconds").total_seconds():
        return known[1]
    try:
        found = await rt.db.read(lambda connection: character_of(connection, service, ref))
    except StorageFailed as error:
        log.error("persona.unknown", decision=message.decision, **told(error))
        return None if known is None else known[1]
    rt.cast.meet(service, found, now)
    return found


def _prompt(message: Message) -> str:
    """The app's own prompts of this request, as one text."""
    texts: list[str] = []
    for each in message.body.get("messages", ()):
        if each.get("role") not in ("system", "developer"):
            continue
        content = each.get("content")
        parts = content if isinstance(content, list) else [{"text": content}]
        texts += [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return "\n".join(texts)
