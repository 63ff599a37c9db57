"""The words in a picture, read on the CPU: printed or written text by OCR, and codes such as QR.

Rests on the extra `senses` (RapidOCR with the PP-OCRv6 models that its wheel carries, zxing-cpp, Pillow); without it a
picture stays unread. Everything is loaded when the first picture comes.
"""

import io
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from anban.detectors.readings.lines import flowing
from anban.detectors.senses.part import Unread

_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_SIDE: Final = 2_000  # pixels of the longer side that OCR is given
_LOOK_SIDE: Final = 960  # and of the copy in which it looks for where text stands
_MOST_LINES: Final = 200
_MOST_CHARS: Final = 8_000
_MODELS: Final = {"Det.model_path": "*_det_*.onnx", "Cls.model_path": "*_cls_*.onnx", "Rec.model_path": "*_rec_*.onnx"}


@dataclass(frozen=True, slots=True)
class Found:
    """What was read. `partial`: there is more that was not, such as the other pictures of an animation."""

    text: str
    partial: bool = False


def can_see() -> bool:
    """Whether the extra is installed; loads nothing."""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime", "PIL", "zxingcpp"))


def read_image(data: bytes, most_pixels: int) -> Found:
    """The text of one picture, lines in reading order; empty when there is none. Takes from 0.05 to about 2 seconds.

    Raises `Unread` for what is no picture, has more pixels than `most_pixels` (looked at before it is unpacked), or
    breaks on the way.
    """
    if not can_see():
        raise Unread("the extra `senses` is not installed", code="no_reader")
    picture, partial = _unpacked(data, most_pixels)
    ocr = _ocr()
    try:
        read = ocr(picture[:, :, ::-1])
        lines = [str(line) for line in (read.txts or ())]
        codes = _codes(picture)
    except Exception as error:  # noqa: BLE001 - told as unread: a stranger's file may break a library anywhere
        raise Unread("the picture broke its reader", code="broken") from error
    text = "\n".join(dict.fromkeys(part for part in (flowing(lines[:_MOST_LINES]), *codes) if part))
    return Found(text[:_MOST_CHARS], partial or len(lines) > _MOST_LINES or len(text) > _MOST_CHARS)


def _unpacked(data: bytes, most_pixels: int) -> "tuple[np.ndarray[Any, np.dtype[np.uint8]], bool]":
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > most_pixels:
                raise Unread(f"more than {most_pixels} pixels", code="too_many_pixels")
            partial = bool(getattr(image, "is_animated", False))
            image.draft("RGB", (_SIDE, _SIDE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((_SIDE, _SIDE), reducing_gap=2.0)
            return np.asarray(_on_paper(upright)), partial
    except Unread:
        raise
    except Image.DecompressionBombError:
        raise Unread(f"more than {most_pixels} pixels", code="too_many_pixels") from None
    except Exception as error:  # noqa: BLE001 - told as unread: a broken file may raise anything while it is unpacked
        raise Unread("this is no picture that can be read", code="broken") from error


def _on_paper(image: Any) -> Any:
    """The picture in three colours; what is transparent lies on white, or on black where the drawing is light."""
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    drawn = image.convert("RGBA")
    grey, alpha = np.asarray(drawn.convert("L"), np.float64), np.asarray(drawn.getchannel("A"), np.float64)
    light = alpha.sum() > 0 and (grey * alpha).sum() / alpha.sum() > 127
    paper = Image.new("RGBA", drawn.size, "black" if light else "white")
    paper.alpha_composite(drawn)
    return paper.convert("RGB")


def _codes(picture: "np.ndarray[Any, np.dtype[np.uint8]]") -> list[str]:
    import zxingcpp

    return [code.text for code in zxingcpp.read_barcodes(picture)[:8] if code.text]


@cache
def _ocr() -> Any:
    """The reader, loaded once. Its models lie in its own package: nothing is ever downloaded."""
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    paths = {name: str(found) for name, files in _MODELS.items() for found in sorted(models.glob(files))[:1]}
    if len(paths) < len(_MODELS):
        raise Unread("the OCR package came without its models", code="no_reader")
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": _SIDE,
            "Det.limit_type": "max",
            "Det.limit_side_len": _LOOK_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            **paths,
        }
    )
