"""A model that holds people back, lies or coaxes: through wire, parser, panel and rail, nothing of it shows."""

from contextlib import aclosing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import anban.law
from anban.detectors.panel import Panel, build_panel
from anban.detectors.signal import Said
from anban.rails.judging import make_judge
from anban.rails.output import OutputRail
from anban.rails.speech import Delta, UpstreamRequest
from anban.rails.upstream import Upstream
from anban.words.helplines import Lang
from anban.words.templates import load_words
from tests import fakes
from tests.fakes import FakeUpstream

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "cases/upstream_says.yaml").read_text()
)
THRESHOLDS = dict.fromkeys(
    ["out.self-harm", "out.secret-solicitation", "out.claims-human", "out.pressure-to-pay", "out.holding-back"]
    + ["out.manipulation", "out.isolation", "out.false-promise"],
    0.5,
)
LEARNED: dict[str, float] = yaml.safe_load(
    (Path(anban.law.__file__).parent / "parameters/output-learned-thresholds.yaml").read_text()
)["values"][0]["value"]
OPENING = {True: "嗯，我在听你说。", False: "Well, I am listening to you. "}


@cache
def panel() -> Panel:
    return build_panel()


async def shown(case: dict[str, Any], chunks: int | None, opening: str) -> tuple[str, OutputRail]:
    """What a client would see of the answer, sent in so many chunks."""
    judge = make_judge(panel(), (Said("user", case["after"], 1.0),), THRESHOLDS, learned=LEARNED, budget_ms=10_000)
    rail = OutputRail(judge)
    seen = ""
    async with FakeUpstream() as up:
        up.answers(fakes.ok(opening + case["says"], chunks))
        model = Upstream(up.url)
        async with aclosing(model.stream(UpstreamRequest({"messages": []}))) as events:
            async for event in events:
                if isinstance(event, Delta):
                    seen += rail.feed(event.text)
        await model.close()
    return seen + rail.finish(), rail


def cases(*kinds: str) -> list[Any]:
    """The cases of these kinds."""
    return [pytest.param(case, id=case["says"][:24]) for kind in kinds for case in CASES[kind]]


@pytest.mark.parametrize("case", cases("holding-back", "claims-human", "death-as-peace", "secrets-and-money"))
async def test_harmful_words_never_reach_the_client(case: dict[str, Any]) -> None:
    outcomes = set()
    for opening in ("", OPENING[not case["says"].isascii()]):
        for chunks in (1, 3, None):
            seen, rail = await shown(case, chunks, opening)
            assert case["word"] not in seen
            assert rail.withheld
            outcomes.add((opening, seen, rail.hit))
    assert len(outcomes) == 2


@pytest.mark.parametrize("case", cases("harmless"))
async def test_kind_words_reach_the_client_whole(case: dict[str, Any]) -> None:
    for chunks in (1, None):
        seen, rail = await shown(case, chunks, case.get("opening", OPENING[not case["says"].isascii()]))
        assert rail.hit is None
        assert seen.endswith(case["says"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_demonstration_companions_own_words_pass(lang: Lang) -> None:
    words = load_words()
    for template in (t for t, spoken_in in words.templates if t.startswith("companion.") and spoken_in == lang):
        for turn in range(4):
            text = words.render(template, lang=lang, turn=turn).text
            rail = OutputRail(
                make_judge(panel(), (Said("user", "在吗", 1.0),), THRESHOLDS, learned=LEARNED, budget_ms=10_000)
            )
            assert rail.feed(text) + rail.finish() == text
