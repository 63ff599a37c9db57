"""Handing over to the tool that pages whoever is on call: PagerDuty's events, or JSON for any other."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import orjson
from pydantic import AfterValidator

from anban.outreach.channel import Letter, Outcome
from anban.outreach.channels.choice import Choice, Secret
from anban.outreach.reply import outcome, short
from anban.outreach.safe_http import HTTPS, BadUrl, SafeHttp, target_of

ONCALL: Final = frozenset({"oncall"})
_MOST_SUMMARY: Final = 1024


def door_of(url: str) -> tuple[str, int]:
    """The one host and port that a hook's requests may go to."""
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or HTTPS


def _hook(url: str) -> str:
    try:
        host, port = door_of(url)
        target_of(url, frozenset({host}), frozenset({port}))
    except (ValueError, BadUrl):
        raise ValueError("must be a plain https address, its host in lower case") from None
    return url


Hook = Annotated[str, AfterValidator(_hook)]


class PagerDutyChoice(Choice):
    """`routing_key` names the service that is paged; other tools that speak Events v2 have another `url`."""

    kind: Literal["pagerduty"]
    routing_key: Secret
    url: Hook = "https://events.pagerduty.com/v2/enqueue"


class PagerDuty:
    """PagerDuty Events v2. The send's id is the `dedup_key`, so that a repeat does not ring twice.

    https://developer.pagerduty.com/docs/events-api-v2-overview
    """

    def __init__(self, choice: PagerDutyChoice, http: SafeHttp) -> None:
        self.name, self.routes = choice.name or "oncall", ONCALL
        self._choice, self._http = choice, http

    async def send(self, letter: Letter) -> Outcome:
        event: dict[str, Any] = {
            "routing_key": self._choice.routing_key.get_secret_value(),
            "event_action": "trigger",
            "dedup_key": letter.send,
            "payload": {
                "summary": (letter.subject or letter.text)[:_MOST_SUMMARY],
                "source": "anban",
                "severity": "critical",
                "timestamp": letter.at.isoformat(),
                "custom_details": {"text": letter.text},
            },
        }
        if letter.link:
            event["links"] = [{"href": letter.link, "text": letter.subject}]
        reply = await self._http.post(self._choice.url, orjson.dumps(event), {"Content-Type": "application/json"})
        return outcome(self.name, reply, self._read)

    async def close(self) -> None:
        await self._http.close()

    def _read(self, answer: dict[str, Any]) -> Outcome:
        if answer["status"] == "success":
            return Outcome("accepted", self.name, short(answer.get("dedup_key", "")))
        return Outcome("refused", self.name, code=short(answer["status"]))


class OnCallChoice(Choice):
    """Any tool that takes JSON. `token` goes along as a bearer where one is set."""

    kind: Literal["oncall"]
    url: Hook
    token: Secret | None = None


class OnCall:
    """Posts `{id, at, subject, text, link}`; the id is the same at each repeat."""

    def __init__(self, choice: OnCallChoice, http: SafeHttp) -> None:
        self.name, self.routes = choice.name or "oncall", ONCALL
        self._choice, self._http = choice, http

    async def send(self, letter: Letter) -> Outcome:
        told = {
            "id": letter.send,
            "at": letter.at.isoformat(),
            "subject": letter.subject,
            "text": letter.text,
            "link": letter.link,
        }
        headers = {"Content-Type": "application/json", "Idempotency-Key": letter.send}
        if self._choice.token:
            headers["Authorization"] = f"Bearer {self._choice.token.get_secret_value()}"
        return outcome(self.name, await self._http.post(self._choice.url, orjson.dumps(told), headers))

    async def close(self) -> None:
        await self._http.close()
