"""Runs the fuzz targets: `python -m tests.fuzz.run --inputs 100000 [--target sse] [--seed 1] [--plain]`.

A target is a module `target_<name>.py` beside this file with `check(data: bytes) -> None`, which raises when something
is wrong, and `SEEDS`, a list of inputs to start from. With atheris installed each target runs under it, guided by
coverage; otherwise, or with `--plain`, on seeded mutations.
"""

import argparse
import importlib
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from tests.fuzz.mutate import inputs

_HERE = Path(__file__).parent
# Reliability section 7.11: at most 50 ms for 4 KiB, which no input here exceeds.
_SLOWEST_SECONDS = 0.05


def targets() -> list[str]:
    """Names of the targets beside this file."""
    return sorted(path.stem.removeprefix("target_") for path in _HERE.glob("target_*.py"))


def load(name: str) -> ModuleType:
    return importlib.import_module(f"tests.fuzz.target_{name}")


def run_plain(name: str, count: int, seed: int = 0) -> float:
    """Check `count` mutated inputs; the CPU seconds of the slowest. Raises what the target raised, with its input."""
    target = load(name)
    slowest = 0.0
    for data in inputs(target.SEEDS, count, seed):
        try:
            spent = _cost(target, data)
            if spent > _SLOWEST_SECONDS:
                # A pause of the machine is no finding: only what is slow each time is.
                spent = min(_cost(target, data) for _ in range(3))
            assert spent <= _SLOWEST_SECONDS, f"{spent:.3f} s"
        except Exception as error:
            error.add_note(f"target {name}, seed {seed}, input {data!r}")
            raise
        slowest = max(slowest, spent)
    return slowest


def _cost(target: ModuleType, data: bytes) -> float:
    began = time.process_time()
    target.check(data)
    return time.process_time() - began


def run_guided(name: str, count: int, seed: int) -> None:
    """Never returns: atheris ends the process itself, with a status that is not 0 when it found something."""
    import atheris

    with atheris.instrument_imports(include=["anban"]):
        target = load(name)
    with tempfile.TemporaryDirectory() as corpus:
        for at, data in enumerate(target.SEEDS):
            Path(corpus, str(at)).write_bytes(data)
        limits = [f"-runs={count}", f"-seed={seed}", "-max_len=1024", "-timeout=5"]
        atheris.Setup([sys.argv[0], *limits, "-verbosity=0", corpus], target.check)
        atheris.Fuzz()


def main(argv: list[str]) -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--inputs", type=int, default=100_000)
    options.add_argument("--target", choices=targets(), action="append")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--plain", action="store_true")
    options.add_argument("--guided", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args(argv)
    names = chosen.target or targets()
    if chosen.guided:
        run_guided(names[0], chosen.inputs, chosen.seed)
    guided = not chosen.plain and importlib.util.find_spec("atheris") is not None
    failed = 0
    for name in names:
        began = time.monotonic()
        if guided:
            more = ["--guided", "--target", name, "--inputs", str(chosen.inputs), "--seed", str(chosen.seed)]
            failed += subprocess.run([sys.executable, "-m", "tests.fuzz.run", *more], check=False).returncode != 0
        else:
            run_plain(name, chosen.inputs, chosen.seed)
        sys.stdout.write(f"{name}: {chosen.inputs} inputs in {time.monotonic() - began:.1f} s\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
