"""Our words are complete in both languages and keep the form they promise."""

import pytest

from anban.words.lint import length, lint, sentences
from anban.words.promise import PromiseState
from anban.words.templates import WordsMissing
from tests.words.speaking import AUDIENCES, LANGS, everything_said, lines, spoken_to_people, words

NAMED = {
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
    "property.p1",
    "property.p2",
    "property.p3",
    "asks-human",
    "notice.ai.first",
    "notice.ai.truth",
    "notice.break",
    "notice.reality",
    "notice.demo",
    "goodbye.exit",
    "goodbye.soft",
    "goodbye.exit-in-crisis",
    "outage.upstream",
    "outage.storage",
    "outage.detectors",
    "busy",
    "limit.minor-time",
    "limit.quiet-hours",
    "limit.blocked-character",
    "withheld.general",
    "withheld.goodbye",
    "withheld.crisis",
    "rail.stopped",
    "takeover.waiting",
    "takeover.writing",
    "takeover.handed-back",
    "takeover.nobody",
    "takeover.joined",
    "takeover.joining",
    "contact.told",
    "contact.answered",
    "contact.held",
    "contact.none",
    "contact.message.self",
    "contact.message.health",
    "contact.message.property",
    "aftercare.check-in",
    "desk.page",
    "desk.alarm",
    "steer.l1",
    "steer.l2",
    "steer.hold",
    "steer.asks-if-ai",
    "steer.goodbye",
    "steer.minor",
    "steer.elder",
    "steer.property",
}


def of(lang):
    return {id: template for (id, own), template in words().templates.items() if own == lang}


def test_everything_the_rails_ask_for_is_there():
    assert set(of("zh")) >= NAMED


def test_chinese_and_english_are_twins():
    zh, en = of("zh"), of("en")
    assert set(zh) == set(en)
    for id, template in zh.items():
        twin = en[id]
        assert (template.needs, template.slots, template.spoken_to) == (twin.needs, twin.slots, twin.spoken_to), id


def test_every_audience_gets_words_from_every_template():
    for template in words().templates.values():
        for audience in AUDIENCES:
            assert template.variants_for(audience)


def test_crisis_words_have_their_own_wording_for_minors_and_elders():
    for id in ("crisis.l2", "crisis.l3", "crisis.l4", "crisis.hold"):
        assert {"adult", "minor", "elder"} <= set(words().template(id, "zh").variants)
        assert {"adult", "minor"} <= set(words().template(id, "en").variants)


@pytest.mark.parametrize("place", ["cn", "us", "nz"])
@pytest.mark.parametrize("audience", AUDIENCES)
def test_everything_said_to_people_passes_the_linter_in_every_state(audience, place):
    for template in spoken_to_people():
        ear = audience if audience in template.variants else "adult"
        for text in {spoken.text for _, spoken in everything_said(template, audience, place)}:
            assert lint(text, template.lang, ear) == [], (template.id, text)


def test_every_chinese_sentence_stays_within_thirty_characters():
    for template in spoken_to_people():
        if template.lang == "zh":
            for audience in AUDIENCES:
                for text in {spoken.text for _, spoken in everything_said(template, audience)}:
                    assert all(length(text[start:end], "zh") <= 30 for start, end in sentences(text, "zh"))


def test_no_markup_is_left_in_what_is_said():
    for template in spoken_to_people():
        for audience in AUDIENCES:
            for _, spoken in everything_said(template, audience):
                assert not set("{}→") & set(spoken.text), spoken.text
                assert spoken.text and "\n\n" not in spoken.text and "  " not in spoken.text


def test_a_rendering_names_its_template_and_version():
    spoken = words().render("goodbye.exit", lang="zh")
    assert (spoken.template_id, spoken.version, spoken.lang) == ("goodbye.exit", 1, "zh")


def test_an_unknown_template_and_a_missing_slot_are_said_plainly():
    with pytest.raises(WordsMissing):
        words().render("no.such", lang="zh")
    with pytest.raises(WordsMissing) as missing:
        words().render("notice.break", lang="zh")
    assert missing.value.field == "hours"


def test_a_slot_value_is_never_read_as_markup():
    spoken = words().render("notice.break", lang="zh", slots={"hours": "{lines}"})
    assert "{lines}" in spoken.text and "12356" not in spoken.text


def test_following_turns_of_a_crisis_share_no_sentence():
    for lang in LANGS:
        for audience in AUDIENCES:
            for takeover in ("none", "asked", "off_hours"):
                state = PromiseState(takeover=takeover, lines=lines("cn", audience))
                count = len(words().template("crisis.hold", lang).variants_for(audience))
                assert count >= 6
                said = [
                    words().render("crisis.hold", lang=lang, audience=audience, state=state, turn=turn).text
                    for turn in range(count + 1)
                ]
                assert said[0] == said[count]
                for one, next_one in zip(said, said[1:], strict=False):
                    shared = split(one, lang) & split(next_one, lang)
                    assert not shared, (lang, audience, shared)


def split(text, lang):
    return {text[start:end].strip() for start, end in sentences(text, lang)}


def test_no_template_claims_an_approval_it_does_not_have():
    assert set(words().unapproved()) == {template.id for template in spoken_to_people()}


def test_page_words_exist_in_both_languages_and_do_not_shout():
    zh, en = words().page("zh"), words().page("en")
    assert set(zh) == set(en)
    for text in (*zh.values(), *en.values()):
        assert text.strip() and not set("!！") & set(text)


def test_break_buttons_weigh_the_same():
    for lang in LANGS:
        page = words().page(lang)
        rest, stay = page["notice.break.rest"], page["notice.break.stay"]
        assert abs(len(rest) - len(stay)) <= 8
