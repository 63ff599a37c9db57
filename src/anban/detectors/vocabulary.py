"""The closed list of things a detector may notice: the names in the contract's signal table."""

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
