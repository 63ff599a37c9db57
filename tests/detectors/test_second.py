"""The second stage: plain arithmetic that looks again where the first is unsure, and leaves the rest alone."""

from typing import Any

import numpy as np
import pytest

from anban.detectors.trained.cascade import Cascade, logit
from anban.detectors.trained.second import LENGTH, Second
from anban.detectors.trained.tokens import COMPANION, MARKS, START, UNKNOWN, USER, Vocabulary

NAMES = ("self-harm", "fraud")
PIECES = [*MARKS, "▁", *"abc不想活", "▁want", "▁to", "不想"]


def arrays(width: int = 8) -> dict[str, Any]:
    drawn = np.random.default_rng(1)
    shapes = {"qkv": (width, 3 * width), "mix": (width, width), "up": (width, 16), "down": (16, width),
              "hidden": (4 * width, 6), "out": (6, 2)}  # fmt: skip
    made: dict[str, Any] = {"vocabulary": np.array("\n".join(PIECES))}
    for name, shape in {
        **shapes,
        "tokens": (len(PIECES), width),
        "places": (LENGTH, width),
        "concepts": (5, width),
    }.items():
        made[name] = drawn.integers(-127, 128, shape).astype(np.int8)
        made[f"{name}_step"] = np.full((1, shape[1]), 0.01, np.float32)
        if name in shapes:
            made[f"{name}_bias"] = drawn.normal(size=shape[1]).astype(np.float32)
    for n in (1, 2, 3):
        made[f"norm{n}_weight"], made[f"norm{n}_bias"] = np.ones(width, np.float32), np.zeros(width, np.float32)
    return made


@pytest.fixture(scope="module")
def network() -> Second:
    return Second(NAMES, arrays(), heads=2)


def test_the_longest_piece_counts_and_what_none_covers_is_one_unknown() -> None:
    words = Vocabulary(PIECES)
    told = [words.pieces[n] for n in words.of("want to xyz不想活")]
    assert told == ["▁want", "▁to", "▁", "[unknown]", "不想", "活"]
    assert words.of("zzz") == [words.pieces.index("▁"), UNKNOWN]


def test_who_speaks_stands_before_each_turn() -> None:
    head, body = Vocabulary(PIECES).turn("a", "assistant", [("user", "b")])
    assert head[0] == START and USER in head and head[-1] == COMPANION and len(body) == 2


def test_the_same_text_has_the_same_margin_and_another_order_another(network: Second) -> None:
    one, again, other = (
        network.margins(text, "user", (), ()) for text in ("不想 活 a b", "不想 活 a b", "b a 活 不想")
    )
    assert one.shape == (2,) and (one == again).all() and not np.allclose(one, other)


def test_concepts_and_the_turns_before_have_their_say(network: Second) -> None:
    plain = network.margins("a", "user", (), ())
    assert not np.allclose(plain, network.margins("a", "user", (), (1, 3)))
    assert not np.allclose(plain, network.margins("a", "user", (("assistant", "b"),), ()))


def test_a_text_of_any_length_is_read_and_none_is_refused(network: Second) -> None:
    for text in ("", "不想活" * 5_000, "\x00", "é"):
        assert np.isfinite(network.margins(text, "user", (("user", "abc " * 500),) * 3, range(5))).all()


def test_a_second_look_is_taken_only_where_the_first_is_unsure(network: Second) -> None:
    both = Cascade(network, {})
    assert both.asks("user", ["self-harm", "minority"], np.array([0.5, 0.0]))
    assert not both.asks("user", ["self-harm", "minority"], np.array([0.01, 0.5]))
    assert not both.asks("user", ["self-harm", "minority"], np.array([0.99, 0.5]))


def test_both_looks_are_weighed_and_what_only_the_first_knows_stays(network: Second) -> None:
    both = Cascade(network, {"self-harm": (1.0, 0.5, -0.25)})
    joint = both.weigh(["self-harm", "minority"], np.array([0.5, 0.3]), np.array([2.0, 9.0]))
    assert joint[0] == pytest.approx(1 / (1 + np.exp(-0.75))) and joint[1] == 0.3
    assert logit(0.0) < -10 and logit(1.0) > 10
