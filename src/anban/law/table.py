"""From a duty's name to everything: its clauses, code, test, numbers; as plain data and as text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from anban.law.explain import explain
from anban.law.model import Duty, Lang
from anban.law.register import Register
from anban.law.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class DutyRow:
    """What `anban duties` shows of one duty. `proven_by` is empty outside a checkout or while no test exists.

    `clauses` are all its citations, `place` those in force in short; `in_force` tells for each number why it is so.
    """

    id: str
    title: dict[str, str]
    mode: str
    owed_by: str
    clauses: tuple[str, ...]
    place: str
    meets: tuple[str, ...]
    performed_by: tuple[str, ...]
    proven_by: str
    tests: int
    evidence: tuple[str, ...]
    in_force: dict[str, str]
    note: str

    def as_data(self) -> dict[str, object]:
        """The same as plain JSON data."""
        return asdict(self)


def rows(
    register: Register,
    rules: Rulebook,
    performed: Mapping[str, Sequence[str]],
    tests: Path | None = None,
    clause: str | None = None,
    pack: str | None = None,
    lang: Lang = "en",
) -> list[DutyRow]:
    """One row for each duty in force in `rules`, in the order of their clauses.

    `tests` is the checkout's `tests` folder if there is one. `clause` keeps the duties of one clause ("18", "art 18",
    "22602(c)"), `pack` those of one text.
    """
    shown = [duty for duty in rules.duties() if _asked_for(duty, rules, clause, pack)]
    shown.sort(key=lambda duty: (_place_order(duty, register, rules), duty.id))
    return [_row(duty, register, rules, performed, tests, lang) for duty in shown]


def render(found: Sequence[DutyRow], evidence: Mapping[str, str] | None = None, lang: Lang = "en") -> str:
    """The rows as text for a terminal. `evidence` says for a ledger kind how much of it there is, in words."""
    return "\n".join(line for row in found for line in _lines(row, evidence or {}, lang))


def _row(
    duty: Duty,
    register: Register,
    rules: Rulebook,
    performed: Mapping[str, Sequence[str]],
    tests: Path | None,
    lang: Lang,
) -> DutyRow:
    path, count = _proof(duty.id, tests)
    return DutyRow(
        id=duty.id,
        title={"zh": duty.title.zh, "en": duty.title.en},
        mode=duty.mode,
        owed_by=duty.owed_by,
        clauses=tuple(str(cite) for cite in duty.clauses),
        place=place_of(duty, register, [text.id for text in rules.texts], lang),
        meets=duty.meets,
        performed_by=tuple(performed.get(duty.id, ())),
        proven_by=path,
        tests=count,
        evidence=duty.evidence,
        in_force={name: explain(rules.why(name), lang) for name in duty.parameters if rules.sets(name)},
        note=duty.note,
    )


def place_of(duty: Duty, register: Register, texts: Sequence[str], lang: Lang = "en") -> str:
    """Where the duty stands: plain in the newest text that counts, labelled in the others, as `art 18 (draft 17)`."""
    newest = texts[-1] if texts else ""
    plain = [cite.place for cite in duty.clauses if cite.instrument == newest]
    others: list[str] = []
    for text in reversed(texts[:-1]):
        places = [cite.place.removeprefix("art ") for cite in duty.clauses if cite.instrument == text]
        if places:
            others.append(f"{register.instruments[text].label.said(lang)} {', '.join(places)}")
    if not plain:
        return "; ".join(others)
    return ", ".join(plain) + (f" ({'; '.join(others)})" if others else "")


def _asked_for(duty: Duty, rules: Rulebook, clause: str | None, pack: str | None) -> bool:
    texts = {text.id for text in rules.texts} if pack is None else {pack}
    places = [cite.place.removeprefix("art ") for cite in duty.clauses if cite.instrument in texts]
    if clause is None:
        return bool(places)
    asked = clause.strip().removeprefix("art ").strip()
    return any(place == asked or place.startswith(f"{asked}(") for place in places)


def _place_order(duty: Duty, register: Register, rules: Rulebook) -> tuple[int, int]:
    """Where the duty's first clause stands, newest text first."""
    for depth, text in enumerate(reversed(rules.texts)):
        listed = list(text.clauses)
        stands = [n for n, place in enumerate(listed) for cite in duty.clauses if _within(str(cite), text.id, place)]
        if stands:
            return depth, min(stands)
    return len(rules.texts), len(register.instruments)


def _within(cite: str, text: str, place: str) -> bool:
    return cite == f"{text} {place}" or cite.startswith(f"{text} {place}(")


def _proof(duty: str, tests: Path | None) -> tuple[str, int]:
    name = test_file(duty)
    path = None if tests is None else tests / "duties" / name
    if path is None or not path.is_file():
        return "", 0
    source = path.read_text(encoding="utf-8")
    return f"tests/duties/{name}", source.count("\ndef test_") + source.count("\nasync def test_")


def test_file(duty: str) -> str:
    """The name of the file that proves a duty."""
    return f"test_{duty.replace('-', '_')}.py"


_LABELS = {
    "en": ("performed by", "proven by", "evidence", "in force", "note"),
    "zh": ("由代码执行", "由测试证明", "留下的证据", "现行数值", "说明"),
}


def _lines(row: DutyRow, evidence: Mapping[str, str], lang: Lang) -> list[str]:
    performed, proven, evident, in_force, note = (_padded(label) for label in _LABELS[lang])
    counted = "项测试" if lang == "zh" else "tests"
    lines = [f"{row.id:<30}{row.place:<32}  {row.mode}", f"  {row.title[lang]}"]
    lines += [f"  {performed}{name}" for name in row.performed_by]
    if row.proven_by:
        lines.append(f"  {proven}{row.proven_by} ({row.tests} {counted})")
    lines += [f"  {evident}{kind:<30}{evidence.get(kind, '')}".rstrip() for kind in row.evidence]
    lines += [f"  {in_force}{name}: {said}" for name, said in row.in_force.items()]
    if row.note:
        lines.append(f"  {note}{row.note}")
    return [*lines, ""]


def _padded(label: str) -> str:
    """The label padded to one column; a Chinese character is two wide."""
    wide = sum(2 if ord(letter) > 0x2E80 else 1 for letter in label)
    return label + " " * max(1, 16 - wide)
