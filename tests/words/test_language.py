"""We answer in the language we were spoken to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.words.language import language_of


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("我好累", "zh"),
        ("我今天 feel so down", "zh"),
        ("不想活了 goodbye", "zh"),
        ("wo bu xiang huo le", "zh"),
        ("I want to die", "en"),
        ("he can hang me", "en"),
        ("what does 累 mean when my Chinese friend says it to me every single night", "en"),
        ("ok", "en"),
    ],
)
def test_the_language_is_read_from_the_text(text, lang):
    assert language_of(text) == lang


def test_without_letters_the_hint_decides_and_chinese_comes_first():
    assert language_of("……") == "zh"
    assert language_of("?!", "en") == "en"
    assert language_of("123", "zh") == "zh"


def test_pinyin_in_an_english_conversation_is_left_english():
    assert language_of("wo bu xiang huo le", "en") == "en"


@given(st.text(max_size=200), st.sampled_from([None, "zh", "en"]))
def test_any_text_has_a_language(text, hint):
    assert language_of(text, hint) in ("zh", "en")
