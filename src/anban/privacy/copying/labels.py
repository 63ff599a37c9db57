"""The labels that AI-made content keeps when it leaves us: one for people, one for machines (GB 45438-2025)."""

from collections.abc import Mapping
from typing import Final

import orjson

AI_MADE: Final = "1"
"""`Label`: 1 says that content was made by AI, 2 that it may have been, 3 that somebody suspects so."""


def aigc(producer: str, identifier: str, digest: str = "") -> Mapping[str, str]:
    """The implicit label, with the seven elements that the standard names and in its order.

    `producer` is the provider's name or code, which also spreads the content here; `identifier` the copy's number.
    The two reserved codes are for integrity: `digest` is the SHA-256 of the messages, where it is known by then.
    """
    return {
        "Label": AI_MADE,
        "ContentProducer": producer,
        "ProduceID": identifier,
        "ReservedCode1": digest,
        "ContentPropagator": producer,
        "PropagateID": identifier,
        "ReservedCode2": digest,
    }


def as_text(label: Mapping[str, str]) -> str:
    """The label as the text that a file's metadata carries."""
    return orjson.dumps({"AIGC": label}).decode()
