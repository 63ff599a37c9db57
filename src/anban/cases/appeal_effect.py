"""What a granted appeal does, and what is truly said of it: some limits are ours to lift, others are not."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from anban.cases.case import Case
from anban.conversations.mailbox import put_care
from anban.law.rulebook import Rulebook
from anban.people.ages import restore_adult
from anban.people.blocked import blocked_of, unblock
from anban.people.models import User
from anban.people.standing import Standing, standing_at
from anban.words.language import Lang
from anban.words.templates import Words

About = Literal["age", "limit", "block", "mode", "other"]

Effect = Literal["restored", "opened", "guardian", "law", "self", "heard"]
"""What becomes of a granted appeal.

`restored`: the minors' mode ends, and with it every limit and refusal that came from it. `opened`: characters that a
former guardian had closed are open again. `guardian`: it is a guardian's, who alone changes it. `law`: the law asks it
for this age group. `self`: the person set it themselves and can change it at any time. `heard`: a person agrees, and
there is nothing of ours to lift.
"""

KEPT = "kept"
"""What the person is told where nothing was granted."""


def effect_of(about: str, user: User, standing: Standing, closed_by: Collection[str]) -> Effect:
    """What granting this appeal would do, told to whoever decides before they decide.

    `closed_by` says who closed characters for this person: guardian, self.

    About age a person's word ends the mode, whatever it rested on. A limit, a refusal and the mode itself are lifted
    only where our own suspicion or a device put them there and nobody is bound as guardian: what a guardian chose is
    lifted by a guardian (draft art 12, final art 14 and 17), and what the law asks for minors and elders by nobody;
    if the age behind it is wrong, that is an appeal about age.
    """
    if about == "age":
        return "restored"
    if about == "other":
        return "heard"
    if standing.is_minor:
        if standing.guardian_bound or user.mode_ground == "guardian":
            return "guardian"
        doubted = standing.ground in ("suspected", "device")
        chosen = about == "mode" and standing.ground == "mode"
        return "restored" if doubted or chosen else "law"
    return _of_the_grown(about, standing, closed_by)


def effect_now(connection: Connection, about: str, user: User, at: datetime, rules: Rulebook) -> Effect:
    """The same, read now."""
    closed_by = {each.by for each in blocked_of(connection, user.id)}
    return effect_of(about, user, standing_at(connection, user, at, rules), closed_by)


def carry_out(connection: Connection, effect: Effect, user: User, case: str, at: datetime, rules: Rulebook) -> None:
    """Do what a granted appeal does; most do nothing, and say so (`tell_answer`)."""
    if effect == "restored":
        restore_adult(connection, user, case, at, rules, "responder")
    elif effect == "opened":
        for each in blocked_of(connection, user.id):
            if each.by == "guardian":
                unblock(connection, user, each.persona, "guardian", at, rules)


def tell_answer(
    connection: Connection, user: User, case: Case, words: Words, lang: Lang, at: datetime, rules: Rulebook
) -> None:
    """Leave the answer for the person in their own age's wording: what a person decided, and who can change it."""
    told = next(str(each.facts.get("effect", KEPT)) for each in reversed(case.events) if each.kind == "closed")
    audience = standing_at(connection, user, at, rules).audience
    text = words.render(f"appeal.{told}", lang=lang, audience=audience).text
    once = f"{case.id}|answered"
    put_care(connection, user.id, user.key, text=text, about="appeal.answered", at=at, once=once)


def _of_the_grown(about: str, standing: Standing, closed_by: Collection[str]) -> Effect:
    if about == "limit" and standing.own_limits.chosen():
        return "self"
    if about == "block":
        if "guardian" in closed_by:
            # Nobody else could ever open it: they have no right to it any more.
            return "guardian" if standing.guardian_bound else "opened"
        if "self" in closed_by:
            return "self"
        if standing.audience == "elder":
            return "law"
    return "heard"
