"""A provider of messages and calls that behaves as a test wants, and checks signatures by itself.

    async with FakeProvider() as provider:
        outreach = Outreach([provider.sms(), provider.voice()], within=1)
        provider.mode = "fails-after"
        outcome = await outreach.send("sms", letter)
        assert provider.received[-1].to == "13800138000" and outcome.state == "unknown"

`received` is every request that arrived whole, `delivered` what a person would have got. Modes:

| mode        | arrives | delivered | answer                        |
|-------------|---------|-----------|-------------------------------|
| works       | yes     | yes       | success                       |
| refuses     | yes     | no        | the provider's own refusal    |
| down        | no      | no        | the connection breaks         |
| slow        | yes     | yes       | none before `released` is set |
| loses       | yes     | no        | success                       |
| fails-after | yes     | yes       | status 500                    |
| garbage     | yes     | yes       | 200 with a page of HTML       |
| breaks      | yes     | yes       | the provider's own word for "I broke down" |
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, quote, urlsplit

from aiohttp import web

from anban.base.clock import Clock
from anban.outreach.channels.bots import Bot, BotChoice
from anban.outreach.channels.sms import (
    AlibabaSms,
    AlibabaSmsChoice,
    HuaweiSms,
    HuaweiSmsChoice,
    TencentSms,
    TencentSmsChoice,
)
from anban.outreach.channels.voice import AlibabaVoice, AlibabaVoiceChoice, TencentVoice, TencentVoiceChoice

Mode = Literal["works", "refuses", "down", "slow", "loses", "fails-after", "garbage", "breaks"]
SECRET = "a-secret-of-the-provider"
BOT = "0123abcd-bot-token"
BOT_SECRET = "SEC0123"


@dataclass(frozen=True)
class Got:
    """One request. `send` is the id it carried, as the provider's field allows it."""

    kind: str
    send: str
    to: str
    said: str
    headers: Mapping[str, str]
    body: str


class StandingClock:
    """A clock that shows one moment."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class FakeProvider:
    """All providers in one, on a port of this machine."""

    def __init__(
        self, mode: Mode = "works", clock: Clock | None = None, within: float = 1.0, secret: str = SECRET
    ) -> None:
        self.mode: Mode = mode
        self._secret = secret
        self.received: list[Got] = []
        self.delivered: list[Got] = []
        self.released = asyncio.Event()
        self._clock, self._within = clock or StandingClock(), within
        self._opened: list[Any] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{rest:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        for channel in self._opened:
            await channel.close()
        await self._runner.cleanup()

    # --- real channels whose provider is this one -------------------------------------------------------------------

    def sms(self, name: str = "") -> AlibabaSms:
        """Text messages through Alibaba Cloud."""
        choice = AlibabaSmsChoice.model_validate(
            {
                "kind": "sms-alibaba", "name": name, "url": self.url, "key_id": "key", "key_secret": SECRET,
                "sign_name": "安伴", "template": "SMS_1", "variables": {"text": "{text}", "code": "{code}"},
            }
        )  # fmt: skip
        return self._kept(AlibabaSms(choice, self._clock, self._within))

    def voice(self, name: str = "") -> AlibabaVoice:
        """Calls through Alibaba Cloud."""
        choice = AlibabaVoiceChoice.model_validate(
            {
                "kind": "voice-alibaba", "name": name, "url": self.url, "key_id": "key", "key_secret": SECRET,
                "template": "TTS_1", "variables": {"text": "{text}"}, "shown": "05710000",
            }
        )  # fmt: skip
        return self._kept(AlibabaVoice(choice, self._clock, self._within))

    def tencent_sms(self, name: str = "") -> TencentSms:
        choice = TencentSmsChoice.model_validate(
            {
                "kind": "sms-tencent", "name": name, "url": self.url, "secret_id": "id", "secret_key": SECRET,
                "app": "1400006666", "sign_name": "安伴", "template": "1110", "variables": ["{text}", "{link}"],
            }
        )  # fmt: skip
        return self._kept(TencentSms(choice, self._clock, self._within))

    def tencent_voice(self, name: str = "") -> TencentVoice:
        choice = TencentVoiceChoice.model_validate(
            {
                "kind": "voice-tencent", "name": name, "url": self.url, "secret_id": "id", "secret_key": SECRET,
                "app": "1400006667", "template": "1111", "variables": ["{text}"],
            }
        )  # fmt: skip
        return self._kept(TencentVoice(choice, self._clock, self._within))

    def huawei_sms(self, name: str = "") -> HuaweiSms:
        choice = HuaweiSmsChoice.model_validate(
            {
                "kind": "sms-huawei", "name": name, "url": self.url, "app_key": "key", "app_secret": SECRET,
                "sender": "8823", "sign_name": "安伴", "template": "abcd", "variables": ["{text}", "{code}"],
            }
        )  # fmt: skip
        return self._kept(HuaweiSms(choice, self._clock, self._within))

    def bot(self, kind: Literal["wecom", "dingtalk", "feishu"], secret: str | None = None) -> Bot:
        """A group's bot."""
        choice = BotChoice.model_validate({"kind": kind, "url": self.url, "secret": secret})
        return self._kept(Bot(choice, self._clock, self._within))

    # --- what the provider does -------------------------------------------------------------------------------------

    def _kept(self, channel: Any) -> Any:
        self._opened.append(channel)
        return channel

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.mode == "down":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        body = (await request.read()).decode()
        dialect = _DIALECTS[_spoken(request)]
        try:
            got = dialect.read(request, body, self._secret)
        except WrongSignature:
            return web.json_response(dialect.refusal("forged"), status=dialect.refused_with)
        self.received.append(got)
        if self.mode not in ("refuses", "loses"):
            self.delivered.append(got)
        if self.mode == "slow":
            await self.released.wait()
        if self.mode == "fails-after":
            return web.Response(status=500, text="internal error")
        if self.mode == "garbage":
            return web.Response(text="<html>welcome</html>", content_type="text/html")
        if self.mode in ("refuses", "breaks"):
            return web.json_response(dialect.refusal(self.mode), status=dialect.refused_with)
        return web.json_response(dialect.success(got))


class WrongSignature(Exception):
    """A request that its sender could not have signed."""


@dataclass(frozen=True)
class _Dialect:
    read: Callable[[web.Request, str, str], Got]
    success: Callable[[Got], dict[str, Any]]
    refusal: Callable[[str], dict[str, Any]]
    refused_with: int = 200


def _spoken(request: web.Request) -> str:
    if "X-WSSE" in request.headers:
        return "huawei"
    if "X-TC-Action" in request.headers:
        return "tencent"
    return {"cgi-bin": "wecom", "robot": "dingtalk", "open-apis": "feishu"}.get(request.path.split("/")[1], "alibaba")


def _expect(wanted: str, found: str) -> None:
    if not hmac.compare_digest(wanted, found):
        raise WrongSignature


def _read_alibaba(request: web.Request, body: str, secret: str) -> Got:
    fields = dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True))
    found = fields.pop("Signature")
    query = "&".join(sorted(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in fields.items()))
    text = "POST&%2F&" + quote(query, safe="~")
    key = (secret + "&").encode()
    _expect(base64.b64encode(hmac.digest(key, text.encode(), "sha1")).decode(), found)
    sms = fields["Action"] == "SendSms"
    to, said = ("PhoneNumbers", "TemplateParam") if sms else ("CalledNumber", "TtsParam")
    text = json.loads(fields[said])["text"]
    return Got("sms" if sms else "voice", fields["OutId"], fields[to], text, request.headers, body)


def _read_tencent(request: web.Request, body: str, secret: str) -> Got:
    found = re.fullmatch(
        r"TC3-HMAC-SHA256 Credential=id/([0-9-]+)/(sms|vms)/tc3_request, SignedHeaders=([a-z;-]+), Signature=(\w+)",
        request.headers["Authorization"],
    )
    assert found is not None
    day, service, names, signature = found.groups()
    stamp = request.headers["X-TC-Timestamp"]
    if day != datetime.fromtimestamp(int(stamp), UTC).date().isoformat():
        raise WrongSignature
    lines = "".join(f"{name}:{request.headers[name].strip().lower()}\n" for name in names.split(";"))
    digest = hashlib.sha256(body.encode()).hexdigest()
    canonical = hashlib.sha256(f"POST\n/\n\n{lines}\n{names}\n{digest}".encode()).hexdigest()
    key = ("TC3" + secret).encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"TC3-HMAC-SHA256\n{stamp}\n{day}/{service}/tc3_request\n{canonical}"
    _expect(hmac.digest(key, text.encode(), "sha256").hex(), signature)
    asked = json.loads(body)
    to = asked["CalledNumber"] if service == "vms" else asked["PhoneNumberSet"][0]
    kind = "voice" if service == "vms" else "sms"
    return Got(kind, asked["SessionContext"], to, asked["TemplateParamSet"][0], request.headers, body)


def _read_huawei(request: web.Request, body: str, secret: str) -> Got:
    parts = dict(re.findall(r'(\w+)="([^"]*)"', request.headers["X-WSSE"]))
    digest = hashlib.sha256((parts["Nonce"] + parts["Created"] + secret).encode()).hexdigest()
    _expect(base64.b64encode(digest.encode()).decode(), parts["PasswordDigest"])
    fields = dict(parse_qsl(body, strict_parsing=True))
    said = json.loads(fields["templateParas"])[0]
    return Got("sms", fields["extend"], fields["to"], said, request.headers, body)


def _read_bot(request: web.Request, body: str, secret: str) -> Got:
    asked = json.loads(body)
    _bot_signed(request, asked)
    said = asked["text"]["content"] if "text" in asked else asked["content"]["text"]
    split = urlsplit(str(request.rel_url))
    token = dict(parse_qsl(split.query)).get("key") or dict(parse_qsl(split.query)).get("access_token")
    return Got("bot", "", token or split.path.rpartition("/")[2], said, request.headers, body)


def _bot_signed(request: web.Request, asked: dict[str, Any]) -> None:
    """Where a bot's request says that it is signed, it is signed right."""
    stamp = request.query.get("timestamp") or asked.get("timestamp")
    if stamp is None:
        return
    text = f"{stamp}\n{BOT_SECRET}".encode()
    signed = (text, b"") if "sign" in asked else (BOT_SECRET.encode(), text)
    found = asked.get("sign") or request.query["sign"]
    _expect(base64.b64encode(hmac.digest(*signed, "sha256")).decode(), found)


def _tencent_success(got: Got) -> dict[str, Any]:
    if got.kind == "voice":
        return {"Response": {"SendStatus": {"CallId": "call-1", "SessionContext": got.send}, "RequestId": "r"}}
    status = {"SerialNo": "serial-1", "Code": "Ok", "Message": "send success", "SessionContext": got.send}
    return {"Response": {"SendStatusSet": [status], "RequestId": "r"}}


def _tencent_refusal(why: str) -> dict[str, Any]:
    code = {
        "forged": "AuthFailure.SignatureFailure",
        "refuses": "FailedOperation.TemplateIncorrectOrUnapproved",
        "breaks": "InternalError.OtherError",
    }[why]
    return {"Response": {"Error": {"Code": code, "Message": "to +8613800138000"}, "RequestId": "r"}}


def _alibaba_refusal(why: str) -> dict[str, Any]:
    code = {
        "forged": "SignatureDoesNotMatch",
        "refuses": "isv.BUSINESS_LIMIT_CONTROL",
        "breaks": "isp.SYSTEM_ERROR",
    }[why]
    return {"Code": code, "Message": "触发号码 13800138000 的限制", "RequestId": "r"}


def _huawei_success(got: Got) -> dict[str, Any]:
    return {"code": "000000", "result": [{"smsMsgId": "sms-1", "originTo": got.to, "status": "000000"}]}


def _huawei_refusal(why: str) -> dict[str, Any]:
    return {"code": {"forged": "E000103", "refuses": "E000510", "breaks": "E000000"}[why], "description": "no"}


def _told(field: str, refused: int) -> tuple[Callable[[Got], dict[str, Any]], Callable[[str], dict[str, Any]]]:
    return (lambda got: {field: 0, "msg": "ok"}), (lambda why: {field: -1 if why == "breaks" else refused, "msg": "no"})


_DIALECTS: dict[str, _Dialect] = {
    "alibaba": _Dialect(
        _read_alibaba,
        lambda got: {"Code": "OK", "BizId": "biz-1", "CallId": "call-1", "RequestId": "r"},
        _alibaba_refusal,
        400,
    ),
    "tencent": _Dialect(_read_tencent, _tencent_success, _tencent_refusal),
    "huawei": _Dialect(_read_huawei, _huawei_success, _huawei_refusal),
    "wecom": _Dialect(_read_bot, *_told("errcode", 93000)),
    "dingtalk": _Dialect(_read_bot, *_told("errcode", 310000)),
    "feishu": _Dialect(_read_bot, *_told("code", 19001)),
}
