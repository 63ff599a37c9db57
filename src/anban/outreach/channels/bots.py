"""Bots in the groups of WeCom, DingTalk and Feishu.

Spoken to directly: all three answer 200 also when they refuse, and who takes that for success says that somebody was
told when nobody was. A group reads along, so the caller's text holds a case's number, level and link and nothing else.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

import orjson

from anban.base.clock import Clock
from anban.outreach.channel import Letter, Outcome
from anban.outreach.channels.asking import Provider
from anban.outreach.channels.choice import Choice, Door, Secret
from anban.outreach.reply import outcome, short

_TOKEN: Final = r"(?P<token>[A-Za-z0-9_-]{8,128})"


@dataclass(frozen=True, slots=True)
class Family:
    """What differs between the three."""

    url: str
    path: str
    error: str
    """The field of an answer that is 0 for success."""


FAMILIES: Final[Mapping[str, Family]] = {
    "wecom": Family("https://qyapi.weixin.qq.com", "/cgi-bin/webhook/send?key=", "errcode"),
    "dingtalk": Family("https://oapi.dingtalk.com", "/robot/send?access_token=", "errcode"),
    "feishu": Family("https://open.feishu.cn", "/open-apis/bot/v2/hook/", "code"),
}

_BROKEN: Final = frozenset({-1, 99991})
"""Codes with which they say that they are busy themselves."""


class BotChoice(Choice):
    """`secret` is the key for signed requests, where the bot asks for them (DingTalk and Feishu)."""

    kind: Literal["wecom", "dingtalk", "feishu"]
    secret: Secret | None = None
    url: Door | None = None


class Bot:
    """One of the three. A contact's address is the bot's token, or its whole address as the group shows it."""

    def __init__(self, choice: BotChoice, clock: Clock, within: float) -> None:
        self.name, self.routes = choice.name or choice.kind, frozenset({choice.kind})
        self._kind, self._family, self._clock = choice.kind, FAMILIES[choice.kind], clock
        self._secret = choice.secret.get_secret_value() if choice.secret else ""
        self._door = Provider(choice.url or self._family.url, within)
        self._whole = re.compile(f"(?:{re.escape(self._family.url + self._family.path)})?{_TOKEN}", re.ASCII)

    async def send(self, letter: Letter) -> Outcome:
        # Only the token is taken from an address, so that no address can name another host.
        found = self._whole.fullmatch(letter.address)
        if found is None:
            return Outcome("refused", self.name, code="bad-address")
        at = self._clock.now().timestamp()
        said = "\n".join(filter(None, (letter.subject, letter.text, letter.link)))
        path, body = self._family.path + found["token"], _message(self._kind, said)
        if self._secret and self._kind == "dingtalk":
            stamp = str(int(at * 1000))
            path += f"&timestamp={stamp}&sign={quote(dingtalk_sign(stamp, self._secret), safe='')}"
        if self._secret and self._kind == "feishu":
            stamp = str(int(at))
            body |= {"timestamp": stamp, "sign": feishu_sign(stamp, self._secret)}
        reply = await self._door.post(path, orjson.dumps(body), {"Content-Type": "application/json; charset=utf-8"})
        return outcome(self.name, reply, self._read)

    async def close(self) -> None:
        await self._door.close()

    def _read(self, answer: dict[str, Any]) -> Outcome:
        code = answer[self._family.error]
        if code == 0:
            return Outcome("accepted", self.name)
        return Outcome("unknown" if code in _BROKEN else "refused", self.name, code=short(code))


def dingtalk_sign(stamp: str, secret: str) -> str:
    """The signature of a request at so many milliseconds."""
    return _signed(secret.encode(), f"{stamp}\n{secret}".encode())


def feishu_sign(stamp: str, secret: str) -> str:
    """The signature of a request at so many seconds: the text is the key, and nothing is signed with it."""
    return _signed(f"{stamp}\n{secret}".encode(), b"")


def _signed(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def _message(kind: str, said: str) -> dict[str, Any]:
    if kind == "feishu":
        return {"msg_type": "text", "content": {"text": said}}
    return {"msgtype": "text", "text": {"content": said}}
