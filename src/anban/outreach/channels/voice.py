"""Calls in which an approved text is read aloud, through the common Chinese providers."""

from typing import Annotated, Final, Literal

import orjson
from pydantic import Field

from anban.base.clock import Clock
from anban.outreach.channel import Letter, Outcome
from anban.outreach.channels.alibaba import Alibaba
from anban.outreach.channels.asking import Provider
from anban.outreach.channels.choice import Choice, Door, Piece, Plain, Secret, filled
from anban.outreach.channels.numbers import domestic, international, tag
from anban.outreach.channels.tencent import Tencent

PHONE: Final = frozenset({"phone"})
Times = Annotated[int, Field(ge=1, le=3)]
"""How often a call reads its text; who answers at night needs to hear it twice."""


class AlibabaVoiceChoice(Choice):
    """`shown` is the number that calls; empty for the provider's shared ones. `variables` are filled in by name."""

    kind: Literal["voice-alibaba"]
    key_id: Plain
    key_secret: Secret
    template: Plain
    variables: dict[str, Piece]
    shown: str = ""
    times: Times = 2
    url: Door = "https://dyvmsapi.aliyuncs.com"


class AlibabaVoice:
    """Alibaba Cloud, action SingleCallByTts. `OutId` takes 15 characters, so the send's id travels shortened."""

    def __init__(self, choice: AlibabaVoiceChoice, clock: Clock, within: float) -> None:
        self.name, self.routes = choice.name or "voice", PHONE
        self._choice = choice
        self._account = Alibaba(Provider(choice.url, within), choice.key_id, choice.key_secret, clock)

    async def send(self, letter: Letter) -> Outcome:
        number = international(letter.address)
        if number is None:
            return Outcome("refused", self.name, code="bad-address")
        variables = {name: filled(piece, letter) for name, piece in self._choice.variables.items()}
        asked = {
            "CalledNumber": domestic(number),
            "TtsCode": self._choice.template,
            "TtsParam": orjson.dumps(variables).decode(),
            "PlayTimes": str(self._choice.times),
            "OutId": tag(letter.send, 15),
        }
        if self._choice.shown:
            asked["CalledShowNumber"] = self._choice.shown
        return await self._account.call(self.name, "SingleCallByTts", asked, "CallId")

    async def close(self) -> None:
        await self._account.close()


class TencentVoiceChoice(Choice):
    """`variables` fill the template's variables in order."""

    kind: Literal["voice-tencent"]
    secret_id: Plain
    secret_key: Secret
    app: Plain
    template: Plain
    variables: tuple[Piece, ...]
    times: Times = 2
    region: Plain = "ap-guangzhou"
    url: Door = "https://vms.tencentcloudapi.com"


class TencentVoice:
    """Tencent Cloud, action SendTtsVoice. The send's id travels as `SessionContext`."""

    def __init__(self, choice: TencentVoiceChoice, clock: Clock, within: float) -> None:
        self.name, self.routes = choice.name or "voice", PHONE
        self._choice = choice
        door = Provider(choice.url, within)
        self._account = Tencent(
            door, "vms", "2020-09-02", choice.secret_id, choice.secret_key, choice.region, clock
        )  # fmt: skip

    async def send(self, letter: Letter) -> Outcome:
        number = international(letter.address)
        if number is None:
            return Outcome("refused", self.name, code="bad-address")
        asked = {
            "TemplateId": self._choice.template,
            "CalledNumber": number,
            "VoiceSdkAppid": self._choice.app,
            "TemplateParamSet": [filled(piece, letter) for piece in self._choice.variables],
            "PlayTimes": self._choice.times,
            "SessionContext": letter.send,
        }
        return await self._account.call(self.name, "SendTtsVoice", asked, lambda r: r["SendStatus"], "CallId")

    async def close(self) -> None:
        await self._account.close()
