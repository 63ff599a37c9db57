"""Ordinary short sentences for training, put together from the words of `ordinary.yaml`."""

import itertools
import zlib
from pathlib import Path

from anban.detectors.tables import read_yaml
from anban.detectors.training.pool import Row
from anban.detectors.vocabulary import OUTPUT_SIGNALS, USER_SIGNALS

_WEIGHT = 1.5
_UNKNOWN = {"minority", "elderly", "self-harm.ideation", "distress"}


def ordinary_rows(file: Path = Path(__file__).with_name("ordinary.yaml")) -> list[Row]:
    """Each frame with up to twelve of its words, the same ones every time; a deliberate negative for every danger."""
    rows: list[Row] = []
    labels = {name: (0, _WEIGHT) for name in sorted(USER_SIGNALS - _UNKNOWN) if not name.startswith("self-harm.")}
    written = read_yaml(file)
    replies: dict[str, tuple[int, float]] = dict.fromkeys(sorted(OUTPUT_SIGNALS), (0, _WEIGHT))
    for lang, lines in written.pop("companion").items():
        rows.extend(Row(line, "assistant", lang, replies, "ordinary") for line in lines)
    for lang, words in written.items():
        for frame in words["frames"]:
            slot = next((name for name in ("act", "chore", "thing") if f"{{{name}}}" in frame), None)
            fillers = words[slot] if slot else [""]
            first = zlib.crc32(frame.encode()) % len(fillers)
            for filler in itertools.islice(itertools.cycle(fillers), first, first + min(12, len(fillers))):
                text = frame.replace(f"{{{slot}}}", filler)
                own = {**labels, "leaving": (0, _WEIGHT)}
                if "brb" in text or "got to run" in text or "走" in text or "去了" in text:
                    del own["leaving"]
                rows.append(Row(text, "user", lang, own, "ordinary"))
    return rows
