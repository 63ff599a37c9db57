"""The verifier by itself: `python3 -m verifier FILE`, in the folder that holds it."""

import argparse
import sys
from pathlib import Path

from . import Report, verify


def main() -> int:
    """0 when the file is whole, 1 when it is not, 2 when it was asked in a wrong way."""
    asked = argparse.ArgumentParser(prog="verifier", description="Check an exported ledger or an evidence pack.")
    asked.add_argument("path", type=Path)
    asked.add_argument("--public-key", action="append", default=[])
    asked.add_argument("--witness", action="append", type=Path, default=[])
    asked.add_argument("--witness-key", action="append", default=[])
    asked.add_argument("--until", default="")
    given = asked.parse_args()
    try:
        report = verify(
            given.path,
            given.public_key,
            witnesses=given.witness,
            witness_key=given.witness_key,
            until=given.until,
        )
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("\n".join(told(report)) + "\n")
    return 0 if report.whole else 1


def told(report: Report) -> list[str]:
    """The report in lines for a person: the verdict first, then what is wrong, then what there is."""
    lines = [f"{'whole' if report.whole else 'not whole'}: {report.entries} entries, made {report.created}"]
    lines += [
        f"{problem.where + ', ' if problem.where else ''}line {problem.line}"
        + (f", entry {problem.seq}" if problem.seq is not None else "")
        + f": {problem.what}"
        for problem in report.problems
    ]
    for log in report.logs:
        lines.append(f"{log.origin}: entries {log.start} to {log.size}, signed {log.signed}, root {log.root}")
    for seen in report.witnesses:
        lines.append(
            f"witness {seen.name}: {seen.agreed} agree, {seen.beyond} not in this file, {seen.foreign} foreign"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
