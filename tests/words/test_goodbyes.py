"""A goodbye is short, asks nothing and leaves nothing hanging."""

import pytest

from tests.words.speaking import AUDIENCES, LANGS, everything_said, words

HOOKS = {
    "zh": ("等你", "想你", "舍不得", "这么快", "还有", "明天见", "下次", "再聊", "记得来", "回来", "别走"),
    "en": ("miss", "wait", "so soon", "before you go", "next time", "tomorrow", "come back", "stay", "one more"),
}


@pytest.mark.parametrize("id", ["goodbye.exit", "goodbye.soft", "goodbye.night", "withheld.goodbye"])
@pytest.mark.parametrize("lang", LANGS)
def test_a_goodbye_is_at_most_thirty_characters_without_question_or_hook(id, lang):
    for audience in AUDIENCES:
        for _, spoken in everything_said(words().template(id, lang), audience):
            assert len(spoken.text) <= 30
            assert not set("?？!！") & set(spoken.text)
            assert not [hook for hook in HOOKS[lang] if hook in spoken.text.lower()]


@pytest.mark.parametrize("lang", LANGS)
def test_leaving_in_a_crisis_is_obeyed_and_the_routes_stay(lang):
    for audience in AUDIENCES:
        for _, spoken in everything_said(words().template("goodbye.exit-in-crisis", lang), audience):
            assert not set("?？") & set(spoken.text)
            assert "12356" in spoken.text and "120" in spoken.text
            assert not [hook for hook in HOOKS[lang] if hook in spoken.text.lower()]


@pytest.mark.parametrize("lang", LANGS)
def test_every_limit_and_outage_leaves_help_in_reach(lang):
    for id, own in words().templates:
        if own == lang and (id.startswith(("outage.", "limit.")) or id == "busy") and id != "limit.minor-soon":
            for audience in AUDIENCES:
                for _, spoken in everything_said(words().template(id, lang), audience):
                    assert "12356" in spoken.text and "120" in spoken.text, spoken.text


@pytest.mark.parametrize("lang", LANGS)
def test_are_you_human_is_answered_with_the_truth(lang):
    for audience in AUDIENCES:
        for _, spoken in everything_said(words().template("notice.ai.truth", lang), audience):
            assert ("AI，不是真人" if lang == "zh" else "an AI, not a person") in spoken.text
