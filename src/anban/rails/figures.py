"""Counters and timings for whoever runs the machine; they may be lost, the ledger may not."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Figures:
    """The metrics of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.turns = Counter("anban_turns", "Turns by verdict and level", ("verdict", "level"), registry=self.registry)
        self.withheld = Counter("anban_withheld", "Replies withheld, by signal", ("signal",), registry=self.registry)
        self.unavailable = Counter(
            "anban_detector_unavailable", "Detectors that crashed or were late", ("detector",), registry=self.registry
        )
        self.faults = Counter("anban_faults", "Parts that failed", ("part",), registry=self.registry)
        self.gaps = Counter("anban_gaps", "What an app did not let us do", ("gap",), registry=self.registry)
        self.looked = Histogram(
            "anban_detectors_seconds",
            "Time the detectors took for one message",
            buckets=(0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.3),
            registry=self.registry,
        )
        self.opinions = Counter(
            "anban_second_opinions", "Answers of the guard model", ("guard", "outcome"), registry=self.registry
        )
        self.parts = Counter(
            "anban_parts", "Pictures, recordings and other parts by what became of them", ("sense", "outcome"),
            registry=self.registry,
        )  # fmt: skip
        self.witnesses = Counter(
            "anban_witness_shown", "Checkpoints shown to witnesses outside", ("witness", "outcome"),
            registry=self.registry,
        )  # fmt: skip
        self.witness_failing = Gauge(
            "anban_witness_failing_seconds", "Since when a witness holds nothing new", ("witness",),
            registry=self.registry,
        )  # fmt: skip
        self.damaged_logs = Gauge(
            "anban_ledger_damaged", "Logs that are not as they were signed", registry=self.registry
        )
        self.in_flight = Gauge("anban_turns_in_flight", "Answers being made now", registry=self.registry)

    def witnessed(self, witness: str, outcome: str, failing: float) -> None:
        """How showing a checkpoint ended, and for how many seconds this witness has failed by now."""
        self.witnesses.labels(witness, outcome).inc()
        self.witness_failing.labels(witness).set(failing)
