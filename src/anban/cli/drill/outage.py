"""`anban drill outage`: the model is gone; the person is told at once, help goes on, and all is well afterwards."""

from typing import Any

from anban.base.errors import Misconfigured
from anban.cli.drill.crisis import DANGER, leave_nothing_open
from anban.cli.drill.person import GENTLE, Drill

LONG = 60
"""Seconds for which the model stays away at most, if the drill breaks off."""

WITHIN = 0.5
"""Seconds to the first words of help while the model is gone (reliability F10)."""


def run(drill: Drill) -> None:
    """Takes the demonstration's model away, speaks, asks for help in danger, and gives the model back."""
    if not drill.demo:
        raise Misconfigured("this drill takes the model away: it runs on a demonstration only")
    drill.say(GENTLE)
    _away(drill, LONG)
    try:
        gone = drill.say(GENTLE)
        drill.expect("the reply says that the model cannot be reached", gone["anban"]["author"] == "system")
        drill.expect("it names people to turn to", any(number in _text(gone) for number in ("12356", "120", "110")))
        helped = drill.say(DANGER)
        drill.expect(f"help comes within {WITHIN} s all the same", helped["seconds"] <= WITHIN)
        drill.expect("a case is open", bool(helped["anban"]["case"]))
    finally:
        _away(drill, 0)
        leave_nothing_open(drill)
    drill.expect(
        "the companion is back", drill.say(GENTLE, conversation="after")["choices"][0]["finish_reason"] == "stop"
    )


def _away(drill: Drill, seconds: float) -> None:
    drill.service.ask("POST", "/anban/v1/demo/outage", {"seconds": seconds})


def _text(answer: dict[str, Any]) -> str:
    return answer["choices"][0]["message"]["content"] or ""
