"""Pictures and recordings that tests draw themselves, and where they stand in a request."""

import base64
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from anban.detectors.senses.image import can_see, read_image

PLEA_EN = "I want to kill myself tonight"
PLEA_ZH = "我不想活了\n药已经买好了"
NO_EYES = "Reading pictures needs the extra: pip install '.[senses]' (it is part of the extra `test`)."
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
)
"""Where Debian puts fonts with Chinese characters (fonts-noto-cjk, fonts-wqy-zenhei, fonts-wqy-microhei)."""


def need_eyes() -> None:
    """Leave the test out where the extra is not installed, except where all must run; load it before time counts."""
    if not can_see():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_EYES)
    read_image(drawn(""), 10**6)


def chinese_font() -> str | None:
    return next((path for path in FONTS if Path(path).exists()), None)


def plea() -> str:
    """A plea in Chinese where there is a font for it, else in English."""
    return PLEA_ZH if chinese_font() else PLEA_EN


def drawn(text: str, *, size: tuple[int, int] = (900, 260), points: int = 36, kind: str = "PNG", **how: Any) -> bytes:
    """A picture with words on it. `mode`, `paper` and `ink` as Pillow takes them."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new(how.get("mode", "RGB"), size, how.get("paper", "white"))
    path = chinese_font()
    font = ImageFont.truetype(path, points) if path else ImageFont.load_default(points)
    ImageDraw.Draw(image).multiline_text((30, 30), text, font=font, fill=how.get("ink", "black"), spacing=12)
    held = io.BytesIO()
    image.save(held, kind, **how.get("saved", {}))
    return held.getvalue()


def coded(text: str) -> bytes:
    """A QR code."""
    import zxingcpp
    from PIL import Image

    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    held = io.BytesIO()
    Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=6)).save(held, "PNG")
    return held.getvalue()


def bomb(side: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes that says it is `side` pixels wide and high."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 4_096)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def sound(seconds: float = 0.1) -> bytes:
    """A silent WAV."""
    data = b"\0\0" * int(8_000 * seconds)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 8_000, 16_000, 2, 16,
                       b"data", len(data))  # fmt: skip
    return head + data


def data_url(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def picture(content: bytes | str) -> dict[str, Any]:
    """An `image_url` part, of a picture's bytes or of an address."""
    url = content if isinstance(content, str) else data_url(content)
    return {"type": "image_url", "image_url": {"url": url}}


def spoken(content: bytes, form: str = "wav") -> dict[str, Any]:
    """An `input_audio` part."""
    return {"type": "input_audio", "input_audio": {"data": base64.b64encode(content).decode(), "format": form}}
