"""A closed-loop load generator on raw connections; one request under way on each."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(slots=True)
class Run:
    """What one run found; times in milliseconds."""

    latencies: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    seconds: float = 0.0
    failed: int = 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def p(self, share: float) -> float:
        """A quantile of the latencies."""
        return _quantile(self.latencies, share)

    @property
    def first(self) -> float:
        """Median time to the first words of a stream."""
        return statistics.median(self.firsts) if self.firsts else float("nan")


async def load(url: str, *, at_once: int, requests: int, streaming: bool, user: str = "", key: str = "") -> Run:
    """Send `requests`, `at_once` at a time. In `user`, `{i}` becomes the request's number and `{m}` one of forty."""
    run = Run()
    left = iter(range(requests))
    began = time.perf_counter()
    await asyncio.gather(*(_worker(url, left, run, streaming, user, key) for _ in range(at_once)))
    run.seconds = time.perf_counter() - began
    return run


async def _worker(url: str, left, run: Run, streaming: bool, user: str, key: str) -> None:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for number in left:
        request = _request(where, number, streaming, user, key)
        began = time.perf_counter()
        writer.write(request)
        try:
            status, first = await _answer(reader, streaming)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            run.failed += 1
            writer.close()
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            continue
        if status != 200:
            run.failed += 1
            continue
        run.latencies.append((time.perf_counter() - began) * 1000)
        if first is not None:
            run.firsts.append((first - began) * 1000)
    writer.close()


def _request(where, number: int, streaming: bool, user: str, key: str) -> bytes:
    said = "你好，今天过得怎么样？"
    body = f'{{"model":"bench","stream":{str(streaming).lower()},"messages":[{{"role":"user","content":"{said}"}}]}}'
    named = f"X-Anban-User: {user.replace('{i}', str(number)).replace('{m}', str(number % 40))}\r\n" if user else ""
    raw = body.encode()
    return (
        f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {key}\r\n{named}"
        f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    ).encode() + raw


async def _answer(reader: asyncio.StreamReader, streaming: bool) -> tuple[int, float | None]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lower = head.lower()
    if b"content-length:" in lower:
        length = int(lower.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        return status, None
    first = None
    while size := int(await reader.readuntil(b"\r\n"), 16):
        piece = await reader.readexactly(size + 2)
        if first is None and b'"content":"' in piece and b'"content":""' not in piece:
            first = time.perf_counter()
    await reader.readexactly(2)
    return status, first


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
