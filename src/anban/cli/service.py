"""Talking to the running service from the command line."""

import os
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

import orjson

from anban.base.errors import AnbanError, Misconfigured, NotFound
from anban.settings import DEMO_KEY

DEFAULT_DATA = Path("data")


class NotRunning(AnbanError):
    """No service answers where it should be."""

    code = "not_running"


class Service:
    """The service that `--data` or `ANBAN_URL` names, with the administrator's key that lies beside its data."""

    def __init__(self, data: Path = DEFAULT_DATA) -> None:
        where = data / "address"
        found = os.environ.get("ANBAN_URL") or (where.read_text().strip() if where.exists() else "")
        self.url = (found or "http://127.0.0.1:8787").rstrip("/")
        key = data / "admin.key"
        self.key = os.environ.get("ANBAN_ADMIN_KEY") or (key.read_text().strip() if key.exists() else DEMO_KEY)

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Any:
        """One request; the JSON answer. Raises `NotRunning`, or an `AnbanError` with the service's own message."""
        return orjson.loads(self.raw(method, path, body, key=key, **headers))

    def raw(self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> bytes:
        """One request; the answer's bytes."""
        with self._open(method, path, body, key, headers) as response:
            return response.read()

    def lines(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Iterator[bytes]:
        """One request whose answer comes line by line."""
        with self._open(method, path, body, key, headers) as response:
            yield from response

    def pieces(self, method: str, path: str, size: int) -> Iterator[bytes]:
        """One request whose answer is large, `size` bytes at a time. Raises `NotRunning` where it breaks off."""
        with self._open(method, path, None, None, {}) as response:
            try:
                while piece := response.read(size):
                    yield piece
            except (OSError, HTTPException) as error:
                raise NotRunning("the answer broke off; ask again") from error

    def _open(self, method: str, path: str, body: Any, key: str | None, headers: dict[str, str]) -> Any:
        data = None if body is None else orjson.dumps(body)
        named = {name.replace("_", "-"): quote(value, safe=";=- ") for name, value in headers.items()}
        request = Request(
            self.url + path,
            data=data,
            method=method,
            headers={"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json", **named},
        )
        try:
            return urlopen(request, timeout=60)  # noqa: S310 - the address is this machine's own service
        except HTTPError as error:
            detail = _detail(error.read())
            raise (NotFound(detail) if error.code == 404 else Misconfigured(detail)) from error
        except (URLError, OSError) as error:
            raise NotRunning(f"no service answers at {self.url}; start it with `anban up`") from error


def _detail(raw: bytes) -> str:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return "the service refused"
    if isinstance(body, dict):
        inner = body.get("error")
        return str(inner.get("message") if isinstance(inner, dict) else body.get("detail", "the service refused"))
    return "the service refused"
