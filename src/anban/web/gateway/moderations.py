"""`/v1/moderations`: OpenAI's shape, our detectors. Nothing is stored and nobody's level moves."""

import asyncio
from typing import Any

import orjson
from litestar import Request, Response, post

from anban.base.errors import BadInput, TooLarge
from anban.base.ids import new_id
from anban.detectors.moderation import moderation_result
from anban.detectors.signal import Window
from anban.web.gateway.body import parse, receive_body
from anban.web.gateway.chat import TheGateway

MOST_INPUTS = 64


@post("/v1/moderations", status_code=200, summary="Judge texts", tags=["gateway"], request_max_body_size=None)
async def moderations(request: Request[Any, Any, Any], gateway: TheGateway) -> Response[bytes]:
    """Scores of every detector for each input, as calibrated probabilities."""
    raw = await receive_body(request, gateway.limits, gateway.slow_reader)
    service = await gateway.doorman.service(request)
    body = parse(raw, gateway.limits)
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise BadInput("model must be a string", field="model")
    rules = gateway.rt.rules(service, frozenset[str](), gateway.rt.clock.now())
    budget = rules.number("detector-budget-milliseconds")
    results: list[dict[str, Any]] = []
    for text in _inputs(body.get("input"), gateway.limits.message):
        results.append(moderation_result(gateway.rt.panel.look(Window(text), budget)))
        await asyncio.sleep(0)  # people are talking meanwhile
    answer = {"id": new_id("modr-"), "model": "anban-panel", "results": results}
    return Response(orjson.dumps(answer), media_type="application/json")


def _inputs(given: object, most: int) -> list[str]:
    texts: list[Any] = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    if not texts:
        raise BadInput("input must be text or a list of texts", field="input")
    if len(texts) > MOST_INPUTS:
        raise BadInput(f"more than {MOST_INPUTS} inputs", field="input", code="too_many")
    if all(isinstance(part, dict) for part in texts):
        texts = ["\n".join(_part(part, at) for at, part in enumerate(texts))]
    for at, text in enumerate(texts):
        if not isinstance(text, str):
            raise BadInput(f"input[{at}] must be text", field=f"input[{at}]")
        if len(text) > most:
            raise TooLarge(f"input[{at}] is longer than {most} characters", field=f"input[{at}]")
    return texts


def _part(part: dict[str, Any], at: int) -> str:
    if part.get("type") != "text" or not isinstance(part.get("text"), str):
        raise BadInput(f"input[{at}] is not a part with text; other media are not judged yet", field=f"input[{at}]")
    return part["text"]
