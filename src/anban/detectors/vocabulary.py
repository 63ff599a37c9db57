"""The closed list of things a detector may notice (the contract's signal table), and what people call them."""

from functools import cache
from typing import Literal

from anban.detectors.tables import ROOM, read_yaml

USER_SIGNALS = frozenset({
    "self-harm", "self-harm.ideation", "self-harm.plan", "self-harm.imminent", "distress", "threat", "violence",
    "health-emergency", "fraud", "dependence", "minority", "elderly", "leaving", "abuse", "sexual", "gambling",
    "illegal", "political", "secrets", "kinship-request", "intimacy-request", "asks-human", "asks-if-ai", "injection",
    "worry-for-other",
})  # fmt: skip

OUTPUT_SIGNALS = frozenset({
    "out.self-harm", "out.manipulation", "out.holding-back", "out.isolation", "out.flattery", "out.false-promise",
    "out.claims-human", "out.kinship", "out.intimacy", "out.pressure-to-pay", "out.secret-solicitation", "out.abuse",
    "out.sexual", "out.violence", "out.gambling", "out.illegal", "out.political",
})  # fmt: skip

SIGNALS = USER_SIGNALS | OUTPUT_SIGNALS

LISTED = "listed"
"""A word of an operator's list whose risk has no signal: told as a reason, never a score, and nothing follows."""


def name_of(what: Literal["signals", "views", "detectors"], code: str, lang: Literal["zh", "en"]) -> str:
    """What people call a signal, a reading or a detector; the code itself where it has no name (`guard:qwen3guard`)."""
    named = _names()[what]
    found = named.get(code) or named.get(code.partition(":")[0])
    return found[lang] if found else code


@cache
def _names() -> dict[str, dict[str, dict[str, str]]]:
    return read_yaml(ROOM / "names.yaml")
