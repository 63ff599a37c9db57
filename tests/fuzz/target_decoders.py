"""The decoders of base64, hexadecimal, URL, HTML and other escapes."""

import base64

from anban.detectors.readings.decoded import decodings

_NAMES = {"url", "entities", "escapes", "hex", "bits", "codes", "places", "morse", "base32", "base64"}
_LAYERS = 2
SEEDS = [
    base64.b64encode("我不想活了".encode()) + b" and then",
    b"aSBkbyBub3Qgd2FudCB0byBsaXZl== %E6%88%91%E4%B8%8D",
    b"&#25105;&#x4e0d;&amp;&lt;&nbsp; \\u6211\\u{4e0d}\\ud800",
    b"\\x68\\x65\\x6c\\x6c\\x6f 68656c6c6f20776f726c64 0x68,0x65,0x6c,0x6c",
    b"01101000 01100101 01101100 01101100 01101111",
    b"to -.. .. . / -- --- / ...- 105 32 119 97 110 116 \xe2\x80\xa2\xe2\x80\x93 U+6211%u60f3",
    base64.b32encode("我不想活了".encode()) + b" be 64 69 65 ok " + base64.b64encode(base64.b64encode(b"i want to go")),
    b"%00%ff%fe%c3%28 " + b"QUJD" * 30,
]


def check(data: bytes) -> None:
    """Each reading is named, is another text than the one given, can be written down and is no bomb."""
    text = data.decode("utf-8", "replace")
    found = decodings(text)
    assert len(found) <= _LAYERS
    for name, plain in found:
        assert name in _NAMES
        assert plain != text
        plain.encode("utf-8", "surrogatepass")
        assert len(plain) <= len(text)
