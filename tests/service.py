"""A real service for tests: `anban up` as a process of its own, that can be killed and started again.

    with Running(data).start() as service:            # demo mode, a free port
        said = service.say("你好", user="lin")
        service.kill()
        service.start()                                # on the same data

The same house inside the test, with a clock to move, is in `tests/guest.py`.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from anban.settings import DEMO_KEY

KEY = {"Authorization": f"Bearer {DEMO_KEY}"}
START_WITHIN = 90.0
COMMAND = (sys.executable, "-c", "from anban.cli import main; main()")
"""The command line, run so that no script folder needs to be on the path."""


@dataclass(slots=True)
class Said:
    """One reply as a client sees it: the text put together, the `anban` objects, and how the stream ended."""

    text: str
    meta: dict[str, Any]
    finish: str | None
    done: bool = True
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    chunks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    seconds_to_words: float = 0.0


def chat_body(text: str | list[dict[str, Any]], stream: bool, more: dict[str, Any]) -> dict[str, Any]:
    """A chat request; `text` may be a whole list of messages."""
    messages = [{"role": "user", "content": text}] if isinstance(text, str) else text
    return {"model": "test", "messages": messages, "stream": stream, **more}


def named(user: str | None, conversation: str, client: str) -> dict[str, str]:
    """The headers that say who speaks."""
    told = {"X-Anban-User": user, "X-Anban-Conversation": conversation, "X-Anban-Client": client}
    return {**KEY, **{name: value for name, value in told.items() if value}}


def whole(response: httpx.Response) -> Said:
    """An answer that was not streamed."""
    assert response.status_code == 200, response.text
    body = response.json()
    choice = body["choices"][0]
    said = Said(choice["message"]["content"] or "", body["anban"], choice["finish_reason"])
    said.headers, said.body = dict(response.headers), body
    return said


class Heard:
    """Puts a stream together line by line."""

    def __init__(self, headers: httpx.Headers, began: float) -> None:
        self.said = Said("", {}, None, False, dict(headers))
        self._began = began

    def line(self, line: str) -> None:
        if not line:
            return
        assert line.startswith("data: "), f"no line that clients do not know: {line!r}"
        if line == "data: [DONE]":
            self.said.done = True
            return
        assert not self.said.done, "nothing comes after [DONE]"
        chunk = orjson.loads(line.removeprefix("data: "))
        self.said.chunks.append(chunk)
        self.said.meta = chunk.get("anban", self.said.meta)
        for choice in chunk["choices"]:
            piece = choice["delta"].get("content") or ""
            if piece and not self.said.text:
                self.said.seconds_to_words = time.perf_counter() - self._began
            self.said.text += piece
            self.said.finish = choice["finish_reason"] or self.said.finish


# --- a process of its own -------------------------------------------------------------------------------------------


class Running:
    """`anban up` as a process: start, kill -9, SIGTERM, start again on the same data."""

    def __init__(self, data: Path, *, demo: bool = True, **environment: str) -> None:
        self.data = data
        self._demo = demo
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("ANBAN_")}
        self._environment |= environment
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.http = httpx.Client(timeout=40)

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.http.close()

    def start(self) -> "Running":
        """Start it and wait until its door answers."""
        address = self.data / "address"
        address.unlink(missing_ok=True)
        self.data.mkdir(parents=True, exist_ok=True)
        command = [*COMMAND, "up", "--port", "0", "--data", str(self.data), *(["--demo"] if self._demo else [])]
        with open(self.data / "log", "ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, stdout=log, stderr=log, start_new_session=True, cwd=self.data
            )
        deadline = time.monotonic() + START_WITHIN
        while time.monotonic() < deadline and self._process.poll() is None:
            if address.exists() and (found := address.read_text()):
                self.url = found
                with contextlib.suppress(httpx.HTTPError):
                    if self.http.get(f"{found}/healthz").status_code == 200:
                        return self
            time.sleep(0.05)
        raise AssertionError(f"the service did not start: {(self.data / 'log').read_text()[-2000:]}")

    def kill(self) -> None:
        """kill -9: nothing is said goodbye to."""
        self._end(signal.SIGKILL)

    def stop(self) -> int | None:
        """SIGTERM, and its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            return process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(5)

    def say(
        self,
        text: str | list[dict[str, Any]],
        *,
        user: str | None = "lin",
        conversation: str = "",
        client: str = "",
        stream: bool = False,
        **more: Any,
    ) -> Said:
        """One message, one reply."""
        url, body = f"{self.url}/v1/chat/completions", chat_body(text, stream, more)
        headers = named(user, conversation, client)
        if not stream:
            return whole(self.http.post(url, json=body, headers=headers))
        began = time.perf_counter()
        with self.http.stream("POST", url, json=body, headers=headers) as response:
            heard = Heard(response.headers, began)
            for line in response.iter_lines():
                heard.line(line)
        return heard.said

    def get(self, path: str) -> Any:
        """What a management door answers."""
        response = self.http.get(self.url + path, headers=KEY)
        assert response.status_code == 200, response.text
        return response.json()

    def cases(self, user: str = "lin") -> list[dict[str, Any]]:
        return self.get(f"/anban/v1/cases?user={user}")

    def ledger(self, *kinds: str) -> list[dict[str, Any]]:
        """The newest entries, of these kinds if any are named."""
        return [entry for entry in self.get("/anban/v1/ledger?n=1000") if not kinds or entry["kind"] in kinds]

    def anban(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """One command of the command line, pointed at this service."""
        environment = {**self._environment, "ANBAN_URL": self.url, "NO_COLOR": "1", "COLUMNS": "200"}
        return subprocess.run(
            [*COMMAND, *arguments],
            env=environment,
            cwd=self.data,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
