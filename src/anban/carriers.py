"""Who carries what is owed on the slow clock, and what is promised from the first start on."""

from contextlib import suppress
from dataclasses import replace
from functools import partial

from anban.base.durable import Worker
from anban.base.errors import StorageFailed
from anban.base.ids import new_id
from anban.cases.appeal import APPEAL, carry_appeal
from anban.cases.carry import carry_crisis
from anban.cases.carrying import Carrying
from anban.cases.crisis import CRISIS
from anban.cases.drill_schedule import DRILL, carry_drill, promise_drill
from anban.cases.erasing import carry_erasure
from anban.cases.family_post import CLAIM, LETTER, RECHECK, carry_claim, carry_letter, carry_recheck
from anban.cases.guardian_week import WEEK, carry_week, promise_weeks
from anban.cases.held import people_held
from anban.cases.ringing import Ringing
from anban.cases.told_to_owner import told_to_owner
from anban.cases.usage_day import USAGE_DAY, carry_usage_day, promise_usage_day
from anban.house import House
from anban.outreach.witnessing import WITNESS, Witnessing, carry_witness, promise_witnesses
from anban.privacy.copies import COPY
from anban.privacy.copying.work import Copying, carry_copy
from anban.privacy.erasure import ERASURE
from anban.privacy.retention import RETENTION, Sweeping, carry_retention, promise_retention
from anban.privacy.rotating import ROTATION, carry_rotation
from anban.provider.access import ACCESS, carry_access
from anban.rails.limits import zone_of
from anban.rails.post import DESK
from anban.web.copies import FOLDER


def worker(house: House) -> Worker:
    """Who carries this house's cases on the slow clock."""
    rt, url = house.rt, house.settings.own_url

    def changed(user: str) -> None:
        rt.post.wake(user)
        rt.post.wake(DESK)

    async def gone(service: str, ref: str) -> None:
        rt.presence.forget(service, ref)
        house.replies.forget_person(service, ref)
        rt.panel.forget_earlier_turns()

    carrying = Carrying(
        db=rt.db,
        clock=rt.clock,
        keys=rt.keys,
        rules=rt.rules,
        words=rt.words,
        outreach=house.outreach,
        ringing=Ringing(rt.keys, rt.words, house.outreach, url),
        changed=changed,
        public_url=url,
    )
    copying = Copying(
        rt.db, rt.clock, rt.keys, rt.rules, rt.words, house.settings.data / FOLDER,
        house.settings.aigc_producer or house.service.name, partial(told_to_owner, words=rt.words),
    )  # fmt: skip
    carriers = {
        ACCESS: partial(carry_access, db=rt.db, clock=rt.clock, keys=rt.keys, rules=rt.rules),
        CRISIS: partial(carry_crisis, c=carrying),
        COPY: partial(carry_copy, c=copying),
        ERASURE: partial(carry_erasure, c=carrying, gone=gone),
        DRILL: partial(carry_drill, c=carrying),
        USAGE_DAY: partial(carry_usage_day, c=carrying, forget=rt.presence.forget),
        APPEAL: partial(carry_appeal, c=carrying),
        LETTER: partial(carry_letter, c=carrying),
        CLAIM: partial(carry_claim, c=carrying, forget=rt.presence.forget),
        RECHECK: partial(carry_recheck, c=carrying),
        RETENTION: partial(carry_retention, c=Sweeping(rt.db, rt.clock, rt.rules, people_held)),
        ROTATION: partial(carry_rotation, c=replace(house.keyroom, db=rt.db, clock=rt.clock)),
        WITNESS: partial(carry_witness, c=_witnessing(house)),
        WEEK: partial(carry_week, c=carrying, zone_of=zone_of),
    }
    return Worker(rt.db, rt.clock, carriers, new_id("work_"), house.bell)


def _witnessing(house: House) -> Witnessing:
    rt, rules = house.rt, house.rt.rules(house.service, frozenset[str](), house.rt.clock.now())
    every, away = rules.lasting("witness-push-seconds"), rules.lasting("witness-away-minutes")
    return Witnessing(rt.db, rt.clock, house.witnesses, every, away, rt.figures.witnessed)


async def promise_all(house: House) -> None:
    """What a service owes from its first start on, whoever is or is not there."""
    rt, at = house.rt, house.rt.clock.now()
    rules = rt.rules(house.service, frozenset[str](), at)
    with suppress(StorageFailed):  # promised at the next start; until then there is nothing that could be drilled
        await rt.db.write(partial(promise_drill, service=house.service.id, rules=rules, at=at))
        await rt.db.write(partial(promise_retention, service=house.service.id, rules=rules, at=at))
        await rt.db.write(partial(promise_usage_day, service=house.service.id, rules=rules, at=at))
        await rt.db.write(partial(promise_witnesses, names=sorted(house.witnesses), at=at))
        zone = zone_of(None, rules)
        await rt.db.write(partial(promise_weeks, service=house.service.id, rules=rules, zone=zone, at=at))
