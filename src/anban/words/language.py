"""Which of our two languages to answer in."""

import re2

from anban.words.helplines import Lang

_WORD = re2.compile(r"[A-Za-z']+")
# The language shows early; a pasted book need not be read to the end.
_ENOUGH = 600
_SYLLABLE = re2.compile(
    r"(?i)(?:[bpmfdtnlgkhjqxrzcsyw]|zh|ch|sh)?"
    r"(?:a|o|e|ai|ei|ao|ou|an|en|ang|eng|ong|er|i|ia|ie|iao|iu|ian|in|iang|ing|iong|u|ua|uo|uai|ui|uan|un|uang|v|ve|ue)"
)
# Ordinary English words that are also pinyin syllables: alone they prove nothing.
_BOTH = frozenset(
    {
        "a",
        "me",
        "he",
        "she",
        "you",
        "can",
        "men",
        "long",
        "sang",
        "hang",
        "die",
        "fan",
        "pan",
        "ban",
        "man",
        "ran",
        "pin",
        "bin",
        "gun",
        "fun",
        "sun",
        "run",
        "nun",
        "pen",
        "ten",
        "den",
    }
)


def language_of(text: str, hint: Lang | None = None) -> Lang:
    """zh or en, cheaply; `hint` (the service's or the last turn's language) decides where the text cannot.

    Any Chinese character that is not outnumbered ten to one by English words means zh; so does a message of pinyin.
    """
    text = text[:_ENOUGH]
    han = sum(1 for letter in text if "\u3400" <= letter <= "\u9fff" or "\uf900" <= letter <= "\ufaff")
    words = [str(found.group()).lower() for found in _WORD.finditer(text)]
    if han:
        return "zh" if han * 10 >= len(words) else "en"
    if not words:
        return hint or "zh"
    telling = [word for word in words if word not in _BOTH]
    if hint != "en" and len(words) >= 3 and telling and all(_SYLLABLE.fullmatch(word) for word in telling):
        return "zh"
    return "en"
