"""Text messages through the common Chinese providers. Templates and signatures are approved by the provider first."""

import base64
import hashlib
import secrets
from datetime import UTC
from typing import Any, Final, Literal
from urllib.parse import urlencode

import orjson

from anban.base.clock import Clock
from anban.outreach.channel import Letter, Outcome
from anban.outreach.channels.alibaba import Alibaba
from anban.outreach.channels.asking import Provider
from anban.outreach.channels.choice import Choice, Door, Piece, Plain, Secret, filled
from anban.outreach.channels.numbers import domestic, international, tag
from anban.outreach.channels.tencent import Tencent
from anban.outreach.reply import outcome, short

PHONE: Final = frozenset({"phone"})


class AlibabaSmsChoice(Choice):
    """`variables` fill the template's variables by name."""

    kind: Literal["sms-alibaba"]
    key_id: Plain
    key_secret: Secret
    sign_name: Plain
    template: Plain
    variables: dict[str, Piece]
    url: Door = "https://dysmsapi.aliyuncs.com"


class AlibabaSms:
    """Alibaba Cloud, action SendSms. The send's id travels as `OutId`."""

    def __init__(self, choice: AlibabaSmsChoice, clock: Clock, within: float) -> None:
        self.name, self.routes = choice.name or "sms", PHONE
        self._choice = choice
        self._account = Alibaba(Provider(choice.url, within), choice.key_id, choice.key_secret, clock)

    async def send(self, letter: Letter) -> Outcome:
        number = international(letter.address)
        if number is None:
            return Outcome("refused", self.name, code="bad-address")
        variables = {name: filled(piece, letter) for name, piece in self._choice.variables.items()}
        asked = {
            "PhoneNumbers": domestic(number),
            "SignName": self._choice.sign_name,
            "TemplateCode": self._choice.template,
            "TemplateParam": orjson.dumps(variables).decode(),
            "OutId": letter.send,
        }
        return await self._account.call(self.name, "SendSms", asked, "BizId")

    async def close(self) -> None:
        await self._account.close()


class TencentSmsChoice(Choice):
    """`variables` fill the template's variables in order."""

    kind: Literal["sms-tencent"]
    secret_id: Plain
    secret_key: Secret
    app: Plain
    sign_name: Plain
    template: Plain
    variables: tuple[Piece, ...]
    region: Plain = "ap-guangzhou"
    url: Door = "https://sms.tencentcloudapi.com"


class TencentSms:
    """Tencent Cloud, action SendSms. The send's id travels as `SessionContext`."""

    def __init__(self, choice: TencentSmsChoice, clock: Clock, within: float) -> None:
        self.name, self.routes = choice.name or "sms", PHONE
        self._choice = choice
        door = Provider(choice.url, within)
        self._account = Tencent(
            door, "sms", "2021-01-11", choice.secret_id, choice.secret_key, choice.region, clock
        )  # fmt: skip

    async def send(self, letter: Letter) -> Outcome:
        number = international(letter.address)
        if number is None:
            return Outcome("refused", self.name, code="bad-address")
        asked = {
            "PhoneNumberSet": [number],
            "SmsSdkAppId": self._choice.app,
            "SignName": self._choice.sign_name,
            "TemplateId": self._choice.template,
            "TemplateParamSet": [filled(piece, letter) for piece in self._choice.variables],
            "SessionContext": letter.send,
        }
        return await self._account.call(self.name, "SendSms", asked, lambda r: r["SendStatusSet"][0], "SerialNo")

    async def close(self) -> None:
        await self._account.close()


class HuaweiSmsChoice(Choice):
    """`url` is the application's own address, as the provider's console shows it."""

    kind: Literal["sms-huawei"]
    app_key: Plain
    app_secret: Secret
    sender: Plain
    sign_name: Plain
    template: Plain
    variables: tuple[Piece, ...]
    url: Door = "https://smsapi.cn-north-4.myhuaweicloud.com:443"


class HuaweiSms:
    """Huawei Cloud, batchSendSms with X-WSSE. The send's id travels as `extend`, shortened.

    https://support.huaweicloud.com/api-msgsms/sms_05_0001.html
    """

    def __init__(self, choice: HuaweiSmsChoice, clock: Clock, within: float) -> None:
        self.name, self.routes = choice.name or "sms", PHONE
        self._choice, self._clock = choice, clock
        self._door = Provider(choice.url, within)

    async def send(self, letter: Letter) -> Outcome:
        number = international(letter.address)
        if number is None:
            return Outcome("refused", self.name, code="bad-address")
        asked = {
            "from": self._choice.sender,
            "to": number,
            "templateId": self._choice.template,
            "templateParas": orjson.dumps([filled(piece, letter) for piece in self._choice.variables]).decode(),
            "signature": self._choice.sign_name,
            "extend": tag(letter.send, 32),
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"',
            "X-WSSE": self._token(),
        }
        reply = await self._door.post("/sms/batchSendSms/v1", urlencode(asked).encode(), headers)
        return outcome(self.name, reply, self._read)

    async def close(self) -> None:
        await self._door.close()

    def _token(self) -> str:
        created = self._clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        nonce = secrets.token_hex(16)
        return wsse(self._choice.app_key, self._choice.app_secret.get_secret_value(), nonce, created)

    def _read(self, answer: dict[str, Any]) -> Outcome:
        if answer["code"] != "000000":
            # E000000 is the provider's own failure.
            state = "unknown" if answer["code"] == "E000000" else "refused"
            return Outcome(state, self.name, code=short(answer["code"]))
        status = answer["result"][0]
        if status["status"] != "000000":
            return Outcome("refused", self.name, code=short(status["status"]))
        return Outcome("accepted", self.name, short(status["smsMsgId"]))


def wsse(key: str, secret: str, nonce: str, created: str) -> str:
    """The `X-WSSE` header; the digest is the base64 of the hex digits, as in the provider's example."""
    digest = base64.b64encode(hashlib.sha256(f"{nonce}{created}{secret}".encode()).hexdigest().encode()).decode()
    return f'UsernameToken Username="{key}",PasswordDigest="{digest}",Nonce="{nonce}",Created="{created}"'
