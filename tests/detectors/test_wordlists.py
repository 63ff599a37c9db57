"""An operator's word lists are read strictly, told about without their words, and found in every reading of a text."""

from collections.abc import Callable
from pathlib import Path

import pytest

from anban.base.errors import Misconfigured
from anban.detectors.check import check
from anban.detectors.listed.listed_words import ListedWords, listed_words
from anban.detectors.listed.risks import risks
from anban.detectors.listed.wordlists import WordLists, load_wordlists, per_risk, per_signal, read_wordlists
from anban.detectors.moderation import moderation_result
from anban.detectors.panel import Panel
from anban.detectors.readings.views import Readings
from anban.detectors.scene import see
from anban.detectors.signal import Role, Said, Signal, Window
from anban.detectors.vocabulary import LISTED, OUTPUT_SIGNALS, USER_SIGNALS

Write = Callable[..., Path]
READINGS = Readings()


@pytest.fixture
def folder(tmp_path: Path) -> Write:
    """Writes lists into a folder: name -> content, text or bytes."""

    def write(**files: str | bytes) -> Path:
        for name, content in files.items():
            path = tmp_path / name.replace("_", ".")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


def found(lists: WordLists, text: str, role: Role = "user", recent: tuple[Said, ...] = ()) -> list[Signal]:
    return list(ListedWords(lists).look(see(Window(text, role, recent), READINGS)))


def reasons(lists: WordLists, text: str, role: Role = "user") -> set[tuple[str, str]]:
    return {(signal.kind, signal.why) for signal in found(lists, text, role)}


# --- the 31 risks ----------------------------------------------------------------------------------------------------


def test_the_table_has_the_31_risks_of_the_standard_in_five_groups() -> None:
    counts = {group: sum(code.startswith(group) for code in risks()) for group in ("A.1", "A.2", "A.3", "A.4", "A.5")}
    assert counts == {"A.1": 8, "A.2": 9, "A.3": 5, "A.4": 7, "A.5": 2}
    assert all(risk.zh and risk.en for risk in risks().values())


def test_no_listed_word_counts_as_a_persons_own_danger() -> None:
    for risk in risks().values():
        assert set(risk.user) <= USER_SIGNALS | {LISTED} and set(risk.companion) <= OUTPUT_SIGNALS | {LISTED}
        assert not any(kind.startswith(("self-harm", "threat", "health", "distress")) for kind in risk.user)


@pytest.mark.parametrize(
    "body", ["{zh: x, en: y, user: [boredom], companion: [none]}", "{zh: x, en: y, user: [none]}", "{zh: x}"]
)
def test_a_table_that_names_no_signal_of_that_side_is_refused(tmp_path: Path, body: str) -> None:
    (tmp_path / "risks.yaml").write_text(f"risks: {{A.1.a: {body}}}", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"A\.1\.a"):
        risks(tmp_path / "risks.yaml")


# --- reading ---------------------------------------------------------------------------------------------------------


def test_plain_lists_and_tables_are_read_with_or_without_a_byte_order_mark(folder: Write) -> None:
    path = folder(
        one_txt="\ufeff# 我们自己的词\n# risk: A.1.a\n测试禁词甲\n\n# risk: A.2.e\n测试禁词乙\n",
        two_csv="\ufeffword,risk,score,role\n测试禁词丙,A.1.d,0.7,user\n",
        three_tsv="测试禁词丁\tA.1.f\n",
        four_csv='risk,word\nA.3.b,"测试, 禁词戊"\n',
    )
    lists = load_wordlists(path)
    assert lists.words == 5 and lists.refused == () and lists.duplicates == ()
    assert {code: count for code, count in per_risk(lists).items() if count} == dict.fromkeys(
        ("A.1.a", "A.1.d", "A.1.f", "A.2.e", "A.3.b"), 1
    )
    assert per_signal(lists) == {
        "political": 1, "out.political": 1, "abuse": 1, "out.abuse": 1, "illegal": 1, "sexual": 1, "out.sexual": 1,
        "none": 1,
    }  # fmt: skip
    (given,) = [entry for entry in lists.entries if entry.word == "测试禁词丙"]
    assert (given.role, given.score, given.signal) == ("user", 0.7, "illegal")


def test_entries_are_folded_like_the_texts_and_duplicates_dropped(folder: Write) -> None:
    lists = load_wordlists(
        folder(a_txt="# risk: A.1.a\n测试禁词甲\n測試禁詞甲\nＡｂｃ  Ｄef\nabc def\n", b_tsv="测试禁词甲\tA.1.b\n")
    )
    assert {entry.word for entry in lists.entries} == {"测试禁词甲", "abc def"}
    assert [(remark.file, remark.line) for remark in lists.duplicates] == [("a.txt", 3), ("a.txt", 5)]
    assert reasons(lists, "测试禁词甲") == {("political", "list:A.1.a"), ("political", "list:A.1.b")}


@pytest.mark.parametrize(
    ("name", "content", "line", "what"),
    [
        ("a_txt", "测试禁词甲\n", 1, "no risk"),
        ("a_txt", "# risk: A.9.a\n测试禁词甲\n", 2, "no risk"),
        ("a_txt", "# risk: A.1.a\n测试禁词甲\n甲\n", 3, "one character"),
        ("a_txt", "# risk: A.1.a\n\u200b\u200b\n", 2, "nothing is left"),
        ("a_txt", "# risk: A.1.a\n" + "长" * 101, 2, "longer"),
        ("a_txt", b"# risk: A.1.a\n\xb2\xe2\xca\xd4\n", 2, "not UTF-8"),
        ("a_txt", "# risk: A.1.a\n# score: much\n测试禁词甲\n", 3, "score"),
        ("a_txt", "# risk: A.1.a\n# signal: gambling\n测试禁词甲\n", 3, "does not count"),
        ("a_csv", "测试禁词甲,A.1.a,1.5\n", 1, "score"),
        ("a_csv", "测试禁词甲,A.1.a,nan\n", 1, "score"),
        ("a_csv", "测试禁词甲,A.1.a,0.9,nobody\n", 1, "role"),
        ("a_csv", "测试禁词甲\n", 1, "no risk"),
        ("a_csv", "word,colour\n测试禁词甲,red\n", 1, "columns"),
        ("a_csv", "测试禁词甲,A.1.a,0.9,both,political,more\n", 1, "columns"),
        ("a_csv", '"测试禁词甲,A.1.a\n', 1, "table"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named_by_file_and_line_never_by_its_word(
    folder: Write, name: str, content: str | bytes, line: int, what: str
) -> None:
    path = folder(**{name: content})
    (remark,) = read_wordlists(path).refused
    assert (remark.file, remark.line) == (name.replace("_", "."), line) and what in remark.what
    with pytest.raises(Misconfigured) as refused:
        load_wordlists(path)
    assert f"line {line}" in refused.value.message and "测试禁词" not in refused.value.message
    assert refused.value.field == "wordlists"


def test_a_folder_that_is_missing_or_holds_nothing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(Misconfigured, match="word lists"):
            load_wordlists(path)
    assert listed_words(None) is None


def test_ordinary_words_and_files_that_are_no_lists_are_only_warned_of(folder: Write) -> None:
    lists = read_wordlists(folder(a_txt="# risk: A.1.a\n天气\n测试禁词甲\nok\nparty\n", b_xlsx=b"PK", c_md="hello"))
    said = [(remark.file, remark.line) for remark in lists.warnings]
    assert said == [("b.xlsx", 0), ("c.md", 0), ("a.txt", 2), ("a.txt", 4), ("a.txt", 5)]
    assert lists.words == 4 and lists.refused == ()


def test_the_version_follows_the_entries(folder: Write) -> None:
    first = load_wordlists(folder(a_txt="# risk: A.1.a\n测试禁词甲\n"))
    same = load_wordlists(folder(a_txt="# a word about it\n# risk: A.1.a\n\n测试禁词甲\n"))
    other = load_wordlists(folder(a_txt="# risk: A.1.b\n测试禁词甲\n"))
    assert first.version == same.version != other.version
    assert ListedWords(first).version == first.version


# --- finding ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def lists(folder: Write) -> WordLists:
    return load_wordlists(
        folder(
            a_txt="# risk: A.1.a\n测试禁词甲\nplaceholder ban\nbanx\n# risk: A.3.b\n测试旁词\n",
            c_txt="# risk: A.1.f\n# signal: violence\n测试暴词\n",
            b_csv="测试己方词,A.1.c,0.7,assistant\n测试用户词,A.1.h,,user\n",
        )
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("说说测试禁词甲吧", "list:A.1.a"),
        ("測試禁詞甲", "list:A.1.a"),
        ("测\u200b试禁\u200b词甲", "list:A.1.a"),
        ("测 试 禁 词 甲", "list:A.1.a"),
        ("%E6%B5%8B%E8%AF%95%E7%A6%81%E8%AF%8D%E7%94%B2", "list:A.1.a"),
        ("5rWL6K+V56aB6K+N55Sy", "list:A.1.a"),
        ("a ＰＬＡＣＥＨＯＬＤＥＲ ban here", "list:A.1.a"),
        ("banx!", "list:A.1.a"),
        ("测试暴词", "list:A.1.f"),
    ],
)
def test_a_listed_word_is_found_in_every_reading(lists: WordLists, text: str, why: str) -> None:
    signals = found(lists, text)
    assert {signal.why for signal in signals} == {why}
    assert all(signal.score == 0.9 and signal.detector == "lists" for signal in signals)


@pytest.mark.parametrize("text", ["今天天气不错", "urbanxy", "banxx", "xbanx", "placeholder bank", "测试禁词"])
def test_what_only_holds_a_part_of_one_is_not_found(lists: WordLists, text: str) -> None:
    assert found(lists, text) == []


def test_a_latin_word_may_touch_chinese(lists: WordLists) -> None:
    assert reasons(lists, "他说banx吗") == {("political", "list:A.1.a")}


def test_a_word_sent_in_two_messages_is_found(lists: WordLists) -> None:
    (signal,) = found(lists, "禁词甲", recent=(Said("user", "测试", 5.0),))
    assert (signal.view, signal.why) == ("joined", "list:A.1.a")


def test_each_side_has_its_own_words(lists: WordLists) -> None:
    assert reasons(lists, "测试禁词甲", "assistant") == {("out.political", "list:A.1.a")}
    assert reasons(lists, "测试己方词") == set()
    (ours,) = found(lists, "测试己方词", "assistant")
    assert (ours.kind, ours.score) == ("out.political", 0.7)
    assert reasons(lists, "测试用户词", "assistant") == set()
    assert reasons(lists, "测试用户词") == {("illegal", "list:A.1.h")}


def test_the_place_is_told_and_the_word_is_not(lists: WordLists) -> None:
    text = "他们说\u200b测试禁词甲"
    (signal,) = found(lists, text)
    assert signal.span is not None and text[slice(*signal.span)] == "测试禁词甲"
    assert "禁词" not in repr(signal)


def test_a_risk_without_a_signal_is_told_as_a_reason_and_nothing_else(lists: WordLists) -> None:
    panel = Panel([ListedWords(lists)], READINGS)
    answer = check(Window("测试旁词"), panel)
    assert answer["scores"] == {} and answer["why"] == ["listed list:A.3.b (raw)"]
    moderated = moderation_result(panel.look(Window("测试旁词"), 1e9))
    assert moderated["flagged"] is False and moderated["anban"]["signals"] == {}
    assert moderated["anban"]["why"] == ["listed list:A.3.b"]


def test_many_hits_of_one_risk_are_one_reason(lists: WordLists) -> None:
    assert len(found(lists, "测试禁词甲 \u200b" * 2000)) == 1
