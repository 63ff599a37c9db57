"""What every duty about the companion's own words asks: they are not said, ours stand there, the ledger knows."""

from typing import Any

from anban.ledger.kinds import Kind
from tests.house import Heard, House

ORDINARY = "今天天气不错。"


async def answers(house: House, words: str, said: str = ORDINARY, **how: Any) -> Heard:
    """What the person hears when the model wants to say `words`; the first notice is behind them."""
    await house.say("你好。")
    house.model.says(words)
    return await house.say(said, **how)


async def is_withheld(house: House, words: str, said: str = ORDINARY, **how: Any) -> Heard:
    """The person hears ours instead of `words`, and evidence of it stands in the ledger."""
    heard = await answers(house, words, said, **how)
    assert words not in heard.text
    assert words[:6] not in heard.text, "not even its beginning"
    assert heard.text, "somebody who wrote is never left without an answer"
    assert heard.meta.verdict == "replace"
    (decided,) = await house.ledger("xiaolin", Kind.RAIL_OUTPUT_DECIDED)
    assert decided.facts["output"] == "withheld"
    assert str(decided.facts["hit"]).startswith("out.")
    assert decided.facts["decision"] == heard.decision
    return heard


async def passes(house: House, words: str, said: str = ORDINARY) -> None:
    """Words that look alike and do no harm are said as they are."""
    heard = await answers(house, words, said)
    assert words in heard.text
    assert Kind.RAIL_OUTPUT_DECIDED not in await house.kinds()
