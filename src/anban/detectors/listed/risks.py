"""The 31 risks of GB/T 45654-2025 as data, and what a listed word of each counts as."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from anban.base.errors import Misconfigured
from anban.detectors.signal import Role
from anban.detectors.tables import read_yaml
from anban.detectors.vocabulary import LISTED, OUTPUT_SIGNALS, USER_SIGNALS

_KEYS = {"zh", "en", "user", "companion"}


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk. `user` and `companion`: the kinds that its words may count as in either's text, the first by rule."""

    code: str
    zh: str
    en: str
    user: tuple[str, ...]
    companion: tuple[str, ...]

    def kinds(self, role: Role) -> tuple[str, ...]:
        """The kinds for what `role` says; `LISTED` alone means that nothing follows."""
        return self.user if role == "user" else self.companion


@cache
def risks(path: Path = Path(__file__).with_name("risks.yaml")) -> dict[str, Risk]:
    """Code -> risk, in the order of the standard. Raises `Misconfigured` naming the risk whose entry is wrong."""
    made: dict[str, Risk] = {}
    for code, body in read_yaml(path)["risks"].items():
        if set(body) != _KEYS:
            raise Misconfigured(f"{path.name}: {code}: needs exactly {', '.join(sorted(_KEYS))}")
        sides = {"user": USER_SIGNALS, "companion": OUTPUT_SIGNALS}
        kinds = {side: tuple(LISTED if kind == "none" else kind for kind in body[side]) for side in sides}
        for side, known in sides.items():
            if not kinds[side] or not set(kinds[side]) <= known | {LISTED}:
                raise Misconfigured(f"{path.name}: {code}: {side} names no signal of that side")
        made[code] = Risk(code, body["zh"], body["en"], kinds["user"], kinds["companion"])
    return made
