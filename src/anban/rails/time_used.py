"""A person's time in this turn: how much was used, what of it is left, and what is written down of it."""

from datetime import datetime

from anban.conversations.sessions import Session, use
from anban.conversations.usage import USAGE_KEPT, Usage, spend, usage_rows
from anban.law.rulebook import Rulebook
from anban.people.elder_setup import Occasion, setup_due
from anban.people.standing import Standing
from anban.rails.limits import Around, own_minutes_used, time_left, zone_of
from anban.rails.presence import Present
from anban.rails.reminders import Person, Switch
from anban.rails.runtime import Runtime
from anban.rails.situation import Situation
from anban.rails.verdict import Stop
from anban.words.language import Lang
from anban.words.templates import Words

TIME_UP = "limit.time"
"""The one limit that is reached by talking; at all others the companion was resting, and no time was used."""


def around(present: Present, persona: str, rules: Rulebook) -> Around:
    """What limits go by besides standing and use."""
    return Around(zone_of(present.user, rules), persona, present.exemptions, present.preview)


def counted(present: Present, persona: str, rules: Rulebook, at: datetime) -> Usage:
    """The person's use up to `at`, in which they speak to `persona`. Nothing is kept yet."""
    if present.user is None:
        return Usage()
    gap = rules.lasting("continuous-use-gap")
    zone = zone_of(present.user, rules)
    return spend(present.usage, at, persona, zone, gap, human=present.holder is not None)[0]


def keep_time(situation: Situation, rt: Runtime) -> None:
    """Count the time until this message and hand it to the next group commit: no turn waits for it."""
    message, present, verdict = situation.message, situation.present, situation.verdict
    if present.user is None:
        return
    if present.holder is None and isinstance(verdict, Stop) and verdict.rule != TIME_UP:
        return
    gap, zone = situation.rules.lasting("continuous-use-gap"), zone_of(present.user, situation.rules)
    human = present.holder is not None
    present.usage, changed = spend(present.usage, message.at, message.persona, zone, gap, human=human)
    for row in usage_rows(present.user.id, present.usage, changed):
        rt.db.later(USAGE_KEPT, row)


def person_now(
    present: Present, standing: Standing, rules: Rulebook, at: datetime, persona: str, words: Words, lang: Lang
) -> Person:
    """What reminders go by at `at`, whether or not somebody writes."""
    if present.user is None:
        return Person(standing, present.held)
    usage, zone = counted(present, persona, rules, at), zone_of(present.user, rules)
    return Person(
        standing,
        present.held,
        time_left(standing, usage, rules, at, around(present, persona, rules)),
        own_minutes_used(standing, usage, at, zone),
        _switch(present, words, lang),
        at.astimezone(zone),
        preview=present.preview,
        asks=_asks(present, standing, rules, at),
    )


def session_now(present: Present, rules: Rulebook, at: datetime) -> Session | None:
    """Continuous use as of `at`; None when it has ended."""
    session, _ = use(present.session, at, rules.lasting("continuous-use-gap"), human=present.holder is not None)
    return session


def _switch(present: Present, words: Words, lang: Lang) -> Switch | None:
    if present.suspicion is None:
        return None
    identifier, source = present.suspicion
    page = words.page(lang)
    return Switch(identifier, page.get(f"mode.because.{source}", page["mode.because.other"]))


def _asks(present: Present, standing: Standing, rules: Rulebook, at: datetime) -> tuple[Occasion, datetime] | None:
    """Whether an elder is to name somebody to be called, on which occasion, and since when."""
    if present.setup is None or present.user is None:
        return None
    so_far, named = present.setup
    occasion = setup_due(standing, so_far, named, present.user.first_seen, at, rules)
    since = {"first": present.user.first_seen, "again": so_far.skipped_at, "yearly": so_far.done_at}
    return None if occasion is None else (occasion, since[occasion] or present.user.first_seen)
