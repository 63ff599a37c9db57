"""A register of one text of each kind, whole and valid, for tests that break one thing in it."""

from pathlib import Path

FILES = {
    "instruments/old-draft.yaml": """\
id: old-draft
title: {zh: 草案, en: The draft}
label: {zh: 草案, en: draft}
jurisdiction: cn
zone: 8
status: draft
published: 2025-12-27
in_force: null
source: https://law.example/draft
checked: {by: "", on: null}
clauses:
  art 7: {zh: 休息, en: Rest, items: 2}
""",
    "instruments/new-law.yaml": """\
id: new-law
title: {zh: 新法, en: The law}
label: {zh: 新法, en: law}
jurisdiction: cn
zone: 8
status: in-force
published: 2026-04-10
in_force: 2026-07-15
follows: old-draft
source: https://law.example/law
checked: {by: "", on: null}
clauses:
  art 8: {zh: 休息, en: Rest}
""",
    "parameters/rest-after.yaml": """\
id: rest-after
about: {zh: 多久后休息, en: Rest after}
unit: minutes
stricter: lower
values:
  - {value: 120, from: 2026-07-15, cite: [new-law art 8]}
  - {value: 90, adopted: old-draft, cite: [old-draft art 7(2)]}
  - {value: 60, from: 2026-07-15, cite: [new-law art 8], who: minors}
""",
    "parameters/quiet-gap.yaml": """\
id: quiet-gap
about: {zh: 间隔, en: The gap}
unit: minutes
stricter: higher
values:
  - {value: 15, from: 2025-12-27, because: {zh: 我们的理由, en: our reason}}
""",
    "duties/rest-reminder.yaml": """\
id: rest-reminder
title: {zh: 提醒休息, en: People are asked to rest}
owed_by: provider
clauses: [old-draft art 7(2), new-law art 8]
meets: [R1]
mode: automated
parameters: [rest-after, quiet-gap]
signals: [distress]
evidence: [notice.break.shown]
""",
    "requirements.yaml": """\
rows:
  R1: {says: "Ask people to rest", clauses: [old-draft art 7]}
""",
}


def write_register(root: Path, changed: dict[str, tuple[str, str]] | None = None) -> Path:
    """The register written under `root`, with (old, new) replaced in the files named in `changed`."""
    for name, text in FILES.items():
        old, new = (changed or {}).get(name, ("", ""))
        assert old in text, f"{old!r} is not in {name}"
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return root
