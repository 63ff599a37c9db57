"""What checking found: problems with their places, and what can be noted down for the next time."""

from dataclasses import dataclass, field

MOST_PROBLEMS = 1000


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was written; `line` counts from 1, `seq` is the entry where one can be named.

    `where` is the file inside a pack, or the witness's file; empty for the export itself.
    """

    line: int
    seq: int | None
    what: str
    where: str = ""


@dataclass(frozen=True)
class LogSeen:
    """One log of the ledger: entries `start` to `size`, of which `signed` stand under the checkpoint `root` (hex)."""

    origin: str
    start: int
    size: int
    signed: int
    root: str


@dataclass(frozen=True)
class WitnessSeen:
    """One witness's file: checkpoints that agree, those that this file cannot be compared with, and of other logs."""

    name: str
    agreed: int
    beyond: int
    foreign: int


@dataclass(frozen=True)
class Report:
    """`whole` when nothing is wrong. `signed` of the `entries` stand under a checkpoint, the rest are not yet signed.

    `root` (hex) is what the last checkpoint signs, of the last of `logs`: compare it with what a witness has kept.
    `part` is `all`, or `slice` for a file that holds a stretch of time.
    """

    whole: bool
    entries: int
    signed: int
    checkpoints: int
    deployment: str
    created: str
    part: str
    keys: tuple[str, ...]
    root: str
    logs: tuple[LogSeen, ...]
    witnesses: tuple[WitnessSeen, ...]
    problems: tuple[Problem, ...]


@dataclass
class Findings:
    """Problems as they are found; `full` when enough is known."""

    most: int
    problems: list[Problem] = field(default_factory=list[Problem])

    def wrong(self, what: str, line: int = 1, seq: int | None = None, where: str = "") -> None:
        self.problems.append(Problem(line, seq, what, where))

    @property
    def full(self) -> bool:
        return len(self.problems) >= self.most
