"""The model card as a page: the worst figures first, as Mitchell et al. (2019) ask of a card."""

from typing import Any

_ENOUGH = 20  # positives from which a slice stands in the main table
_KNOWN = """
- Veiled danger beside a twin of nearly the same words: a quarter is ranked the wrong way round, in both languages.
- English in indirect words, and English posts over 200 characters, are seen far less often than Chinese.
- Threats and deception told flatly or by detail, in English above all; the wish to hurt others, in both languages.
- What somebody says of their age only between the lines: about half is missed at few false alarms.
- Disguise on top of veiled words; slang that is new; a plea that is framed as fiction; whole words turned to digits.
- Politely worded manipulation, irony and dialects that nobody has checked are often missed.
- `political` and `sexual` have few labelled texts and rest on operators' lists and on rules.
- The model reads no order of words beyond four characters or three words, and a text of over 600 characters in parts.
- Texts were written by few people, with more wit than people write at night, and have had no second reader; labels of
  public sets are partial and some are weak: on SmileChat many alarms are right.
- The held-out sets were looked at between rounds of work, so their figures are mildly optimistic.
- The model alone never opens L3; a level rests on two keys (`detectors/weighing.py`, `risk/ladder.py`).
"""


def model_card(figures: dict[str, Any], versions: dict[str, str]) -> str:
    """The page. Everything in it comes from `figures`, but for the list of known failures."""
    enough = [s for s in figures["slices"] if s["positives"] >= _ENOUGH]
    few = [s for s in figures["slices"] if s["positives"] < _ENOUGH]
    parts = [
        "# Model card: the detectors",
        "Written by `anban train eval --card`; do not edit. Sources, licences and how a message is read: "
        "[detectors.md](detectors.md).",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + ".",
        "## For what, and for what not",
        "Finding danger and the other signals of a conversation with a companion, so that the ladder can decide what "
        "follows. No diagnosis, no judgement of a person, no use outside a conversation with its consent and review.",
        "## Known to fail",
        _KNOWN.strip(),
        f"## Figures, worst first ({figures['texts']:,} texts held out of training)",
        "What `anban check` says, rules and model together. Intervals are 95 %.",
        _table(enough),
        f"### Fewer than {_ENOUGH} positives: a direction, no figure to rely on",
        _table(few),
        "## Disguised words, worst first",
        "«As people write it»: texts written in that disguise. The others: plainly told texts that are seen as they "
        "stand, and harmless ones, both disguised by a function.",
        "| Family | Texts | Still seen | Harmless | False alarms |\n|---|---|---|---|---|\n"
        + "\n".join(_evaded(name, f) for name, f in figures["evasion"].items()),
        "## Pace",
        f"A text of 150 to 250 characters on one core: median {figures['pace']['p50_ms']} ms, 99th percentile "
        f"{figures['pace']['p99_ms']} ms, worst {figures['pace']['worst_ms']} ms.",
        "## Ordinary talk: alarms per 1,000 texts",
        "| Set | Texts | L2 and above | L3 and above |\n|---|---|---|---|\n"
        + "\n".join(
            f"| {name} | {f['texts']:,} | {f['L2+']} | {f['L3+']} |"
            for name, f in figures["ordinary talk, per 1,000"].items()
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _table(slices: list[dict[str, Any]]) -> str:
    head = "| Signal | Texts | With / without | AUROC | AUPRC | Recall at 1 % | Recall at 5 % | Calibration error |"
    lines = [
        f"| `{s['signal']}` | {s['where']} | {s['positives']} / {s['negatives']:,} "
        f"| {s['auroc']:.3f} [{s['auroc_low']:.2f}, {s['auroc_high']:.2f}] | {s['auprc']:.3f} | {s['recall_1']:.2f} "
        f"| {s['recall_5']:.2f} [{s['recall_5_low']:.2f}, {s['recall_5_high']:.2f}] | {s['calibration']:.3f} |"
        for s in slices
    ]
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *lines])


def _evaded(name: str, figures: dict[str, Any]) -> str:
    return (
        f"| {name} | {figures['texts']} | {_share(figures['recall'])} | {figures['harmless']} "
        f"| {_share(figures['false_alarms'])} |"
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
