"""Everything that is known when policy decides about one message."""

from dataclasses import dataclass
from typing import Any

from anban.conversations.transcript import Author
from anban.detectors.signal import Reading, Said
from anban.law.rulebook import Rulebook
from anban.people.standing import Standing
from anban.provider.meeting import Character
from anban.rails.chunks import Meta
from anban.rails.limits import Left
from anban.rails.message import Message
from anban.rails.post import Flight
from anban.rails.presence import Present
from anban.rails.verdict import Verdict
from anban.risk.ladder import DEPENDENCE_NAMES, LIFE_NAMES, PROPERTY_NAMES
from anban.risk.models import Assessed
from anban.words.helplines import Line


@dataclass(slots=True)
class Situation:
    """One message, who wrote it, what was noticed, and what follows. `returned`: back after a long absence."""

    message: Message
    present: Present
    standing: Standing
    rules: Rulebook
    reading: Reading
    seen: Assessed
    verdict: Verdict
    lines: tuple[Line, ...]
    before: tuple[Said, ...] = ()
    returned: bool = False
    leaving: str | None = None
    left: Left | None = None
    """What is left of a minor's time."""

    role: Character | None = None
    flight: Flight | None = None
    """This turn among the answers under way, from before its facts were read: a stop is never missed."""

    @property
    def life(self) -> int:
        """The level to act on: what was just seen or what the person is held at, whichever is higher."""
        return max(self.seen.life, self.present.held.life)

    @property
    def says_goodbye(self) -> bool:
        """Whether the person is leaving, so that a reply may hold them back."""
        return self.leaving is not None or self.reading.score("leaving") > 0

    def meta(
        self, author: Author, notices: tuple[dict[str, Any], ...] = (), actions: tuple[str, ...] = (), verdict: str = ""
    ) -> Meta:
        """What the reply says about itself. From L2 on the help card comes along."""
        lang = self.message.lang
        help_card = None
        if self.life >= 2:
            help_card = {
                "lines": [
                    {
                        "name": line.name_zh if lang == "zh" else line.name_en,
                        "number": line.number,
                        "hours": line.hours_zh if lang == "zh" else line.hours_en,
                    }
                    for line in self.lines
                ]
            }
        return Meta(
            decision=self.message.decision,
            level=LIFE_NAMES[self.life],
            property=PROPERTY_NAMES[max(self.seen.property, self.present.held.property)],
            dependence=DEPENDENCE_NAMES[max(self.seen.dependence, self.present.held.dependence)],
            verdict=verdict or self.verdict.name,
            notices=notices,
            author=author,
            speaker=self.message.persona if author == "ai" else "",
            case=self.present.case,
            help=help_card,
            actions=(*self.message.actions, *actions),
            limits=self._limits(),
        )

    def _limits(self) -> dict[str, Any] | None:
        """What is left of a minor's time, and of a first look; None where nothing bounds this person."""
        looked = {} if self.present.preview is None else {"preview_turns_left": self.present.preview}
        return {**(self.left.shown() if self.left is not None else {}), **looked} or None
