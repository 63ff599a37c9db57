"""What a recording says: how a transcription endpoint is asked for it and how its answer is read; pure."""

from dataclasses import dataclass, field
from typing import Any, Final, cast

from anban.detectors.senses.part import Part, Unread, decoded, enclosed

PATH: Final = "/audio/transcriptions"
_MOST_CHARS: Final = 8_000
_KINDS: Final = {"wav": "audio/wav", "mp3": "audio/mpeg"}


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording to be sent on, as a file of a form."""

    name: str
    kind: str
    content: bytes = field(repr=False)


def recording(part: Part, most_bytes: int) -> Recording:
    """The recording in an `input_audio` part (base64, wav or mp3). Raises `Unread`, also when it is something else."""
    if part.form not in _KINDS:
        raise Unread("only wav and mp3 are listened to", code="unknown_form")
    at_hand = part.payload[:5].lower() == "data:" or "://" in part.payload[:16]
    content = (enclosed if at_hand else decoded)(part.payload, most_bytes)
    begins_so = content[:4] == b"RIFF" and content[8:12] == b"WAVE"
    if part.form == "mp3":
        begins_so = content[:3] == b"ID3" or (content[:1] == b"\xff" and content[1:2] >= b"\xe0")
    if not begins_so:
        raise Unread(f"this is no {part.form}", code="broken")
    return Recording(f"recording.{part.form}", _KINDS[part.form], content)


def fields(model: str) -> dict[str, str]:
    """The other fields of the form (OpenAI's API reference, "Create transcription")."""
    return {"model": model, "response_format": "json", "temperature": "0"}


def transcript(answer: Any) -> str:
    """The text of an answer `{"text": …}`. Raises `Unread` for anything else."""
    text = cast("dict[str, Any]", answer).get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str) or len(text) > _MOST_CHARS:
        raise Unread("the transcript is not in its format", code="broken")
    return text.strip()
