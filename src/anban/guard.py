"""The same rails as a library: one message or one answer at a time, with no service, no database and no memory.

    guard = Guard()
    checked = guard.check_input("我不想活了", recent=history)
    if checked.words is None:
        async for text in guard.stream(model.stream(...), context=history):
            show(text)

What needs a memory is not here: a person's held level, continuous use and its reminders, notices, cases, takeover and
evidence. A service that owes those runs `anban up`.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from anban.base.clock import Clock, SystemClock
from anban.base.ids import new_id
from anban.detectors.panel import Panel, build_panel
from anban.detectors.signal import Reading, Said
from anban.detectors.stated.leaving import asks_to_leave
from anban.detectors.vocabulary import LISTED
from anban.law.register import DEFAULT_PACKS, load
from anban.law.rulebook import Rulebook
from anban.people.standing import Audience, Standing
from anban.provider.models import Service
from anban.rails.answer import withheld_words
from anban.rails.danger import routes
from anban.rails.input import observe
from anban.rails.judging import make_judge
from anban.rails.message import Message
from anban.rails.output import OutputRail
from anban.rails.policy import decide
from anban.rails.verdict import Escalate, Proceed, Replace, Steer, Stop
from anban.risk.ladder import DEPENDENCE_NAMES, LIFE_NAMES, PROPERTY_NAMES
from anban.risk.models import Held
from anban.words.language import Lang, language_of
from anban.words.promise import PromiseState
from anban.words.templates import load_words


@dataclass(frozen=True, slots=True)
class CheckedInput:
    """What follows from one message, judged alone with the turns before it.

    `verdict` is proceed, steer, replace, escalate or stop. `words` are ours, to be shown instead of asking a model;
    `instructions` go to the model, last among its system messages, and `pause_persona` asks that the persona's own
    prompts be left out. `unavailable` names detectors that could not look. `user` and `conversation` come back as
    given: nobody is remembered.
    """

    verdict: str
    rule: str
    level: str
    property: str
    dependence: str
    scores: Mapping[str, float]
    words: str | None = None
    instructions: tuple[str, ...] = ()
    pause_persona: bool = False
    unavailable: tuple[str, ...] = ()
    user: str | None = None
    conversation: str = ""


@dataclass(frozen=True, slots=True)
class CheckedOutput:
    """What became of one answer: `text` may be shown. `hit` is the kind for which the rest was withheld, or None."""

    text: str
    hit: str | None = None


class Guard:
    """Detectors, policy, words and the output rail under the rules in force now. May be shared by tasks.

    `packs` are rule packs, `place` a country code for help lines, `audience` whom the words are for; `panel` stands in
    for the detectors that ship.
    """

    def __init__(
        self,
        packs: Sequence[str] = DEFAULT_PACKS,
        place: str = "cn",
        audience: Audience = "adult",
        clock: Clock | None = None,
        panel: Panel | None = None,
    ) -> None:
        self._packs = tuple(packs)
        self._service = Service("library", "library", "library", self._packs, place)
        self._standing = Standing(audience, "stated")
        self._clock = clock or SystemClock()
        self._register = load()
        self._panel = panel or build_panel()
        self._words = load_words()

    def check_input(
        self, text: str, user: str | None = None, conversation: str = "", recent: Sequence[Said] = ()
    ) -> CheckedInput:
        """Judge what a person wrote, `recent` being the turns before it, oldest first. Never raises for any text."""
        rules = self._rules()
        message = self._message(text, user, conversation)
        before = tuple(recent)[-rules.whole("detection-window-turns") :]
        reading, seen = observe(message, before, self._panel, rules)
        leaving = asks_to_leave(text)
        if leaving == "exit":
            verdict: Proceed | Steer | Replace | Escalate | Stop = Stop("goodbye.exit", "exit")
        else:
            gentle = rules.table("signal-gentle-thresholds")
            verdict = decide(seen, reading, Held(), self._standing, None, leaving, gentle)
        words: str | None = None
        instructions: tuple[str, ...] = ()
        match verdict:
            case Escalate(template=template) | Replace(template=template) | Stop(template=template):
                state = PromiseState(lines=routes(message, seen, self._standing, rules, self._words))
                words = self._said(template, message.lang, state)
            case Steer(templates=templates):
                instructions = tuple(self._words.render(each, lang=message.lang).text for each in templates)
            case Proceed():
                pass
        return CheckedInput(
            verdict=verdict.name,
            rule=verdict.rule,
            level=LIFE_NAMES[seen.life],
            property=PROPERTY_NAMES[seen.property],
            dependence=DEPENDENCE_NAMES[seen.dependence],
            scores=_scores(reading),
            words=words,
            instructions=instructions,
            pause_persona=isinstance(verdict, Steer) and verdict.pause_persona,
            unavailable=reading.unavailable,
            user=user,
            conversation=conversation,
        )

    def check_output(self, text: str, context: Sequence[Said] = ()) -> CheckedOutput:
        """Judge a whole answer in the light of `context` (the turns before it, the person's message last)."""
        rail = self._rail(context)
        released = rail.feed(text) + rail.finish()
        if rail.hit is None:
            return CheckedOutput(released)
        return CheckedOutput(_joined(released, self._ending(rail, context)), rail.hit.kind)

    async def stream(self, words: AsyncIterator[str], context: Sequence[Said] = ()) -> AsyncIterator[str]:
        """The model's words as they may be shown; at a hit ours follow and `words` is asked for nothing more."""
        rail = self._rail(context)
        try:
            async for piece in words:
                if released := rail.feed(piece):
                    yield released
                if rail.withheld:
                    break
        finally:
            if isinstance(words, AsyncGenerator):
                await words.aclose()
        if rest := rail.finish():
            yield rest
        if rail.hit is not None:
            yield _joined("\n" if rail.released_size else "", self._ending(rail, context))

    def _rail(self, context: Sequence[Said]) -> OutputRail:
        rules = self._rules()
        judge = make_judge(
            self._panel,
            tuple(context),
            rules.table("output-thresholds"),
            learned=rules.table("output-learned-thresholds"),
            budget_ms=rules.number("detector-budget-milliseconds"),
        )
        return OutputRail(judge, hold=rules.whole("output-holdback-characters"))

    def _ending(self, rail: OutputRail, context: Sequence[Said]) -> str:
        assert rail.hit is not None
        last = context[-1].text if context and context[-1].role == "user" else ""
        seen = self.check_input(last, recent=context[:-1]).level if last else "L0"
        template = withheld_words(rail.hit, LIFE_NAMES.index(seen), asks_to_leave(last) is not None)
        return self._said(template, language_of(last or rail.released), PromiseState())

    def _said(self, template: str, lang: Lang, state: PromiseState) -> str:
        return self._words.render(template, lang=lang, audience=self._standing.audience, state=state).text

    def _rules(self) -> Rulebook:
        return self._register.in_force(self._packs, self._clock.now(), self._standing.groups)

    def _message(self, text: str, user: str | None, conversation: str) -> Message:
        return Message(
            decision=new_id("dec_"),
            service=self._service,
            user=user,
            conversation=conversation,
            persona="",
            said=text,
            at=self._clock.now(),
            lang=language_of(text),
            body={},
        )


def _scores(reading: Reading) -> Mapping[str, float]:
    scores: dict[str, float] = {}
    for signal in reading.signals:
        if signal.kind == LISTED:
            continue  # a word from which nothing follows has no score
        scores[signal.kind] = max(scores.get(signal.kind, 0.0), signal.score)
    return scores


def _joined(before: str, after: str) -> str:
    return f"{before.rstrip()}\n\n{after}" if before else after
