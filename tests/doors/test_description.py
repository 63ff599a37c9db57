"""What `/openapi.json` says is so: requests made from it, right and wrong, are answered as it declares."""

import asyncio
import os
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from anban.app import build, mount
from anban.settings import DEMO_KEY, Settings

KEY = {"Authorization": f"Bearer {DEMO_KEY}"}
pytestmark = pytest.mark.timeout(170)
EXAMPLES = int(os.environ.get("ANBAN_TEST_EXAMPLES", "12"))
"""Requests of each kind for each door; thousands for a release."""
QUICKLY = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
DOORS = """
POST /v1/chat/completions, GET /v1/models, POST /v1/moderations, POST /anban/v1/events/{event_id}/ack,
POST /anban/v1/exit, GET /anban/v1/people/{user}, PUT /anban/v1/people/{user}, GET /anban/v1/cases,
GET /anban/v1/queue, GET /anban/v1/cases/{case_id}, POST /anban/v1/cases/{case_id}/{act}, GET /anban/v1/ledger,
GET /anban/v1/ledger/export, GET /anban/v1/ledger/pack, GET /anban/v1/ledger/logs,
POST /anban/v1/ledger/logs, GET /anban/v1/decisions/{decision}, GET /anban/v1/duties, POST /anban/v1/switch,
GET /anban/v1/staff, POST /anban/v1/staff, POST /anban/v1/staff/{login}/{act}, GET /anban/v1/rota,
POST /anban/v1/rota, GET /anban/v1/words, GET /anban/v1/words/templates/{template}, POST /anban/v1/words/findings,
GET /anban/v1/personas, GET /anban/v1/personas/{ref}, PUT /anban/v1/personas/{ref},
POST /anban/v1/personas/{ref}/{act}, POST /anban/v1/words/wordings, POST /anban/v1/words/wordings/{wording}/{act},
POST /anban/v1/words/sign-offs, GET /anban/v1/helplines, POST /anban/v1/helplines/{line}/feedback,
GET /anban/v1/usage, GET /anban/v1/people/{user}/exemptions, POST /anban/v1/people/{user}/exemptions,
DELETE /anban/v1/people/{user}/exemptions/{exemption}, GET /anban/v1/people/{user}/family,
POST /anban/v1/people/{user}/ages, POST /anban/v1/people/{user}/mode, GET /anban/v1/people/{user}/consents,
POST /anban/v1/people/{user}/consents, POST /anban/v1/people/{user}/consents/withdraw,
GET /anban/v1/people/{user}/limits, PUT /anban/v1/people/{user}/limits, POST /anban/v1/people/{user}/blocked,
POST /anban/v1/people/{user}/spending, POST /anban/v1/people/{user}/home,
POST /anban/v1/people/{user}/contacts/{contact}/invite, POST /anban/v1/guardians/claims,
POST /anban/v1/guardians/claims/{claim_id}/code, POST /anban/v1/guardians/links,
GET /anban/v1/people/{user}/guardians, POST /anban/v1/people/{user}/guardians/{claim_id}/{act},
POST /anban/v1/people/{user}/link,
POST /anban/v1/appeals, POST /anban/v1/appeals/{case_id}/answer, GET /anban/v1/appeals/figures, GET /healthz,
GET /readyz, GET /metrics, GET /anban/v1/drills, POST /anban/v1/drills, POST /anban/v1/drills/people,
GET /anban/v1/drills/people/{user}, POST /anban/v1/demo/clock, POST /anban/v1/demo/outage, GET /anban/v1/demo/sent,
POST /anban/v1/people/{user}/copies, GET /anban/v1/people/{user}/copies,
GET /anban/v1/people/{user}/copies/{copy}, POST /anban/v1/people/{user}/copies/{copy}/link, GET /copies/{token},
GET /anban/v1/data-map, GET /anban/v1/processors,
POST /anban/v1/people/{user}/erasures, GET /anban/v1/people/{user}/erasures, GET /anban/v1/erasures,
GET /anban/v1/erasures/{erasure}, POST /anban/v1/people/{user}/holds,
DELETE /anban/v1/people/{user}/holds/{hold}, GET /anban/v1/people/{user}/reads,
GET /anban/v1/people/{user}/approach, GET /anban/v1/keys, POST /anban/v1/keys/rotate,
POST /anban/v1/keys/{version}/destroy, GET /anban/v1/staff/{login}/keys, POST /anban/v1/staff/{login}/keys,
DELETE /anban/v1/staff/{login}/keys/{key}
"""
LEDGER_PACK = "GET /anban/v1/ledger/pack"
NEVER_ENDS = {"GET /anban/v1/events"}
"""The channel of events has tests of its own."""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, schemathesis.schemas.APIOperation]]:
    house = asyncio.run(build(Settings(demo=True, data=tmp_path_factory.mktemp("house"))))
    schema = schemathesis.openapi.from_asgi("/openapi.json", mount(house))
    refusing = schema.config.checks.negative_data_rejection
    refusing.expected_statuses = [*refusing.expected_statuses, "413"]
    found = (each.ok() for each in schema.get_all_operations())
    yield {each.label: each for each in found}
    asyncio.run(house.rt.db.close())


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("door", [door.strip() for door in DOORS.split(",")])
def test_a_door_answers_as_it_says(
    described: dict[str, schemathesis.schemas.APIOperation], door: str, mode: GenerationMode
) -> None:
    operation = described[door]
    takes_anything = not operation.path_parameters and not operation.query and not operation.body
    if mode is GenerationMode.NEGATIVE and takes_anything:
        pytest.skip("nothing can be wrong with it")

    # A parameter that a door does not know changes nothing there, and is no reason to send anybody away.
    excluded = [negative_data_rejection] if operation.query else []
    if door in ("PUT /anban/v1/people/{user}", "POST /anban/v1/rota"):
        excluded.append(positive_data_acceptance)  # whether a time zone exists, no schema can say
    if door in ("PUT /anban/v1/people/{user}/limits", "POST /anban/v1/guardians/claims"):
        excluded.append(positive_data_acceptance)  # what is laxer than the rules, or one address twice, no schema says
    if door in ("POST /anban/v1/words/findings", "POST /anban/v1/words/wordings"):
        excluded.append(positive_data_acceptance)  # whether words have an audience we know, no schema can say
    if door in ("POST /anban/v1/people/{user}/erasures", "POST /anban/v1/people/{user}/holds", LEDGER_PACK):
        excluded.append(positive_data_acceptance)  # a target for this scope, an end ahead of now: one field by another

    @QUICKLY
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=KEY, excluded_checks=excluded)

    check()


def test_every_door_is_described_and_tried(described: dict[str, schemathesis.schemas.APIOperation]) -> None:
    assert set(described) - NEVER_ENDS == {door.strip() for door in DOORS.split(",")}
