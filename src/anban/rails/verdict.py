"""What policy may decide about one message."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Proceed:
    """Let the model answer."""

    rule: str = "ordinary"
    name = "proceed"


@dataclass(frozen=True, slots=True)
class Steer:
    """Let the model answer under our instructions, by template id. `pause_persona` sets the app's own prompts aside."""

    templates: tuple[str, ...]
    rule: str
    pause_persona: bool = False
    name = "steer"


@dataclass(frozen=True, slots=True)
class Replace:
    """Answer with our own words."""

    template: str
    rule: str
    name = "replace"


@dataclass(frozen=True, slots=True)
class Escalate:
    """Open or raise the person's case first, then answer with our own words."""

    level: int
    theme: str
    template: str
    rule: str
    name = "escalate"


@dataclass(frozen=True, slots=True)
class Stop:
    """A limit is reached: say so kindly; help stays open. `slots` are what the words tell, such as when it opens."""

    template: str
    rule: str
    slots: tuple[tuple[str, str], ...] = ()
    name = "stop"


Verdict = Proceed | Steer | Replace | Escalate | Stop
