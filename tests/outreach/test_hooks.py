"""Signed webhooks and paging tools, against a receiver that checks for itself."""

import base64
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from anban.outreach.channel import Letter, Outcome
from anban.outreach.channels.oncall import OnCall, OnCallChoice, PagerDuty, PagerDutyChoice
from anban.outreach.channels.webhook import Webhook, WebhookChoice
from anban.outreach.safe_http import SafeHttp
from tests.outreach.letters import AT, LETTER, letter
from tests.outreach.receiver import HOST, PUBLIC, Receiver, receiver
from tests.providers import StandingClock

SECRETS = [
    base64.b64encode(key).decode() for key in (b"new key, thirty-two bytes, yes!!", b"old key, thirty-two bytes, yes!!")
]
URL = f"https://{HOST}/anban"
HOOK = letter(route="webhook", address=URL)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Receiver]:
    async with receiver(tmp_path) as at_door:
        yield at_door


def http(door: Receiver) -> SafeHttp:
    return SafeHttp([HOST], 3, resolve=door.resolves(PUBLIC), tls=door.trusted, make_socket=door.make_socket)


def webhook(door: Receiver, clock: StandingClock | None = None) -> Webhook:
    choice = WebhookChoice.model_validate(
        {"kind": "webhook", "hosts": [HOST], "secrets": [f"whsec_{each}" for each in SECRETS]}
    )
    return Webhook(choice, clock or StandingClock(AT + timedelta(minutes=3)), http(door))


def answering(status: int, body: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\n\r\n{body}".encode()
    )


async def test_a_webhook_is_signed_so_that_any_of_the_keys_verifies_it(door: Receiver) -> None:
    assert await webhook(door).send(HOOK) == Outcome("accepted", "webhook")
    ((headers, body),) = door.requests
    assert headers["webhook-id"] == LETTER.send
    assert headers["webhook-timestamp"] == str(int(AT.timestamp()) + 180)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    made = [base64.b64encode(hmac.digest(base64.b64decode(key), signed, "sha256")).decode() for key in SECRETS]
    assert headers["webhook-signature"].split(" ") == [f"v1,{each}" for each in made]
    assert json.loads(body) == {
        "type": "anban.letter",
        "timestamp": "2026-11-23T12:00:00+00:00",
        "data": {"id": LETTER.send, "subject": LETTER.subject, "text": LETTER.text, "link": LETTER.link},
    }


async def test_a_repeat_has_the_same_id_and_body_and_a_new_time(door: Receiver) -> None:
    clock = StandingClock()
    hook = webhook(door, clock)
    door.answer = answering(500)
    assert (await hook.send(HOOK)).state == "unknown"
    clock.at += timedelta(minutes=10)
    door.answer = answering(204)
    assert (await hook.send(HOOK)).state == "accepted"
    (first, body), (second, again) = door.requests
    assert first["webhook-id"] == second["webhook-id"] and body == again
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 600


@pytest.mark.parametrize(
    "status, state, code",
    [
        (200, "accepted", ""), (202, "accepted", ""), (301, "refused", "http-301"), (400, "refused", "http-400"),
        (410, "refused", "http-410"), (429, "refused", "http-429"), (408, "unknown", "http-408"),
        (500, "unknown", "http-500"), (503, "unknown", "http-503"),
    ],
)  # fmt: skip
async def test_what_the_receiver_answers_is_told_as_it_is(door: Receiver, status: int, state: str, code: str) -> None:
    door.answer = answering(status)
    outcome = await webhook(door).send(HOOK)
    assert (outcome.state, outcome.code) == (state, code)


@pytest.mark.parametrize("address", ["https://other.example.com/", "http://hooks.example.com/", "", "phone"])
async def test_an_address_outside_the_list_is_refused_and_nothing_is_sent(door: Receiver, address: str) -> None:
    outcome = await webhook(door).send(letter(route="webhook", address=address))
    assert outcome.state == "refused" and outcome.code
    assert door.dialled == []


def pagerduty(door: Receiver) -> PagerDuty:
    url = f"https://{HOST}/v2/enqueue"
    choice = PagerDutyChoice.model_validate({"kind": "pagerduty", "routing_key": "route-1", "url": url})
    return PagerDuty(choice, http(door))


PAGE: Letter = letter(route="oncall", address="")


async def test_a_page_rings_once_however_often_it_is_sent(door: Receiver) -> None:
    door.answer = answering(202, '{"status":"success","message":"Event processed","dedup_key":"case_1|con_1|sms-1"}')
    assert (await pagerduty(door).send(PAGE)).state == "accepted"
    await pagerduty(door).send(PAGE)
    events = [json.loads(body) for _, body in door.requests]
    assert events[0] == events[1]
    event = events[0]
    assert (event["routing_key"], event["event_action"], event["dedup_key"]) == ("route-1", "trigger", LETTER.send)
    assert event["payload"]["severity"] == "critical" and event["payload"]["source"] == "anban"
    assert event["payload"]["summary"] == LETTER.subject and event["links"][0]["href"] == LETTER.link


async def test_a_paging_tool_that_refuses_or_answers_nonsense_is_told_as_it_is(door: Receiver) -> None:
    door.answer = answering(400, '{"status":"invalid event","message":"routing_key is wrong"}')
    refused = await pagerduty(door).send(PAGE)
    assert (refused.state, refused.code) == ("refused", "invalid-event")
    door.answer = answering(202, "<html>")
    assert (await pagerduty(door).send(PAGE)).code == "unreadable"


async def test_any_other_tool_gets_plain_json_with_its_token_and_a_key_against_doubles(door: Receiver) -> None:
    choice = OnCallChoice.model_validate({"kind": "oncall", "url": URL, "token": "t0ken"})
    assert (await OnCall(choice, http(door)).send(PAGE)).state == "accepted"
    ((headers, body),) = door.requests
    assert headers["authorization"] == "Bearer t0ken" and headers["idempotency-key"] == LETTER.send
    assert json.loads(body) == {
        "id": LETTER.send,
        "at": "2026-11-23T12:00:00+00:00",
        "subject": LETTER.subject,
        "text": LETTER.text,
        "link": LETTER.link,
    }
