"""The reader of chat requests, and the one that looks for a person in what cannot be read."""

import orjson

from anban.base.errors import BadInput
from anban.web.gateway.body import Limits, parse, read_chat
from anban.web.gateway.salvage import MOST_TEXT, person_in, salvage, wants_stream

LIMITS = Limits(body=2_000, message=300, messages=8, depth=12)
SEEDS = [
    '{"model":"m","user":"lin","stream":true,"messages":[{"role":"user","content":"我很难过 😀"}]}'.encode(),
    b'{"messages":[{"role":"system","content":"be kind"},{"role":"assistant","content":null,"tool_calls":[]},'
    b'{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"x"}}]}]}',
    b'{"messages":[],"messages":[{"role":"user","content":"twice"}],"safety_identifier":"\\u006c\\u0069"}',
    b'{"temperature":1e999,"n":2,"stop":["a"],"max_tokens":1.5,"seed":' + b"9" * 40 + b"}",
    b'{"x":' + b"[" * 20 + b"]" * 20 + b"}",
    b'{"messages":[{"role":"user","content":"half \\ud83d a character \\u0000 and none"}',
    "user=lin&messages=%E6%88%91".encode("utf-16"),
    '{"messages":[{"role":"user","content":"古老的编码"}]}'.encode("gb18030"),
    b'\xef\xbb\xbf"only a text" \xed\xa0\xbd \xff',
]


def check(data: bytes) -> None:
    """Refused with a typed error that names a field, or read so that what was said is text that can be stored."""
    try:
        body = parse(data, LIMITS)
        chat = read_chat(body, LIMITS)
    except BadInput as refused:
        assert 400 <= refused.status < 500
        assert refused.field
        assert refused.message
    else:
        assert orjson.loads(data) == body
        for text in (chat.said, chat.prefill, *(said.text for said in chat.history)):
            text.encode()
        assert len(chat.said) <= LIMITS.message * LIMITS.messages + LIMITS.messages
    found = salvage(data)
    found.encode()
    assert len(found) <= MOST_TEXT
    for name in person_in(data):
        name.encode()
    assert wants_stream(data) in (True, False)
