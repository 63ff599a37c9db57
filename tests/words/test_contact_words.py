"""What families and those on duty are told: what to do now, what not to do, and never a word of the conversation."""

import pytest

from anban.words.promise import PromiseBroken, PromiseState
from anban.words.templates import WordsMissing
from tests.words.speaking import AUDIENCES, LANGS, SLOTS, words

MESSAGES = ("contact.message.self", "contact.message.health", "contact.message.property")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("id", MESSAGES)
def test_a_message_to_a_contact_says_what_to_do_in_five_minutes_what_not_and_that_it_holds_no_words(id, lang):
    for audience in AUDIENCES:
        text = words().render(id, lang=lang, audience=audience, slots={**SLOTS, "link": "https://x/seen/1"}).text
        five, private = ("五分钟", "不含聊天内容") if lang == "zh" else ("five minutes", "holds nothing that was said")
        assert five in text and private in text and text.endswith("https://x/seen/1")
        assert "110" in text or "120" in text


def test_a_message_about_an_elders_money_asks_to_ring_first_and_not_to_argue():
    for lang, said in (("zh", "先打电话给他，不争对错"), ("en", "ring them first, and do not argue")):
        assert said in words().render("contact.message.property", lang=lang, audience="elder", slots=SLOTS).text


def test_a_guardian_is_asked_to_go_to_the_child_and_not_to_scold():
    text = words().render("contact.message.self", lang="zh", audience="minor", slots=SLOTS).text
    assert "到他身边" in text and "不打骂" in text and "你没有做错事" in text


@pytest.mark.parametrize("lang", LANGS)
def test_calling_the_desk_names_nobody(lang):
    for id in ("desk.page", "desk.alarm"):
        assert words().template(id, lang).slots == {"level", "group", "seconds", "waiting", "link"}


@pytest.mark.parametrize(
    ("id", "state"),
    [
        ("contact.told", PromiseState(contact="will")),
        ("contact.answered", PromiseState(contact="sent")),
        ("contact.held", PromiseState(contact="sent")),
        ("takeover.joining", PromiseState(takeover="asked")),
    ],
)
def test_what_is_not_so_is_not_said(id, state):
    with pytest.raises(PromiseBroken):
        words().render(id, lang="zh", state=state)


def test_asking_for_a_person_is_answered_with_what_is_so():
    def said(**state):
        return words().render("asks-human", lang="zh", state=PromiseState(**state)).text

    assert "已经请值班同事加入" in said(takeover="asked") and "没有值班人员" not in said(takeover="asked")
    for state in ({"takeover": "off_hours"}, {"takeover": "none", "desk": "none"}):
        assert "现在没有值班人员在线" in said(**state) and "已经请" not in said(**state)
    assert "可以请他来" in said(desk="open")


def test_a_sent_message_is_not_called_read():
    sent = words().render("contact.told", lang="zh", state=PromiseState(contact="sent")).text
    assert "还没有回音" in sent and "已经看到" not in sent


def test_a_call_to_the_ambulance_needs_every_fact_to_be_filled_in():
    with pytest.raises(WordsMissing):
        words().render("desk.call.medical", lang="zh", slots={"service": "安伴"})
    facts = {"service": "安伴", "who": "约二十岁", "where": "不清楚", "known": "说身体不适", "callback": "…"}
    assert "地点：不清楚" in words().render("desk.call.medical", lang="zh", slots=facts).text
