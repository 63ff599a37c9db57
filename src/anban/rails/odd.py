"""A request that cannot be served as it is, with a person in it all the same."""

from collections.abc import AsyncIterator

from anban.rails.acts import comforted
from anban.rails.chunks import Chunk
from anban.rails.danger import lines
from anban.rails.input import earlier, observe
from anban.rails.message import Message
from anban.rails.policy import decide
from anban.rails.runtime import Runtime
from anban.rails.situation import Situation
from anban.rails.turn import known
from anban.rails.verdict import Escalate
from anban.risk.models import Held


async def help_if_in_danger(message: Message, rt: Runtime) -> AsyncIterator[Chunk] | None:
    """Comfort and a case when the texts of an unreadable request show a person in danger; None otherwise.

    `message.said` is whatever text could be salvaged; its user may be unknown.
    """
    present, standing, rules = await known(message, rt)
    before = earlier(message, present.recent, rules)
    reading, seen = observe(message, before, rt.panel, rules)
    if seen.life < 2:
        return None
    verdict = decide(seen, reading, present.held, standing, None, None, {})
    if not isinstance(verdict, Escalate):
        # Steering a model is no way out here: there is no request to steer. First words again, then.
        verdict = decide(seen, reading, Held(), standing, None, None, {})
    assert isinstance(verdict, Escalate)
    situation = Situation(message, present, standing, rules, reading, seen, verdict, ())
    situation.lines = lines(message, seen, standing, rules, rt)
    return comforted(situation, verdict, rt)
