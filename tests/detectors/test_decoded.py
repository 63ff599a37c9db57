"""Encodings are undone wherever they stand in a text, two layers deep, and numbers stay numbers."""

import base64

import pytest

from anban.detectors.readings.decoded import decodings


def encoded(text: str, times: int = 1) -> str:
    for _ in range(times):
        text = base64.b64encode(text.encode()).decode()
    return text


ENCODED = [
    ("i want to 64 69 65 today", "hex", "i want to die today"),
    ("i will be 64 69 65 ok", "hex", "i will be die ok"),
    ("692077616e7420746f20646965", "hex", "i want to die"),
    ("e6 88 91 e6 83 b3 e6 ad bb 了", "hex", "我想死 了"),
    ("0x64 0x69 0x65 now", "hex", "die now"),
    (encoded("我想死"), "base64", "我想死"),
    ("say " + encoded("die now").rstrip("=") + " ok", "base64", "say die now ok"),
    (base64.b32encode("我不想活了".encode()).decode(), "base32", "我不想活了"),
    (".. / .-- .- -. - / - --- / -.. .. .", "morse", "i want to die"),
    ("•• / •–– •– –• – / – ––– / –•• •• •", "morse", "i want to die"),
    ("\\u6211\\u60f3\\u6b7b", "escapes", "我想死"),
    ("U+6211 U+60F3 U+6B7B", "escapes", "我想死"),
    ("\\ud83d\\udc80 ok", "escapes", "💀 ok"),
    ("105 32 119 97 110 116 32 116 111 32 100 105 101", "codes", "i want to die"),
    ("01100100 01101001 01100101 now", "bits", "die now"),
    ("%E6%88%91+%E6%83%B3", "url", "我 想"),
    ("&#25105;&#24819", "entities", "我想"),
]


@pytest.mark.parametrize(("text", "name", "plain"), ENCODED)
def test_what_an_encoding_hides_is_read(text: str, name: str, plain: str) -> None:
    assert decodings(text) == [(name, plain)]


def test_two_layers_are_undone_and_no_third() -> None:
    assert decodings(encoded("i want to go home", 2))[-1] == ("base64", "i want to go home")
    assert "i want to go home" not in {plain for _, plain in decodings(encoded("i want to go home", 3))}


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01 12:30:45, call 13800138000",
        "call 555 123 456 789",
        "facade decade deface",
        "WhatsApp, JavaScript, iPhone13",
        "20 30 40 50",
        "wait ... - ... no",
        "-- - --",
        "- - - - - -",
        "the 1990s and 2000s-2010s",
        "今天买了3斤苹果，花了20.5元",
        "100% sure & happy",
    ],
)
def test_an_ordinary_text_is_not_taken_for_an_encoded_one(text: str) -> None:
    assert decodings(text) == []
