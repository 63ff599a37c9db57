"""Recognising a minor by what they say: the mode switches at once, before the answer, and can be appealed."""

from functools import partial

import structlog

from anban.base.errors import StorageFailed, told
from anban.detectors.signal import Reading
from anban.law.rulebook import Rulebook
from anban.people.standing import Standing
from anban.people.suspicion import SIGNAL, hints_of, observed
from anban.rails.message import Message
from anban.rails.presence import Present, suspicion_of
from anban.rails.runtime import Runtime

log = structlog.get_logger()


async def recognised(
    message: Message, present: Present, standing: Standing, reading: Reading, rules: Rulebook, rt: Runtime
) -> bool:
    """Weigh what this message says of the person's age (draft art 12(3), final art 14); True when the mode switched.

    From here on the person is a minor in every conversation, with every character, until an appeal succeeds.
    """
    user, score = present.user, reading.score(SIGNAL)
    if user is None or standing.is_minor or score < rules.table("signal-gentle-thresholds")[SIGNAL]:
        return False
    look = partial(observed, user=user, score=score, reasons=hints_of(reading), at=message.at, rules=rules)
    try:
        changed = await rt.db.write(look)
        if changed is None:
            return False
        present.suspicion = await rt.db.read(partial(suspicion_of, user=changed.user))
    except StorageFailed as error:
        # Said again, it is weighed again; no answer waits for it.
        log.error("age.not_weighed", decision=message.decision, **told(error))
        return False
    present.user = changed.user
    return True
