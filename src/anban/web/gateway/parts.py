"""The parts of a message that are no text: which there are, and where in one the picture or the sound stands."""

from collections.abc import Mapping
from typing import Any, Final

from anban.detectors.senses.part import Part

_IMAGES: Final = frozenset({"image_url", "input_image"})
_OTHERS: Final = frozenset({"audio", "file", "input_file", "video_url", "video"})

UNREAD_KINDS: Final = _IMAGES | {"input_audio"} | _OTHERS
"""Their types in OpenAI's protocol and its relatives. Marked and counted, never assumed safe (final art 2 covers every
medium); of films and files nobody looks into any."""


def part_of(kind: str, part: Mapping[str, Any]) -> Part:
    """What can be looked into in a part of one of these kinds. A part of another shape is kept, and stays unread."""
    if kind in _IMAGES:
        image = part.get("image_url")
        url = image.get("url") if isinstance(image, dict) else image
        return Part(kind, "image", url if isinstance(url, str) else "")
    sound = part.get("input_audio")
    if kind == "input_audio" and isinstance(sound, dict):
        data, form = sound.get("data"), sound.get("format")
        return Part(kind, "audio", data if isinstance(data, str) else "", form if isinstance(form, str) else "")
    return Part(kind, "none")
