"""An entry holds codes, digests and numbers, always written the same way; never text."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.ledger.entry import Entry, NotEvidence, canonical, leaf, parse
from anban.ledger.kinds import MEANINGS, RETIRED, Kind
from tests.ledger import scenes

codes = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=200)
scalars = (
    codes | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9, allow_nan=False) | st.booleans() | st.none()
)
facts = st.dictionaries(
    st.from_regex(r"[a-z_.]{1,20}", fullmatch=True), scalars | st.lists(scalars, max_size=5), max_size=8
)


def test_the_canonical_form_is_this():
    one = Entry(
        kind=Kind.CASE_CRISIS_OPENED,
        at=datetime(2026, 8, 1, 6, 30, tzinfo=timezone(timedelta(hours=8))),
        subject="usr_1",
        actor="anban",
        service="svc_1",
        rulebook="3fa9c1",
        facts={"theme": "self-harm", "level": 3, "score": 0.123456, "z": [-0.0, None, True], "a.b_c": 1.0},
        id="ent_1",
        late=True,
    )
    assert canonical(one) == (
        b'{"actor":"anban","at":"2026-07-31T22:30:00.000000Z",'
        b'"facts":{"a.b_c":1.0,"level":3,"score":0.1235,"theme":"self-harm","z":[0.0,null,true]},'
        b'"id":"ent_1","kind":"case.crisis.opened","late":true,"rulebook":"3fa9c1","service":"svc_1",'
        b'"subject":"usr_1","v":1}'
    )


@given(facts)
def test_every_json_library_writes_the_same_bytes(some):
    body = canonical(scenes.entry(**some) if some else scenes.entry())
    again = json.dumps(json.loads(body), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert again.encode() == body


@given(facts)
def test_a_stored_body_says_the_same_entry(some):
    body = canonical(Entry(Kind.TURN_RECORDED, scenes.NIGHT, "usr_1", "anban", "svc_1", "3fa9c1", some))
    assert canonical(parse(body)) == body


def test_the_order_in_which_facts_were_given_does_not_matter():
    one, other = scenes.entry(a=1, b=2), scenes.entry(b=2, a=1)
    assert canonical(one).replace(one.id.encode(), b"") == canonical(other).replace(other.id.encode(), b"")


def test_a_leaf_is_the_hash_of_zero_and_the_body():
    assert leaf(b"body") == hashlib.sha256(b"\x00body").digest()


@pytest.mark.parametrize(
    "fact",
    [
        "我不想活了",
        "a sentence that somebody may have written",
        "line\nbreak",
        "tab\t",
        "nul\x00",
        "lone \ud800",
        "x" * 201,
        2**53,
        -(2**53),
        float("nan"),
        float("inf"),
        1e10,
        b"bytes",
        ("a", "tuple"),
        {"a": "mapping"},
        [["nested"]],
        ["x"] * 41,
        ["fine", "不 fine"],
        datetime(2026, 1, 1, tzinfo=UTC),
    ],
)
def test_a_fact_that_is_no_code_or_number_is_refused(fact):
    with pytest.raises(NotEvidence) as caught:
        scenes.entry(some=fact)
    assert caught.value.field == "facts.some"
    assert "sentence" not in str(caught.value)


@pytest.mark.parametrize("fact", ["cn-2026-final art 18", "", "x" * 200, 2**53 - 1, 1e9, [], ["x"] * 40, None, False])
def test_a_fact_within_bounds_is_taken(fact):
    assert parse(canonical(scenes.entry(some=fact))).facts == {"some": fact}


@pytest.mark.parametrize("key", ["", "UPPER", "has space", "digit1", "x" * 61, "中"])
def test_a_key_of_another_shape_is_refused(key):
    with pytest.raises(NotEvidence):
        Entry(Kind.DRILL_RUN, scenes.NIGHT, "usr_1", "anban", "svc_1", "3fa9c1", {key: 1})


def test_forty_one_facts_are_too_many():
    many = {"k" * count: count for count in range(1, 42)}
    with pytest.raises(NotEvidence):
        scenes.entry(**many)


@pytest.mark.parametrize("name", ["subject", "actor", "service", "rulebook", "id"])
@pytest.mark.parametrize("text", ["x" * 201, "line\nbreak", "lone\ud800"])
def test_a_name_that_is_too_long_or_not_printable_is_refused(name, text):
    fields = {"subject": "s", "actor": "a", "service": "v", "rulebook": "r", "id": "i", name: text}
    with pytest.raises(NotEvidence) as caught:
        Entry(kind=Kind.DRILL_RUN, at=scenes.NIGHT, **fields)
    assert caught.value.field == name


def test_several_names_may_be_long_together():
    Entry(Kind.DRILL_RUN, scenes.NIGHT, "s" * 150, "a" * 150, "v" * 150, "r" * 150)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(NotEvidence):
        Entry(Kind.DRILL_RUN, datetime(2026, 1, 1), "s", "a", "v", "r")  # noqa: DTZ001 - the point


def test_every_kind_has_a_meaning_in_both_languages():
    assert set(MEANINGS) == set(Kind)
    assert all(meaning.zh and meaning.en.isascii() and not meaning.zh.isascii() for meaning in MEANINGS.values())
    assert set(Kind) >= RETIRED


def test_kinds_are_named_by_what_has_happened():
    assert all(2 <= len(kind.value.split(".")) <= 3 and kind.value.islower() for kind in Kind)
    assert all(kind.name == kind.value.replace(".", "_").upper() for kind in Kind)
