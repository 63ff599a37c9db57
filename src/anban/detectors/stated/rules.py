"""Word lists and expressions as data: read strictly from `lexicons/`, macros filled in, everything checked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from anban.base.errors import Misconfigured
from anban.detectors.expressions import Expression, expression
from anban.detectors.signal import Role
from anban.detectors.tables import LEXICONS, read_yaml
from anban.detectors.vocabulary import SIGNALS

_FOLDERS: dict[Role, str] = {"user": "user", "assistant": "companion"}
_MACRO = expression(r"\{([a-z_]+)\}")
_RULE_KEYS = {"signal", "score", "keys", "expr", "unless", "tags", "needs", "views"}

Scope = Literal["text", "clause", "before", "within", "after"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for. `name` is the reason code shown to people.

    `keys` are literals of which one must occur; without `expression` they are the thing itself. `unless` names frames
    that void it. `tags` it puts on the text, `needs` it waits for. The signals `mask` (blank an idiom out), `tag` (only
    put the tag) and `calm` (a plain denial or household matter) never leave the room.
    """

    name: str
    role: Role
    signal: str
    score: float
    keys: tuple[str, ...]
    expression: str | None
    unless: tuple[str, ...]
    tags: frozenset[str]
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds words and makes them harmless: a story, a lyric, a denial. `but` names frames that undo it."""

    expression: str
    scope: Scope
    width: int
    but: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules for one speaker, strongest first."""

    rules: tuple[Rule, ...]
    frames: dict[str, Frame]


def load_rules(role: Role, folder: Path = LEXICONS, only: str = "*.yaml") -> RuleSet:
    """The rules for what `role` says. Raises `Misconfigured` naming the file and rule at fault."""
    words: dict[str, str] = {}
    for name, listed in read_yaml(folder / "words.yaml").items():
        words[name] = "(?:" + "|".join(_fill(w, words, "words.yaml") for w in listed) + ")"
    frames = {
        name: Frame(
            _fill(f["expr"], words, "frames.yaml"), f.get("scope", "text"), f.get("width", 0), tuple(f.get("but", ()))
        )
        for name, f in read_yaml(folder / "frames.yaml").items()
    }
    rules: list[Rule] = []
    for path in sorted(folder.glob(f"{_FOLDERS[role]}/{only}")):
        rules.extend(_rules_of(path.name, role, read_yaml(path), words, frames))
    order = {"mask": 0, "tag": 1}
    rules.sort(key=lambda rule: (order.get(rule.signal, 2), -rule.score, rule.name))
    return RuleSet(tuple(rules), frames)


def load_idioms(folder: Path = LEXICONS) -> RuleSet:
    """Only the rules that blank idioms out, for those who need the text without them."""
    return load_rules("user", folder, only="idioms.yaml")


def load_expressions(file: str, folder: Path = LEXICONS) -> dict[str, Expression]:
    """Name -> compiled expression of one data file whose entries may use the entries above them as {name}."""
    filled: dict[str, str] = {}
    for name, written in read_yaml(folder / file).items():
        filled[name] = _fill(written, filled, file)
    return {name: expression(pattern) for name, pattern in filled.items()}


def _rules_of(
    file: str, role: Role, content: dict[str, Any], words: dict[str, str], frames: dict[str, Frame]
) -> list[Rule]:
    default = content.get("unless", [])
    made: list[Rule] = []
    for name, body in content["rules"].items():
        where = f"{file}: {name}"
        unless = list(body.get("unless", default))
        if "+" in unless:
            unless = [*default, *(f for f in unless if f != "+")]
        if not set(body) <= _RULE_KEYS or not set(unless) <= set(frames):
            raise Misconfigured(f"{where}: unknown key or frame")
        if body["signal"] not in SIGNALS | {"mask", "tag", "calm"} or not body.get("keys"):
            raise Misconfigured(f"{where}: unknown signal or no keys")
        made.append(
            Rule(
                name,
                role,
                body["signal"],
                float(body.get("score", 1.0)),
                tuple(str(k) for k in body["keys"]),
                _fill(_one(body["expr"]), words, where) if "expr" in body else None,
                tuple(unless),
                frozenset(body.get("tags", ())),
                frozenset(body.get("needs", ())),
            )
        )
    return made


def _one(written: str | list[str]) -> str:
    """An expression may be written as a list of ways to say the thing."""
    return written if isinstance(written, str) else "|".join(written)


def _fill(expression: str, words: dict[str, str], where: str) -> str:
    for name in set(_MACRO.findall(expression)):
        if name not in words:
            raise Misconfigured(f"{where}: no word list {name}")
        expression = expression.replace("{" + name + "}", words[name])
    return expression
