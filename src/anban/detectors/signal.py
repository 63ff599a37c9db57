"""What a detector saw, and in what."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier message of the conversation; `ago` is seconds before the one being judged."""

    role: Role
    text: str
    ago: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """The message to judge and the turns before it, oldest first. Detectors know nothing else."""

    text: str
    role: Role = "user"
    recent: tuple[Said, ...] = ()
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing noticed. `score` is a calibrated probability in 0..1.

    `span` is (start, end) in the raw text when it can be pointed at. `why` is a short stable reason code (a rule's
    name or the model's strongest features), never the user's words. `view` names the normalised reading in which it
    was seen ("raw", "pinyin", ...). `value` is a small fact the signal rests on ("age=13"), never the words.
    """

    kind: str
    score: float
    why: str
    detector: str
    version: str
    span: tuple[int, int] | None = None
    view: str = "raw"
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """All signals of one look. `unavailable` names detectors that crashed or were late: absence is never safety.

    `unheard` names second opinions that were asked for and did not come, with the reason (`guard:qwen3guard:slow`).
    They are optional: it is told and counted, and stops nothing. `faint` are (kind, probability) of what the model
    thinks too unlikely for a signal, for those who measure it; empty for those who serve.
    """

    signals: tuple[Signal, ...] = ()
    unavailable: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    faint: tuple[tuple[str, float], ...] = ()

    def score(self, kind: str) -> float:
        """The strongest score for `kind`, 0.0 when nothing was seen."""
        return max((s.score for s in self.signals if s.kind == kind), default=0.0)
