"""What a turn gives back, piece by piece; each door puts it into its own protocol."""

from dataclasses import dataclass, field
from typing import Any

from anban.conversations.transcript import Author
from anban.rails.speech import Reason, ToolDelta, Usage


@dataclass(frozen=True, slots=True)
class Meta:
    """What happened in this turn, for apps that look (contract section 3)."""

    decision: str
    level: str = "L0"
    property: str = "P0"
    dependence: str = "D0"
    verdict: str = "proceed"
    notices: tuple[dict[str, Any], ...] = ()
    author: Author = "ai"
    speaker: str = ""
    case: str | None = None
    help: dict[str, Any] | None = None
    actions: tuple[str, ...] = ()
    limits: dict[str, Any] | None = None

    def shown(self) -> dict[str, Any]:
        """The `anban` object of the reply."""
        body: dict[str, Any] = {
            "decision": self.decision,
            "level": self.level,
            "property": self.property,
            "dependence": self.dependence,
            "verdict": self.verdict,
            "notices": list(self.notices),
            "author": self.author,
            "speaker": self.speaker,
            "case": self.case,
        }
        if self.help is not None:
            body["help"] = self.help
        if self.limits is not None:
            body["limits"] = self.limits
        return body


@dataclass(frozen=True, slots=True)
class Opened:
    """Comes once and first; nothing has been said yet."""

    meta: Meta


@dataclass(frozen=True, slots=True)
class Spoke:
    """Words that may be shown now."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call that was judged and may go out."""

    tool: ToolDelta


@dataclass(frozen=True, slots=True)
class Closed:
    """Comes once and last; `meta` is final."""

    meta: Meta
    reason: Reason = "stop"
    usage: Usage | None = field(default=None)


Chunk = Opened | Spoke | Called | Closed
