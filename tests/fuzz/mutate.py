"""Makes inputs out of seeds, the same ones for the same number, where no coverage-guided fuzzer is installed."""

import random
from collections.abc import Iterator, Sequence

_LONGEST = 4096


def inputs(seeds: Sequence[bytes], count: int, seed: int = 0) -> Iterator[bytes]:
    """`count` inputs: the seeds themselves first, then mixtures and mutations of them."""
    rng = random.Random(seed)
    yield from seeds[:count]
    for _ in range(count - len(seeds)):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            _mutate(data, rng, seeds)
        yield bytes(data[:_LONGEST])


def _mutate(data: bytearray, rng: random.Random, seeds: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    match rng.randrange(7):
        case 0:
            data[at:at] = rng.randbytes(rng.choice((1, 1, 2, 8)))
        case 1:
            del data[at : at + rng.choice((1, 1, 2, 8, 64))]
        case 2 if at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        case 3:
            other = rng.choice(seeds)
            start = rng.randrange(len(other) + 1)
            data[at:at] = other[start : start + rng.randrange(1, 200)]
        case 4:
            data[at:at] = bytes(data[at : at + 20]) * rng.choice((2, 3, 50))
        case 5:
            data[at:at] = rng.choice(
                (b"\n", b"\r", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xff", b"\xf0\x9f\x98", b"\xed\xa0\xbd")
            )
        case _:
            del data[at:]
