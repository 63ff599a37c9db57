"""Calling those who work at the desk outside their page: one short message each, merged, never about who it is.

The desk page rings by itself through its own channel; this is for phones and groups. A flood of cases is one message a
minute to each of them, and the queue shows the rest (reliability A11).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from anban.base.keys import MasterKeys
from anban.cases.carried import Carried
from anban.cases.case import Case
from anban.cases.owed import LEAD, Call
from anban.cases.queue import waiting_counts
from anban.outreach.channel import Letter
from anban.outreach.outreach import Outreach
from anban.people.models import Contact
from anban.provider.staff import Staff, staff_of
from anban.risk.ladder import LIFE_NAMES
from anban.words.templates import Lang, Words

log = structlog.get_logger("anban.desk")

HOOK_ROUTE = "oncall"
"""The route of a deployment's own paging tool, where its channels have one."""

MERGED_WITHIN = timedelta(seconds=60)
"""One message to each member of staff in this time; for an L4 a third of it."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Whom to call, and what to tell them."""

    staff: tuple[Staff, ...]
    text: str
    subject: str
    link: str
    tier: int = 0


class Ringing:
    """Remembers whom this process rang last, so that many cases are one call."""

    def __init__(self, keys: MasterKeys, words: Words, outreach: Outreach, public_url: str) -> None:
        self._keys = keys
        self._words = words
        self._outreach = outreach
        self._desk = f"{public_url}/desk"
        self._rang: dict[str, datetime] = {}

    def of(self, connection: Connection, case: Case, act: Call, person: Carried, now: datetime) -> Ring:
        """Whom to call: the tier on duty, or for an alarm everybody there is."""
        every = [
            each for each in staff_of(connection, self._keys, case.service) if each.state == "active" and each.tier
        ]
        if act.tier:
            duty = {each.staff for each in person.duty if each.tier == act.tier}
            chosen = [each for each in every if each.id in duty]
        else:
            chosen = [each for each in every if each.role == "lead" or each.tier >= LEAD] or every
        if HOOK_ROUTE in self._outreach.routes:
            # A paging tool of the deployment's own is called beside whoever stands on the rota.
            chosen.append(Staff(HOOK_ROUTE, case.service, "", "", "lead", LEAD, "active", ((HOOK_ROUTE, ""),)))
        waiting = waiting_counts(connection, case.service)
        waited = max(0, int((now - case.waiting_since).total_seconds()))
        words = self._words.page(person.lang)
        slots = {
            "level": LIFE_NAMES[case.level],
            "group": words[f"desk.group.{person.standing.audience}"],
            "seconds": str(waited),
            "waiting": str(sum(waiting.values())),
            "link": self._desk,
        }
        template = "desk.page" if act.tier else "desk.alarm"
        text, subject = self._words.render(template, lang=person.lang, slots=slots).text, words["desk.subject"]
        if case.is_drill:
            # Whoever is called must not fear for a person who is nobody.
            text, subject = f"{words['drill.mark']}\n{text}", f"{words['drill.mark']}{subject}"
        return Ring(tuple(chosen), text, subject, self._desk, act.tier)

    def about_drills(self, staff: tuple[Staff, ...], lang: Lang) -> Ring:
        """That a crisis drill is due: nothing that hurries, and no person behind it."""
        lead = f"{self._desk}/lead"
        text = self._words.render("desk.drill-due", lang=lang, slots={"link": lead}).text
        return Ring(staff, text, self._words.page(lang)["drill.subject"], lead)

    async def ring(self, rings: Sequence[Ring], case: Case, now: datetime) -> None:
        """Send what is to be sent. A desk that cannot be reached is seen by the next alarm, never by an exception."""
        calls = []
        for ring in rings:
            for staff in ring.staff:
                # A drill's call never stands in for the call to a person who is in danger.
                key = f"{staff.id}|drill" if case.is_drill else staff.id
                if self._rang_lately(key, case.level, now):
                    continue
                self._rang[key] = now
                calls.append(self._call(staff, ring, case.id, now))
        # All at once: one who cannot be reached must not keep the others waiting.
        await asyncio.gather(*calls)

    async def tell(self, ring: Ring, about: str, now: datetime) -> bool:
        """Tell staff something that is about no case (`about` names it in the letters' ids); whether any took it."""
        reached = [await self._call(staff, ring, about, now) for staff in ring.staff]
        return any(reached)

    def _rang_lately(self, staff: str, level: int, now: datetime) -> bool:
        within = MERGED_WITHIN / 3 if level >= 4 else MERGED_WITHIN
        last = self._rang.get(staff)
        return last is not None and timedelta() <= now - last < within

    async def _call(self, staff: Staff, ring: Ring, about: str, now: datetime) -> bool:
        if not staff.routes:
            return False
        (route, address), *also = staff.routes
        steps = self._outreach.steps_for(Contact(staff.id, "staff", "", route, address, also=tuple(also)))
        send = f"{about}|{staff.id}|page-{now:%Y%m%d%H%M%S}"
        outcomes = await asyncio.gather(
            *(
                self._outreach.send(
                    step.channel,
                    Letter(f"{send}.{place}", step.route, step.address, ring.subject, ring.text, ring.link, now),
                )
                for place, step in enumerate(steps)
            )
        )
        reached = any(each.state == "accepted" for each in outcomes)
        if not reached:
            log.error("desk.not_reached", staff=staff.id, about=about, codes=[each.code for each in outcomes])
        return reached
