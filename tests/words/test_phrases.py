"""The phrase bank: complete in both languages, and as careful as what we say ourselves."""

import pytest

from anban.words.lint import lint
from anban.words.phrases import read_phrases
from tests.words.speaking import AUDIENCES, LANGS

MOMENTS = ("opening", "safety", "staying", "small-steps", "means", "people", "ending", "handing-back")


@pytest.mark.parametrize("lang", LANGS)
def test_there_is_something_to_say_at_every_moment(lang):
    assert set(MOMENTS) <= {group.id for group in read_phrases(lang)}
    for group in read_phrases(lang):
        for audience in AUDIENCES:
            assert len(group.said_to(audience)) >= 2


def test_chinese_and_english_have_the_same_moments():
    assert [group.id for group in read_phrases("zh")] == [group.id for group in read_phrases("en")]


@pytest.mark.parametrize("lang", LANGS)
def test_every_phrase_passes_the_linter_for_whom_it_is_meant(lang):
    for group in read_phrases(lang):
        for audience, said in group.say.items():
            for phrase in said:
                assert lint(phrase, lang, audience) == [], phrase


def test_elders_are_never_given_words_for_the_young():
    for group in read_phrases("zh"):
        assert not [phrase for phrase in group.said_to("elder") if "你" in phrase], group.id
