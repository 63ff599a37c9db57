"""What a picture or a recording says; and what nobody can read is unread, with a reason and without an accident."""

import io
from typing import Any

import pytest

from anban.detectors.readings.lines import flowing
from anban.detectors.senses.audio import fields, recording, transcript
from anban.detectors.senses.image import read_image
from anban.detectors.senses.part import Part, Unread, decoded, enclosed
from tests import pictures

PIXELS = 25_000_000


@pytest.fixture
def eyes() -> None:
    pictures.need_eyes()


def why(error: pytest.ExceptionInfo[Unread]) -> str:
    return error.value.code


@pytest.mark.usefixtures("eyes")
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"kind": "JPEG"},
        {"kind": "WEBP"},
        {"kind": "BMP"},
        {"points": 24, "size": (700, 160)},
        {"points": 60, "size": (1080, 2200)},
        {"paper": "#202020", "ink": "#e0e0e0"},
        {"mode": "RGBA", "paper": (0, 0, 0, 0), "ink": "white"},
        {"mode": "RGBA", "paper": (0, 0, 0, 0), "ink": "black"},
        {"mode": "L", "paper": 255, "ink": 0},
    ],
    ids=str,
)
def test_words_in_a_picture_are_read(how: dict[str, Any]) -> None:
    found = read_image(pictures.drawn(pictures.plea(), **how), PIXELS)
    assert not found.partial
    said = found.text.replace(" ", "").lower()
    assert ("我不想活了" in said and "买好了" in said) or "killmyself" in said


@pytest.mark.usefixtures("eyes")
def test_a_code_in_a_picture_is_read() -> None:
    found = read_image(pictures.coded("我不想活了，求谁来帮帮我"), PIXELS)
    assert "我不想活了，求谁来帮帮我" in found.text.splitlines()


@pytest.mark.usefixtures("eyes")
def test_a_picture_without_words_has_none() -> None:
    assert read_image(pictures.drawn(""), PIXELS).text == ""


@pytest.mark.usefixtures("eyes")
def test_of_an_animation_only_the_first_picture_is_read_and_that_is_told() -> None:
    from PIL import Image

    frames = [Image.open(io.BytesIO(pictures.drawn(text))) for text in (pictures.PLEA_EN, "hello", "bye")]
    held = io.BytesIO()
    frames[0].save(held, "GIF", save_all=True, append_images=frames[1:])
    found = read_image(held.getvalue(), PIXELS)
    assert found.partial and "kill" in found.text


@pytest.mark.usefixtures("eyes")
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (pictures.bomb(), "too_many_pixels"),
        (pictures.bomb(5_001), "too_many_pixels"),
        (pictures.bomb(100), "broken"),
        (b"", "broken"),
        (b"no image", "broken"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "broken"),
        (b"GIF89a" + b"\xff" * 300, "broken"),
        (b"%PDF-1.7", "broken"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://127.0.0.1/'/></svg>", "broken"),
    ],
)
def test_a_bomb_or_a_broken_file_is_unread(content: bytes, code: str) -> None:
    with pytest.raises(Unread) as error:
        read_image(content, PIXELS)
    assert why(error) == code


@pytest.mark.usefixtures("eyes")
def test_a_picture_cut_short_at_any_place_breaks_nothing() -> None:
    whole = pictures.drawn(pictures.PLEA_EN, kind="JPEG")
    for size in range(0, len(whole) - 1, len(whole) // 12):
        with pytest.raises(Unread):
            read_image(whole[:size], PIXELS)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("https://example.com/cat.png", "remote"),
        ("http://169.254.169.254/latest/meta-data", "remote"),
        ("file:///etc/passwd", "remote"),
        ("ftp://127.0.0.1/x", "remote"),
        ("", "broken"),
        ("cat.png", "broken"),
        ("data:image/png", "unknown_form"),
        ("data:image/png,%89PNG", "unknown_form"),
        ("data:image/png;base64,????", "broken"),
        ("data:image/png;base64,我不想活了", "broken"),
        ("data:image/png;base64," + "A" * 400, "too_large"),
    ],
)
def test_only_what_is_enclosed_is_read_and_nothing_is_fetched(payload: str, code: str) -> None:
    with pytest.raises(Unread) as error:
        enclosed(payload, 200)
    assert why(error) == code and "我" not in str(error.value)


def test_what_is_enclosed_comes_out_whole() -> None:
    assert enclosed(pictures.data_url(b"abc"), 3) == b"abc"
    assert enclosed("DATA:Image/PNG;charset=x;BASE64,YWJj", 3) == b"abc"
    assert decoded("YWJj", 3) == b"abc"
    with pytest.raises(Unread):
        decoded("YWJjYWJjYWJjYWJj", 3)


def test_lines_flow_together_as_their_script_asks() -> None:
    assert flowing(["我不想", "活了", "I want", "", "to sleep"]) == "我不想活了 I want to sleep"
    assert flowing([]) == ""


def sent(content: bytes, form: str) -> Part:
    given = pictures.spoken(content, form)["input_audio"]
    return Part("input_audio", "audio", given["data"], given["format"])


def test_a_recording_goes_out_as_the_file_it_says_it_is() -> None:
    made = recording(sent(pictures.sound(), "wav"), 10_000)
    assert (made.name, made.kind, made.content) == ("recording.wav", "audio/wav", pictures.sound())
    assert recording(sent(b"ID3\x04" + b"\0" * 40, "mp3"), 10_000).kind == "audio/mpeg"
    assert recording(sent(b"\xff\xfb" + b"\0" * 40, "mp3"), 10_000).kind == "audio/mpeg"
    assert fields("whisper-1") == {"model": "whisper-1", "response_format": "json", "temperature": "0"}


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (sent(pictures.sound(), "flac"), "unknown_form"),
        (sent(pictures.sound(), "mp3"), "broken"),
        (sent(b"<html>", "wav"), "broken"),
        (sent(b"", "wav"), "broken"),
        (sent(pictures.sound(9), "wav"), "too_large"),
        (Part("input_audio", "audio", "https://example.com/a.wav", "wav"), "remote"),
    ],
)
def test_what_is_no_recording_is_not_sent_on(part: Part, code: str) -> None:
    with pytest.raises(Unread) as error:
        recording(part, 10_000)
    assert why(error) == code


@pytest.mark.parametrize("answer", [None, [], "hello", {}, {"text": None}, {"text": 3}, {"text": "x" * 9_000}])
def test_a_transcript_out_of_format_is_none(answer: Any) -> None:
    with pytest.raises(Unread):
        transcript(answer)


def test_a_transcript_is_its_text() -> None:
    assert transcript({"text": " 我不想活了 "}) == "我不想活了"
    assert transcript({"text": ""}) == ""
