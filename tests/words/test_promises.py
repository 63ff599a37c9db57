"""Nothing is claimed that is not so: every template, every state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.base.errors import Misconfigured
from anban.words import reading
from anban.words.claims import claims
from anban.words.promise import PromiseBroken, PromiseState, read_condition
from tests.words.speaking import AUDIENCES, LANGS, everything_said, lines, spoken_to_people, states, words


@pytest.mark.parametrize("lang", LANGS)
def test_no_words_claim_what_the_state_does_not_say(lang):
    for template in spoken_to_people():
        if template.lang == lang:
            for audience in AUDIENCES:
                for state, spoken in everything_said(template, audience):
                    untrue = [claim.id for claim in claims(spoken.text, lang) if not claim.true_in(state)]
                    assert not untrue, (template.id, state, spoken.text)


def test_a_template_that_needs_a_state_is_refused_without_it():
    for template in spoken_to_people():
        for state in states():
            if not template.needs.holds(state):
                with pytest.raises(PromiseBroken):
                    words().render(template.id, lang=template.lang, state=state)


def test_first_words_tell_the_user_that_a_person_was_asked_only_when_one_was():
    none = words().render("crisis.l3", lang="zh", state=PromiseState()).text
    asked = words().render("crisis.l3", lang="zh", state=PromiseState(takeover="asked")).text
    assert "值班同事" not in none and "我已经请值班同事加入，他是真人。" in asked


def test_an_empty_desk_is_never_hidden():
    for lang, said in (("zh", "现在没有值班人员在线"), ("en", "Nobody is on duty")):
        for id in ("crisis.l3", "crisis.l4", "asks-human", "takeover.nobody"):
            assert said in words().render(id, lang=lang, state=PromiseState(takeover="off_hours")).text


def test_sent_is_not_called_received():
    sent = words().render("crisis.l3", lang="zh", state=PromiseState(contact="sent")).text
    received = words().render("crisis.l3", lang="zh", state=PromiseState(contact="received")).text
    assert "还没有回音" in sent and "已经看到消息" not in sent
    assert "已经看到消息" in received


def test_a_held_notice_is_not_announced():
    for template in spoken_to_people():
        for audience in AUDIENCES:
            for state, spoken in everything_said(template, audience):
                if state.contact == "held":
                    told = {"contact-told", "contact-will-be-told", "contact-knows"}
                    assert not told & {claim.id for claim in claims(spoken.text, template.lang)}


def test_words_from_memory_claim_nothing_in_any_state():
    for lang in LANGS:
        for audience in AUDIENCES:
            for _, spoken in everything_said(words().template("crisis.static", lang), audience):
                assert claims(spoken.text, lang) == ()


@pytest.mark.parametrize(
    ("lang", "text", "claim"),
    [
        ("zh", "我已经通知了你的家人。", "contact-told"),
        ("zh", "我们已经联系你的紧急联系人。", "contact-told"),
        ("zh", "值班同事马上就到。", "desk-coming"),
        ("zh", "真人已经加入了。", "desk-joined"),
        ("zh", "已经帮你报警了。", "emergency-called"),
        ("zh", "你的监护人收到了。", "contact-knows"),
        ("zh", "我们会通知你的家长。", "contact-will-be-told"),
        ("zh", "我是真人。", "desk-joined"),
        ("en", "I have asked a colleague to help.", "desk-asked"),
        ("en", "Someone is on the way.", "desk-coming"),
        ("en", "A person has joined.", "desk-joined"),
        ("en", "We have told your family.", "contact-told"),
        ("en", "I have called the police.", "emergency-called"),
        ("en", "Your guardian has seen it.", "contact-knows"),
        ("en", "We will contact your parents.", "contact-will-be-told"),
    ],
)
def test_a_claim_is_recognised(lang, text, claim):
    found = {each.id: each for each in claims(text, lang)}
    assert claim in found
    assert not found[claim].true_in(PromiseState())


def entry(text, **more):
    return reading._Entry(id="trial", version=1, when="a trial", text={"adult": [text]}, **more)


@pytest.mark.parametrize(
    "text",
    [
        "我已经请值班同事加入。",
        "{takeover:off_hours→我已经请值班同事加入。}",
        "{contact:sent→你的联系人已经看到消息。}",
        "{takeover:joined→已经帮你报警了。}",
        "{takeover:arriving→马上。}",
        "{hours}",
        "{takeover:asked→没有合上",
    ],
)
def test_a_template_that_could_lie_or_cannot_be_read_does_not_load(text):
    with pytest.raises(ValueError):
        reading._template(entry(text), "person", "zh")


def test_the_same_claim_loads_behind_its_condition():
    assert reading._template(entry("{takeover:asked→我已经请值班同事加入。}"), "person", "zh")
    assert reading._template(entry("我已经请值班同事加入。", needs=["takeover:asked"]), "person", "zh")


def test_approval_takes_two_people():
    with pytest.raises(ValueError):
        reading._template(entry("你好。", status="approved", approved_by=["a", "a"]), "person", "zh")
    assert reading._template(entry("你好。", status="approved", approved_by=["a", "b"]), "person", "zh")


def test_a_malformed_file_stops_the_start(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("spoken_to: person\ntemplates: [{id: x}]\n", "utf-8")
    with pytest.raises(Misconfigured):
        list(reading._read(broken, "zh"))


conditions = st.lists(
    st.sampled_from(["takeover:asked", "takeover:asked|joined", "contact:sent", "desk:open", "contact:none|held"]),
    min_size=1,
    max_size=3,
    unique_by=lambda part: part.split(":")[0],
).map("&".join)


@given(conditions, conditions)
def test_implication_means_that_the_other_holds_wherever_the_one_does(one, other):
    first, second = read_condition(one), read_condition(other)
    holds_wherever = all(second.holds(state) for state in states(lines("cn", "adult")) if first.holds(state))
    if first.implies(second):
        assert holds_wherever
    both = first.also(second)
    assert all(both.holds(state) == (first.holds(state) and second.holds(state)) for state in states())
