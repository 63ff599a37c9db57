"""A service's own wording is held to the same rules as ours, and taken up at once."""

import pytest

from anban.words.faults import faults, raw_text, rendered
from anban.words.reading import reworded
from tests.words.speaking import LANGS, spoken_to_people, words


@pytest.mark.parametrize("lang", LANGS)
def test_every_template_can_be_written_out_and_read_again_without_a_fault(lang):
    for template in spoken_to_people():
        if template.lang == lang:
            again = reworded(template, raw_text(template), template.version, ("a", "b"))
            assert again.variants == template.variants, template.id


def test_our_own_templates_have_no_faults():
    for template in spoken_to_people():
        assert faults(words(), template, raw_text(template)) == (), template.id


def test_a_fault_names_rule_audience_variant_and_the_words():
    base = words().template("crisis.l2", "zh")
    found = faults(words(), base, {"adult": ["我在看。", "加油。"], "elder": ["你慢慢说。"]})
    assert {(each.rule, each.audience, each.variant, each.said) for each in found} == {
        ("platitude", "adult", 1, "加油"),
        ("elder-address", "elder", 0, "你"),
    }


def test_a_fault_that_shows_only_in_one_state_is_found():
    base = words().template("crisis.l2", "zh")
    [fault] = faults(words(), base, {"adult": ["我在看。{contact:held→想开点。}"]})
    assert fault.rule == "platitude"


def test_what_could_be_untrue_is_a_fault_before_it_is_ever_rendered():
    base = words().template("crisis.l2", "zh")
    [fault] = faults(words(), base, {"adult": ["我们已经联系你的家人。"]})
    assert fault.rule == "promise" and "contact-told" in fault.why_en


def test_a_preview_shows_every_text_that_people_may_see():
    base = words().template("crisis.l3", "zh")
    own = reworded(base, {"adult": ["好。{takeover:asked→已经请值班同事。}"]}, 1001, ("a", "b"))
    assert [text for _, _, text in rendered(words(), own)] == ["好。", "好。已经请值班同事。"]


def test_own_words_are_taken_up_and_given_up_at_once():
    ours = words().with_wordings(())
    base = ours.template("goodbye.night", "zh")
    ours.own.adopt([reworded(base, {"adult": ["好梦。"]}, 1001, ("a", "b"))])
    assert ours.render("goodbye.night", lang="zh").text == "好梦。"
    ours.own.adopt(())
    assert ours.template("goodbye.night", "zh") == base
    assert words().template("goodbye.night", "zh") == base
