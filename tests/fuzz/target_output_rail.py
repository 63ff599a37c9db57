"""The output rail, with a judge that knows one phrase."""

import random

from anban.rails.output import Hit, OutputRail

PHRASE = "harm 害"
SEEDS = [
    "今天的天气很好，我们可以出去走走。慢慢说！你最近遇到了什么？……“好。”".encode(),
    b'Well, v. 3.14 is out. "Really?" she said!\r\nYes; no. See example.org/a?b=c for more of it, please',
    ("没有标点的很长很长的一句话" * 12).encode(),
    ("我说，" + PHRASE + "。然后呢").encode(),
    ("word " * 15 + PHRASE).encode(),
    "👨‍👩‍👧e\u0301\0".encode() + b"\xed\xa0\xbd",
    "😀".encode("utf-16-le"),
]


def check(data: bytes) -> None:
    """The phrase does not leave; without it everything does; three cuttings give the same."""
    text = _DECODERS[len(data) % 3](data)
    whole = _run([text])
    released, hit = whole
    mended = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "")
    assert mended.startswith(released)
    assert (hit is None) == (PHRASE not in mended)
    assert hit is not None or released == mended
    # The phrase holds no sentence end and is short: not one character of it may go ahead of the others.
    assert hit is None or hit.span == (at := mended.index(PHRASE), at + len(PHRASE))
    assert hit is None or len(released) <= mended.index(PHRASE)
    rng = random.Random(data)
    cuts = sorted(rng.randrange(len(text) + 1) for _ in range(rng.choice((1, 5, 50))))
    assert _run([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]) == whole
    assert _run(list(text)) == whole


def _judge(tail: str, pending: str) -> Hit | None:
    at = (tail + pending).find(PHRASE)
    return None if at < 0 else Hit("out.self-harm", 1.0, "phrase", (at, at + len(PHRASE)))


def _run(chunks: list[str]) -> tuple[str, Hit | None]:
    rail = OutputRail(_judge)
    given = "".join(map(rail.feed, chunks)) + rail.finish()
    assert given == rail.released
    return given, rail.hit


def _halves(data: bytes) -> str:
    """Text with lonely and matching halves of surrogate pairs in it."""
    return data.decode("latin-1").replace("\xf0", "\ud83d").replace("\x9f", "\ude00")


_DECODERS = (lambda data: data.decode("utf-8", "replace"), lambda data: data.decode("utf-16-le", "replace"), _halves)
