"""The person of a drill on the running service: what they say, what the ledger tells of it, and what was not so."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anban.base.clock import SystemClock
from anban.base.errors import Misconfigured
from anban.cli.service import Service
from anban.law.register import DEFAULT_PACKS, load
from anban.law.rulebook import Rulebook
from anban.settings import DEMO_KEY
from anban.web.drill_picture import Taken

GENTLE = "今天把阳台的花浇了。"

EVERY = 0.1
"""Seconds between two looks at whether something has happened."""


@dataclass(slots=True)
class Drill:
    """One scripted person, whom the service itself named, so that nobody takes them for real; and what was found.

    Speaks with the service key in `ANBAN_KEY`, or the demonstration's.
    """

    service: Service
    user: str = ""
    targets: Mapping[str, Any] = field(default_factory=dict[str, Any])
    demo: bool = False
    key: str = field(default_factory=lambda: os.environ.get("ANBAN_KEY") or DEMO_KEY)
    rules: Rulebook = field(default_factory=lambda: load().in_force(DEFAULT_PACKS, SystemClock().now()))
    faults: list[str] = field(default_factory=list[str])
    steps: list[Taken] = field(default_factory=list[Taken])

    def __post_init__(self) -> None:
        named = self.service.ask("POST", "/anban/v1/drills/people", {})
        self.user, self.targets, self.demo = named["user"], named["targets"], named["demo"]
        if self.key == DEMO_KEY and not self.demo:
            raise Misconfigured(
                "set ANBAN_KEY to a key of the service: the person of a drill speaks like an app's user"
            )

    def say(
        self, text: str, *, conversation: str = "drill", persona: str = "companion", client: str = ""
    ) -> dict[str, Any]:
        """One message as this person; the reply's body, with the `seconds` that it took."""
        began = time.perf_counter()
        body = {"model": "drill", "messages": [{"role": "user", "content": text}]}
        answer = self.service.ask(
            "POST",
            "/v1/chat/completions",
            body,
            key=self.key,
            X_Anban_User=self.user,
            X_Anban_Conversation=conversation,
            X_Anban_Persona=persona,
            X_Anban_Client=client or "text",
        )
        answer["seconds"] = time.perf_counter() - began
        return answer

    def clock(self, minutes: float = 0) -> datetime:
        """Move a demonstration's clock forward; what it then shows."""
        moved = self.service.ask("POST", "/anban/v1/demo/clock", {"advance_seconds": minutes * 60})
        return datetime.fromisoformat(moved["now"])

    def expect(self, what: str, so: bool) -> None:
        """A thing that must be so."""
        if not so:
            self.faults.append(what)

    def so_far(self) -> dict[str, Any]:
        """Cases, ledger entries and letters of this person."""
        return self.service.ask("GET", f"/anban/v1/drills/people/{self.user}")

    def wait_for(self, kind: str, within: float) -> dict[str, Any] | None:
        """The first entry of this kind, as soon as there is one; None when none comes within so many seconds."""
        ends = time.monotonic() + within
        while True:
            found = next((each for each in self.so_far()["entries"] if each["kind"] == kind), None)
            if found is not None or time.monotonic() >= ends:
                return found
            time.sleep(EVERY)

    def timeline(self) -> list[dict[str, Any]]:
        """What the ledger and the case tell of this person, in order; steps with the seconds that they took."""
        found = self.so_far()
        told = [{"at": each["at"], "kind": each["kind"], **each["facts"]} for each in found["entries"]]
        events = [
            {"at": event["at"], "kind": f"case.{event['kind']}"}
            for case in found["cases"] for event in case["events"] if event["kind"] in BESIDE
        ]  # fmt: skip
        line = sorted([*told, *events], key=lambda each: each["at"])
        for step in self.steps:
            proof = next((each for each in line if each["kind"] == step.kind and "drill_step" not in each), None)
            if proof is not None and step.seconds is not None:
                proof |= {"drill_step": step.step, "took": round(step.seconds, 3), "late": step.late}
                proof |= {} if step.within is None else {"within": step.within}
        return line


BESIDE = ("contacts", "told_early", "said", "off_hours", "opinion_asked")
"""Events of a case that leave no entry of their own in the ledger."""
