"""Places in a text: putting other words there, and whether a Latin word ends where a place does."""

from collections.abc import Iterable

Put = tuple[str, int, int]
"""(what is put, start, end)."""


def put_in(text: str, puts: Iterable[Put]) -> str:
    """The text with each of `puts` in its place; they come in order and do not overlap."""
    parts: list[str] = []
    at = 0
    for put, start, end in puts:
        parts += (text[at:start], put)
        at = end
    return "".join(parts) + text[at:]


def is_latin(char: str) -> bool:
    """Whether it is a Latin letter or a digit; an empty string, as past either end of a text, is none."""
    return char.isascii() and char.isalnum()


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no Latin word or number runs over either end of the place."""
    return not (
        (is_latin(text[start]) and is_latin(text[start - 1 : start]))
        or (is_latin(text[end - 1]) and is_latin(text[end : end + 1]))
    )
