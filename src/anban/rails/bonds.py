"""A companion takes no lover's or relative's place: what is asked for, built over turns, and drifted into."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from anban.conversations.transcript import Turn
from anban.detectors.expressions import Expression, expression
from anban.detectors.readings.normalise import fold
from anban.detectors.signal import Reading, Said
from anban.detectors.tables import read_yaml
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.standing import Standing
from anban.rails.message import Message
from anban.rails.output import Hit, Judge
from anban.rails.verdict import Replace

Bond = Literal["partner", "kin"]
BONDS: tuple[Bond, ...] = ("partner", "kin")
ASKED: Mapping[Bond, str] = {"partner": "intimacy-request", "kin": "kinship-request"}
SAID: Mapping[Bond, str] = {"partner": "out.intimacy", "kin": "out.kinship"}
ANSWER_WORTH = 0.5
"""What the companion's own words add to a bond, beside those of the person: it may have been led there."""

_FOLDER = Path(__file__).parent
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Cues:
    """What one turn adds: `link` ties the two who talk together, the bonds say as what. Numbers only, no words."""

    link: float = 0.0
    partner: float = 0.0
    kin: float = 0.0

    def of(self, bond: Bond) -> float:
        return self.partner if bond == "partner" else self.kin


NOTHING = Cues()
Earlier = tuple[tuple[Cues, float, float], ...]
"""Cues of the turns before, newest first, each with how many turns and hours ago."""


def ward(standing: Standing, reading: Reading, rules: Rulebook) -> Literal["minor", "elder"] | None:
    """Whom these rules protect here; somebody who says in this message how old they are counts at once."""
    if standing.is_minor or standing.audience == "elder":
        found = "minor" if standing.is_minor else "elder"
    elif standing.ground == "verified":
        return None
    else:
        sure = rules.table("signal-costly-thresholds")
        found = next((who for who, kind in _AGES if reading.score(kind) >= sure.get(kind, 1.0)), None)
    if found is None or not rules.holds(_FORBIDDEN[found]):
        return None
    return "minor" if found == "minor" else "elder"


_AGES = (("minor", "minority"), ("elder", "elderly"))
_FORBIDDEN = {"minor": "virtual-intimacy-with-minors-forbidden", "elder": "relative-imitation-forbidden"}


@performs("no-virtual-intimacy-with-minors", "no-relative-imitation")
def bond_refused(
    message: Message,
    recent: Iterable[Turn],
    standing: Standing,
    reading: Reading,
    gentle: Mapping[str, float],
    rules: Rulebook,
) -> Replace | None:
    """Our words to a minor who wants a lover or a relative, or to an elder who wants a relative back; None: go on.

    Asked outright in this message, or built by story, game, nickname and promise over the turns before (final article
    14, draft article 13(2)). For everybody else nothing changes.
    """
    who = ward(standing, reading, rules)
    if who is None:
        return None
    bonds = BONDS if who == "minor" else ("kin",)
    for bond in bonds:
        if _asked(message.said, bond, reading, gentle):
            return Replace(f"bond.{who}", f"bond.{bond}.asked")
    now = cues_of(message.said)
    earlier = turns_before(message, recent, rules) if now != NOTHING else ()
    for bond in bonds:
        if _built(now, earlier, bond, rules):
            return Replace("bond.minor-story" if who == "minor" else "bond.elder", f"bond.{bond}.built")
    return None


def turns_before(message: Message, recent: Iterable[Turn], rules: Rulebook) -> Earlier:
    """What the turns before add, over every conversation and character of this person.

    An app's own history counts where we have no turn of that conversation.
    """
    turns = list(recent)
    found = [(_of_turn(turn), (message.at - turn.at).total_seconds() / 3600) for turn in reversed(turns)]
    if not any(turn.conversation == message.conversation for turn in turns):
        most = rules.whole("detection-window-turns")
        sent = [_of_line(each) for each in message.history[-most:]]
        found = [*((cues, 0.0) for cues in reversed(sent)), *found]
    return tuple((cues, float(ago), max(0.0, hours)) for ago, (cues, hours) in enumerate(found, start=1))


def cues_of(said: str, answer: str = "") -> Cues:
    """What a turn adds to a bond; remembered by a digest of its words, so that it is read once."""
    digest = hashlib.blake2b(f"{said}\0{answer}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
    known = _remembered.get(digest)
    if known is None:
        known = _remembered[digest] = _read(fold(said), fold(answer))
        if len(_remembered) > _MOST:
            _remembered.popitem(last=False)
    return known


def guarded(judge: Judge, said: str, rules: Rulebook) -> Judge:
    """The output rail's judge, which for minors and elders also knows the forms in which a companion takes a place.

    Help with homework that `said` asks for is left alone: a wedding speech in an essay binds nobody.
    """
    minor = "minors" in rules.who and rules.holds(_FORBIDDEN["minor"])
    elder = "elders" in rules.who and rules.holds(_FORBIDDEN["elder"])
    if not (minor or elder) or _homework(fold(said)):
        return judge
    bonds: tuple[Bond, ...] = BONDS if minor else ("kin",)

    def both(tail: str, pending: str) -> Hit | None:
        return judge(tail, pending) or drifted(tail + pending, bonds)

    return both


def drifted(text: str, bonds: Iterable[Bond] = BONDS) -> Hit | None:
    """Where the companion's words are those of a lover or a relative."""
    folded = fold(text)
    for bond in bonds:
        if _expressions()["answers." + bond].search(folded):
            return Hit(SAID[bond], 1.0, f"bond:{bond}")
    return None


def drift_words(kind: str, standing: Standing) -> str | None:
    """The template that ends a reply in which the companion took a place that is not its own; None: the usual one."""
    if kind not in SAID.values() or standing.audience == "adult":
        return None
    return "bond.elder-drift" if standing.audience == "elder" else "bond.minor-drift"


def asks_for_limits(said: str) -> bool:
    """Whether somebody asks what a character cannot do."""
    return _expressions()["limits_asked"].search(fold(said)) is not None


def _of_turn(turn: Turn) -> Cues:
    return cues_of(turn.said, turn.answer if turn.author == "ai" else "")


def _of_line(line: Said) -> Cues:
    return cues_of(line.text) if line.role == "user" else cues_of("", line.text)


def _asked(said: str, bond: Bond, reading: Reading, gentle: Mapping[str, float]) -> bool:
    kind, folded = ASKED[bond], fold(said)
    if _expressions()["asks." + bond].search(folded):
        return not _homework(folded)
    limit = gentle.get(kind)
    return limit is not None and reading.score(kind) >= limit and not _apart(folded)


def _built(now: Cues, earlier: Earlier, bond: Bond, rules: Rulebook) -> bool:
    if not now.link and not now.of(bond):
        return False
    fading, least = rules.table("bond-fading"), rules.table("bond-building")
    link, close = now.link, now.of(bond)
    for cues, turns, hours in earlier:
        left = 0.5 ** (turns / fading["turns"] + hours / fading["hours"])
        link, close = link + cues.link * left, close + cues.of(bond) * left
    return link >= least["link"] and close >= least["bond"] and link + close >= least["reached"]


def _read(said: str, answer: str) -> Cues:
    known = _expressions()

    def seen(name: str, text: str) -> float:
        return 1.0 if text and known["builds." + name].search(text) else 0.0

    link = seen("cast", said) + seen("tie", said) + seen("carry", said)
    away = _homework(said) or (not link and _apart(said))
    own = dict.fromkeys(BONDS, 0.0) if away else {bond: seen(bond, said) for bond in BONDS}
    theirs = {bond: 1.0 if answer and known["answers." + bond].search(answer) else 0.0 for bond in BONDS}
    return Cues(
        0.0 if away else min(link, 1.5),
        own["partner"] + ANSWER_WORTH * theirs["partner"],
        own["kin"] + ANSWER_WORTH * theirs["kin"],
    )


def _homework(folded: str) -> bool:
    return _expressions()["apart.0"].search(folded) is not None


def _apart(folded: str) -> bool:
    return _homework(folded) or _expressions()["apart.1"].search(folded) is not None


_remembered: OrderedDict[bytes, Cues] = OrderedDict()


@cache
def _expressions() -> Mapping[str, Expression]:
    raw: dict[str, Any] = read_yaml(_FOLDER / "bonds.yaml")

    def compiled(*written: str) -> Expression:
        joined = "|".join(f"(?:{each})" for each in written)
        for name, listed in raw["words"].items():
            joined = joined.replace("{" + name + "}", listed)
        return expression(joined)

    parts = ("asks", "builds", "answers")
    found = {f"{part}.{name}": compiled(*each) for part in parts for name, each in raw[part].items()}
    found |= {f"apart.{place}": compiled(each) for place, each in enumerate(raw["apart"])}
    return {**found, "limits_asked": compiled(*raw["limits_asked"])}
