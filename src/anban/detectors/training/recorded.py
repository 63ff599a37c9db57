"""Compares figures with those recorded before: a worse one is named, so that nothing grows worse unseen."""

from typing import Any

_GRAIN = 0.0005  # figures are rounded to four places; a smaller difference is none


def worse(now: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """One line for each recorded figure that is worse now, or is gone."""
    lines: list[str] = []
    present = {(s["signal"], s["where"]): s for s in now["slices"]}
    for old in before["slices"]:
        new = present.get((old["signal"], old["where"]))
        lines += _lower(f"{old['signal']}, {old['where']}", new, old, ("auroc", "recall_5"))
    for name, old in before["evasion"].items():
        new = now["evasion"].get(name)
        lines += _lower(f"evasion {name}", new, old, ("recall",))
        lines += _higher(f"evasion {name}", new, old, ("false_alarms",))
    for name, old in before["ordinary talk, per 1,000"].items():
        lines += _higher(name, now["ordinary talk, per 1,000"].get(name), old, ("L2+", "L3+"))
    return lines


def _lower(name: str, new: dict[str, Any] | None, old: dict[str, Any], figures: tuple[str, ...]) -> list[str]:
    return _changed(name, new, old, figures, -1)


def _higher(name: str, new: dict[str, Any] | None, old: dict[str, Any], figures: tuple[str, ...]) -> list[str]:
    return _changed(name, new, old, figures, 1)


def _changed(
    name: str, new: dict[str, Any] | None, old: dict[str, Any], figures: tuple[str, ...], sign: int
) -> list[str]:
    if new is None:
        return [f"{name}: no longer measured"]
    return [
        f"{name}: {figure} {new[figure]} (was {old[figure]})"
        for figure in figures
        if old[figure] is not None and (new[figure] is None or sign * (new[figure] - old[figure]) > _GRAIN)
    ]
