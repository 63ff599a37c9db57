"""A register with anything wrong in it does not load, and says which file and key."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from anban.base.errors import Misconfigured
from anban.law.model import NoText
from anban.law.register import DEFAULT_PACKS, Register, load
from tests.law.small_register import write_register

RESTS = "parameters/rest-after.yaml"
GAP = "parameters/quiet-gap.yaml"
DUTY = "duties/rest-reminder.yaml"
LAW = "instruments/new-law.yaml"
DRAFT = "instruments/old-draft.yaml"
ROWS = "requirements.yaml"

REFUSED = {
    "unknown key in a parameter": (RESTS, "unit: minutes", "unit: minutes\ncolour: red", "colour"),
    "unknown key in a value": (RESTS, "value: 120,", "value: 120, until: 2027-01-01,", "values[0].until"),
    "unknown key in a duty": (DUTY, "mode: automated", "mode: automated\nowner: nobody", "owner"),
    "unknown key in an instrument": (LAW, "zone: 8", "zone: 8\ncolour: red", "colour"),
    "unknown key in a clause": (LAW, "en: Rest}", "en: Rest, colour: red}", "clauses.art 8.colour"),
    "unknown key among the rows": (ROWS, 'says: "', 'page: 3, says: "', "rows.R1.page"),
    "unknown key in the check": (LAW, 'by: "",', 'by: "", place: x,', "checked.place"),
    "key that stands twice": (RESTS, "unit: minutes", "unit: minutes\nunit: hours", "unit"),
    "value without citation": (RESTS, ", cite: [new-law art 8]}", "}", "values[0].cite"),
    "value with both cite and because": (RESTS, "art 8]}", "art 8], because: {zh: 我, en: I}}", "values[0].cite"),
    "because in one language": (GAP, "{zh: 我们的理由, en: our reason}", "{en: our reason}", "values[0].because.zh"),
    "empty citation": (RESTS, "cite: [new-law art 8]}", "cite: []}", "values[0].cite"),
    "duty without clauses": (DUTY, "clauses: [old-draft art 7(2), new-law art 8]\n", "", "clauses"),
    "citation of an unknown instrument": (DUTY, "new-law art 8", "lost-law art 8", "clauses"),
    "citation of an unlisted clause": (DUTY, "new-law art 8", "new-law art 9", "clauses"),
    "citation past the last item": (DUTY, "art 7(2)", "art 7(3)", "clauses"),
    "item of a clause without items": (DUTY, "new-law art 8", "new-law art 8(1)", "clauses"),
    "row that cites an unlisted clause": (ROWS, "old-draft art 7", "old-draft art 17", "rows.R1.clauses"),
    "dead parameter": (DUTY, "rest-after", "rest-before", "parameters"),
    "dead requirement row": (DUTY, "[R1]", "[R2]", "meets"),
    "dead predecessor": (LAW, "follows: old-draft", "follows: older-draft", "follows"),
    "draft with a date of force": (DRAFT, "in_force: null", "in_force: 2026-01-01", "in_force"),
    "law without a date of force": (LAW, "in_force: 2026-07-15", "in_force: null", "in_force"),
    "draft that binds by a date": (RESTS, "adopted: old-draft", "from: 2026-01-01", "values[1].from"),
    "law that is adopted": (RESTS, "from: 2026-07-15", "adopted: new-law", "values[0].adopted"),
    "value before its law": (RESTS, "from: 2026-07-15", "from: 2026-07-14", "values[0].from"),
    "value on two instruments": (RESTS, "[new-law art 8]", "[new-law art 8, old-draft art 7]", "values[0].cite"),
    "values of two shapes": (RESTS, "value: 90", "value: true", "values"),
    "switch that should be the lower": (GAP, "value: 15", "value: true", "stricter"),
    "unknown way to combine": (RESTS, "stricter: lower", "stricter: newer", "stricter"),
    "unknown unit": (RESTS, "unit: minutes", "unit: fortnights", "unit"),
    "unknown group": (RESTS, "who: minors", "who: strangers", "values[2].who"),
    "unknown mode": (DUTY, "mode: automated", "mode: done", "mode"),
    "name other than the file's": (DUTY, "id: rest-reminder", "id: sleep-reminder", "id"),
    "text where a date belongs": (LAW, "published: 2026-04-10", "published: spring", "published"),
    "text where a number belongs": (LAW, "zone: 8", "zone: east", "zone"),
    "repeated name": (DUTY, "[distress]", "[distress, distress]", "signals"),
    "not YAML": (DUTY, "mode: automated", "mode: [automated", None),
}  # fmt: skip


def test_a_whole_register_loads(tmp_path: Path) -> None:
    register = load(write_register(tmp_path))
    assert list(register.duties) == ["rest-reminder"]
    assert str(register.duties["rest-reminder"].clauses[1]) == "new-law art 8"


@pytest.mark.parametrize("wrong", REFUSED)
def test_a_register_is_refused_for_a(wrong: str, tmp_path: Path) -> None:
    file, old, new, key = REFUSED[wrong]
    with pytest.raises(Misconfigured) as refused:
        load(write_register(tmp_path, {file: (old, new)}))
    assert refused.value.message.startswith(f"{Path(file).name}: ")
    assert refused.value.field == key
    assert key is None or f"{key}: " in refused.value.message


def test_a_register_without_duties_is_refused(tmp_path: Path) -> None:
    write_register(tmp_path)
    (tmp_path / DUTY).unlink()
    with pytest.raises(Misconfigured, match="duties/: holds no file"):
        load(tmp_path)


def test_words_that_only_look_like_yaml_switches_stay_words(tmp_path: Path) -> None:
    changed = {RESTS: ("about: {zh: 多久后休息, en: Rest after}", "about: {zh: 22:00, en: on}")}
    about = load(write_register(tmp_path, changed)).parameters["rest-after"].about
    assert (about.zh, about.en) == ("22:00", "on")


def test_nothing_loaded_can_be_changed(register: Register) -> None:
    with pytest.raises(TypeError):
        register.parameters["break-interval"] = register.parameters["minor-age"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        register.duties["free-exit"].mode = "automated"  # type: ignore[misc]
    with pytest.raises(TypeError):
        register.parameters["takeover-claim-seconds"].values[0].value["L4"] = 3600  # type: ignore[index]


def test_a_pack_we_hold_no_text_for_is_refused(register: Register) -> None:
    with pytest.raises(NoText, match="'mars-2031'"):
        register.in_force(("mars-2031",), datetime(2026, 11, 1, tzinfo=UTC))


@pytest.mark.parametrize("packs", [DEFAULT_PACKS, ("us-ca-sb243",), ()])
def test_a_day_before_every_text_is_refused(register: Register, packs: tuple[str, ...]) -> None:
    with pytest.raises(NoText):
        register.in_force(packs, datetime(2025, 1, 1, tzinfo=UTC))


def test_a_time_without_zone_is_refused(register: Register) -> None:
    with pytest.raises(NoText, match="aware"):
        register.in_force(DEFAULT_PACKS, datetime(2026, 11, 1))  # noqa: DTZ001


def test_every_text_says_honestly_whether_a_person_has_checked_it(register: Register) -> None:
    for text in register.instruments.values():
        assert (text.checked.by == "") == (text.checked.on is None)
        assert text.source.startswith("https://")
