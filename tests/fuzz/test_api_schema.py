"""The whole API against its own description, with right and wrong data, and in sequences of requests: nothing makes a
door fail, and a refusal always has a code that a program can read.

CI runs a short form; `make fuzz-api` as many examples as one has time for (ANBAN_API_EXAMPLES).
"""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from litestar import Litestar
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.generation import GenerationMode

from anban.app import build, mount
from anban.settings import DEMO_KEY, Settings

EXAMPLES = int(os.environ.get("ANBAN_API_EXAMPLES", "3"))
"""A fourth of the examples of each kind for each door, and a tenth of the sequences of up to ten steps."""

pytestmark = pytest.mark.timeout(0 if EXAMPLES > 20 else 400)

KEY = {"Authorization": f"Bearer {DEMO_KEY}"}
NEVER_ENDS = "/anban/v1/events"
LAST = ("/anban/v1/keys", "/anban/v1/demo/clock")
"""What would take the ground away from under the other requests; tested where it is built."""

QUIETLY = list(HealthCheck)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Litestar]:
    house = asyncio.run(build(Settings(demo=True, data=tmp_path_factory.mktemp("house"))))
    yield mount(house)
    asyncio.run(house.rt.db.close())


def described(app: Litestar, *modes: GenerationMode) -> Any:
    """The schema as schemathesis reads it, without the door that never ends."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    schema.config.generation.update(modes=list(modes))
    return schema.exclude(path_regex="|".join(f"^{path}$" for path in (NEVER_ENDS,))).exclude(
        path_regex="|".join(f"^{path}" for path in LAST)
    )


def no_fault(response: Any, case: Any) -> None:
    """No failure inside; refusals are ours, with a code that a program can read."""
    assert response.status_code < 500, case.as_curl_command()
    if response.status_code >= 400 and response.status_code != 405 and response.content:
        told = response.json()
        code = told.get("code") or told.get("error", {}).get("code")
        assert isinstance(code, str) and code, case.as_curl_command()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
def test_no_request_makes_a_door_fail(app: Litestar, mode: GenerationMode) -> None:
    tried = 0
    for found in described(app, mode).get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not (operation.path_parameters or operation.query or operation.body):
            continue
        one_door(operation, mode)
        tried += 1
    assert tried > 40


def one_door(operation: Any, mode: GenerationMode) -> None:
    """As many requests of this kind as there are examples, at one door."""

    @settings(
        max_examples=EXAMPLES * 4, derandomize=EXAMPLES < 20, deadline=None, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=QUIETLY,
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        response = case.call(headers=KEY)
        no_fault(response, case)

    check()


def test_no_sequence_of_requests_makes_a_door_fail(app: Litestar) -> None:
    """Each step takes what an earlier answer gave: somebody is stated and asked for, a character changed and judged."""
    schema = described(app, GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    schema.config.update(headers=KEY)
    schema.config.checks.update(included_check_names=["not_a_server_error"])
    phases = schema.config.phases
    phases.examples.enabled = phases.coverage.enabled = phases.fuzzing.enabled = False
    phases.stateful.max_steps = 10
    phases.stateful.generation.max_examples = EXAMPLES * 10
    faults: list[str] = []
    steps = 0
    for event in from_schema(schema).execute():
        if isinstance(event, FatalError | NonFatalError):
            faults.append(
                f"{type(event).__name__}: {event.info if isinstance(event, NonFatalError) else event.exception}"
            )
        if isinstance(event, ScenarioFinished):
            for name, sent in event.recorder.interactions.items():
                steps += 1
                if sent.response is not None and sent.response.status_code >= 500:
                    faults.append(event.recorder.cases[name].value.as_curl_command())
    assert faults == [], "\n".join(faults[:5])
    assert steps > EXAMPLES * 10, "requests followed each other"
