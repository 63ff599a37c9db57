"""An OpenAI-compatible upstream that answers at once, so that every millisecond seen is the gateway's own."""

import asyncio
import sys

import orjson
import uvloop

TEXT = (
    "院子里的桂花开了，风一吹满屋都是香味。你那边今天天气怎么样？"
    "有空的话去外面走一走，看看路上有没有好玩的东西，回来讲给我听。"
)
CHUNKS = 60


class Upstream(asyncio.Protocol):
    """One keep-alive connection; answers whole or in `CHUNKS` pieces."""

    def __init__(self) -> None:
        self._waiting = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while True:
            head, found, rest = self._waiting.partition(b"\r\n\r\n")
            if not found:
                return
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            if len(rest) < length:
                return
            body, self._waiting = rest[:length], rest[length:]
            self._answer(b'"stream":true' in body or b'"stream": true' in body)

    def _answer(self, streaming: bool) -> None:
        if not streaming:
            self._transport.write(_whole())
            return
        self._transport.write(_HEAD)
        for piece in _PIECES:
            self._transport.write(piece)
        self._transport.write(b"0\r\n\r\n")


def _whole() -> bytes:
    message = {"role": "assistant", "content": TEXT}
    body = orjson.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "model": "bench"})
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def _framed(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def _piece(delta: dict[str, str], reason: str | None = None) -> bytes:
    chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "model": "bench"}
    return _framed(b"data: " + orjson.dumps(chunk) + b"\n\n")


_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_CUTS = [TEXT[at : at + 1] for at in range(CHUNKS - 1)] + [TEXT[CHUNKS - 1 :]]
_PIECES = [_piece({"role": "assistant", "content": ""}), *(_piece({"content": cut}) for cut in _CUTS)]
_PIECES += [_piece({}, "stop"), _framed(b"data: [DONE]\n\n")]


async def main(port: int) -> None:
    """Serve until stopped."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
