"""What is said in danger: comfort before numbers, one question, two ways to reach real people."""

import pytest

from anban.words.lint import sentences
from anban.words.promise import PromiseState
from tests.words.speaking import AUDIENCES, LANGS, everything_said, lines, words

IN_DANGER = (
    "crisis.l2",
    "crisis.l3",
    "crisis.l4",
    "crisis.hold",
    "crisis.static",
    "crisis.third-person",
    "bereavement",
    "threat",
    "health-emergency",
    "violence-urge",
    "property.p2",
    "property.p3",
    "asks-human",
    "withheld.crisis",
)
every = pytest.mark.parametrize(("id", "lang"), [(id, lang) for id in IN_DANGER for lang in LANGS])


@every
def test_at_most_one_question_and_no_exclamation(id, lang):
    for audience in AUDIENCES:
        for _, spoken in everything_said(words().template(id, lang), audience):
            assert sum(spoken.text.count(mark) for mark in "？?") == 1, spoken.text
            assert not set("!！") & set(spoken.text)


@every
@pytest.mark.parametrize("place", ["cn", "us", "nz"])
def test_two_routes_to_real_people(id, lang, place):
    for audience in AUDIENCES:
        known = words().helplines
        routes = {line.dialled(lang) for line in lines(place, audience)}
        routes |= {known.emergency(kind, lines(place, audience)).dialled(lang) for kind in ("medical", "police")}
        for _, spoken in everything_said(words().template(id, lang), audience, place):
            # For a body in danger the emergency room is the second way.
            if id == "health-emergency":
                routes.add("急诊" if lang == "zh" else "emergency room")
            named = {route for route in routes if route in spoken.text}
            assert len(named) >= 2, (spoken.text, routes)


@every
def test_a_human_sentence_stands_before_the_first_number(id, lang):
    for audience in AUDIENCES:
        for _, spoken in everything_said(words().template(id, lang), audience):
            first = min(at for at in (spoken.text.find(digit) for digit in "0123456789") if at >= 0)
            assert any(end <= first for _, end in sentences(spoken.text, lang)), spoken.text


@every
def test_being_an_ai_is_never_the_first_thing_said(id, lang):
    for audience in AUDIENCES:
        for _, spoken in everything_said(words().template(id, lang), audience):
            start, end = sentences(spoken.text, lang)[0]
            assert "AI" not in spoken.text[start:end]


def test_minors_hear_that_they_did_nothing_wrong_and_find_their_own_line():
    for id in ("crisis.l2", "crisis.l3"):
        state = PromiseState(lines=lines("cn", "minor"))
        text = words().render(id, lang="zh", audience="minor", state=state).text
        assert "你没有做错事" in text and "12355" in text and "不一定是爸妈" in text


def test_elders_get_one_sentence_a_line():
    for id in ("crisis.l2", "crisis.l3", "crisis.l4"):
        for _, spoken in everything_said(words().template(id, "zh"), "elder"):
            for line in spoken.text.splitlines():
                assert len(sentences(line, "zh")) <= 2, line


def test_danger_right_now_names_the_next_step_before_anything_else():
    text = words().render("crisis.l4", lang="zh", state=PromiseState(takeover="asked")).text
    assert text.index("离开危险的地方") < text.index("120") < text.index("值班同事")


def test_an_open_conversation_is_promised_nowhere_but_the_door_stays_open():
    for audience in AUDIENCES:
        for _, spoken in everything_said(words().template("crisis.l2", "zh"), audience):
            assert "回来说" in spoken.text or "接着说" in spoken.text


def test_without_any_known_line_the_routes_come_from_memory():
    text = words().render("crisis.static", lang="zh").text
    assert "12356" in text and "120" in text
