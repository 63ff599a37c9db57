"""Providers that work, refuse, are down, are slow, lose letters, fail after taking them: what we then say happened."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from anban.outreach.channel import Channel
from anban.outreach.channels.numbers import domestic, international
from anban.outreach.outreach import Outreach
from tests.outreach.letters import LETTER, letter
from tests.providers import BOT, BOT_SECRET, FakeProvider, Mode

Make = Callable[[FakeProvider], Channel]

PHONES: dict[str, Make] = {
    "alibaba sms": lambda p: p.sms(),
    "alibaba voice": lambda p: p.voice(),
    "tencent sms": lambda p: p.tencent_sms(),
    "tencent voice": lambda p: p.tencent_voice(),
    "huawei sms": lambda p: p.huawei_sms(),
}
BOTS: dict[str, Make] = {
    "wecom": lambda p: p.bot("wecom"),
    "dingtalk": lambda p: p.bot("dingtalk", BOT_SECRET),
    "feishu": lambda p: p.bot("feishu", BOT_SECRET),
}
EVERY = PHONES | BOTS

OUTCOMES: dict[Mode, tuple[str, str | None]] = {
    "works": ("accepted", ""),
    "refuses": ("refused", None),
    "down": ("unknown", None),
    "slow": ("unknown", "slow"),
    "loses": ("accepted", ""),
    "fails-after": ("unknown", "http-500"),
    "garbage": ("unknown", "unreadable"),
    "breaks": ("unknown", None),
}
"""What is said in each mode, and with which code; None for the provider's own."""


@pytest.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    async with FakeProvider(within=0.5) as fake:
        yield fake


def addressed(name: str) -> Any:
    return letter(address=BOT, route=name) if name in BOTS else LETTER


@pytest.mark.parametrize("mode", OUTCOMES)
@pytest.mark.parametrize("name", EVERY)
async def test_what_a_provider_does_is_told_as_it_is(provider: FakeProvider, name: str, mode: Mode) -> None:
    provider.mode = mode
    channel = EVERY[name](provider)
    outcome = await Outreach([channel], within=5).send(channel.name, addressed(name))
    state, code = OUTCOMES[mode]
    assert (outcome.state, outcome.channel) == (state, channel.name)
    assert outcome.code if code is None else outcome.code == code


@pytest.mark.parametrize("mode", ["slow", "fails-after", "garbage", "breaks", "down"])
@pytest.mark.parametrize("name", PHONES)
async def test_a_repeat_carries_the_same_id_and_may_be_a_second_delivery_but_never_none(
    provider: FakeProvider, name: str, mode: Mode
) -> None:
    channel = PHONES[name](provider)
    outreach = Outreach([channel], within=5)
    provider.mode = mode
    assert (await outreach.send(channel.name, LETTER)).state == "unknown"
    provider.mode = "works"
    assert (await outreach.send(channel.name, LETTER)).state == "accepted"
    assert len({got.send for got in provider.received}) == 1 and provider.received[0].send
    assert len(provider.delivered) == (1 if mode == "down" else 2)


@pytest.mark.parametrize("name", PHONES)
async def test_two_sends_have_two_ids(provider: FakeProvider, name: str) -> None:
    channel = PHONES[name](provider)
    await channel.send(LETTER)
    await channel.send(letter(send="case_1|con_1|sms-2"))
    assert len({got.send for got in provider.received}) == 2


@pytest.mark.parametrize("name", PHONES)
async def test_a_letter_that_is_taken_comes_with_the_providers_own_id_and_the_words(
    provider: FakeProvider, name: str
) -> None:
    outcome = await PHONES[name](provider).send(LETTER)
    assert outcome.provider_id.endswith("-1")
    (got,) = provider.delivered
    assert got.said == LETTER.text
    assert got.to in ("13800138000", "+8613800138000")


async def test_a_template_gets_the_end_of_the_link_or_all_of_it(provider: FakeProvider) -> None:
    await provider.sms().send(LETTER)
    await provider.tencent_sms().send(LETTER)
    assert "AbC-123_x" in provider.received[0].body and "anban.example" not in provider.received[0].body
    assert LETTER.link in provider.received[1].body


@pytest.mark.parametrize("name", PHONES)
@pytest.mark.parametrize("address", ["", "help", "12345", "+86 1", "13800138000;13900139000", "+1380013800０"])
async def test_a_number_that_is_none_is_refused_and_nothing_is_asked(
    provider: FakeProvider, name: str, address: str
) -> None:
    outcome = await PHONES[name](provider).send(letter(address=address))
    assert (outcome.state, outcome.code) == ("refused", "bad-address")
    assert provider.received == []


@pytest.mark.parametrize("name", PHONES)
async def test_a_request_signed_with_another_key_is_refused_by_the_provider(name: str) -> None:
    async with FakeProvider(secret="not the one of the settings") as provider:
        outcome = await PHONES[name](provider).send(LETTER)
        assert outcome.state == "refused" and provider.received == []
        assert outcome.code in ("SignatureDoesNotMatch", "AuthFailure.SignatureFailure", "E000103")


@pytest.mark.parametrize("name", EVERY)
async def test_a_code_never_holds_the_providers_sentence(provider: FakeProvider, name: str) -> None:
    provider.mode = "refuses"
    outcome = await EVERY[name](provider).send(addressed(name))
    assert outcome.code and "138" not in outcome.code and " " not in outcome.code


@pytest.mark.parametrize(
    "written, dialled, bare",
    [
        ("13800138000", "+8613800138000", "13800138000"),
        ("+86 138-0013-8000", "+8613800138000", "13800138000"),
        ("0086 13800138000", "+8613800138000", "13800138000"),
        ("(0571) 8765 4321", "+8657187654321", "057187654321"),
        ("+1 (415) 555-0100", "+14155550100", "14155550100"),
        ("+852 5123 4567", "+85251234567", "85251234567"),
    ],
)
def test_numbers_are_read_as_people_write_them(written: str, dialled: str, bare: str) -> None:
    assert international(written) == dialled
    assert domestic(dialled) == bare


@pytest.mark.parametrize("kind, host", [
    ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="),
    ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token="),
    ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/"),
])  # fmt: skip
async def test_a_bot_is_addressed_by_its_token_or_by_the_address_that_the_group_shows(
    provider: FakeProvider, kind: Any, host: str
) -> None:
    bot = provider.bot(kind)
    assert (await bot.send(letter(address=BOT))).state == "accepted"
    assert (await bot.send(letter(address=host + BOT))).state == "accepted"
    assert [got.to for got in provider.delivered] == [BOT, BOT]


@pytest.mark.parametrize("address", [
    "https://evil.example/cgi-bin/webhook/send?key=0123abcd-bot-token",
    "https://qyapi.weixin.qq.com@evil.example/?key=0123abcd-bot-token",
    "0123abcd&access_token=another", "0123abcd/../../x", "", "short",
])  # fmt: skip
async def test_an_address_cannot_lead_a_bot_elsewhere(provider: FakeProvider, address: str) -> None:
    for kind in ("wecom", "dingtalk", "feishu"):
        outcome = await provider.bot(kind).send(letter(address=address))
        assert (outcome.state, outcome.code) == ("refused", "bad-address")
    assert provider.received == []


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
async def test_a_bot_that_asks_for_signatures_gets_them_and_refuses_wrong_ones(
    provider: FakeProvider, kind: Any
) -> None:
    assert (await provider.bot(kind, BOT_SECRET).send(letter(address=BOT))).state == "accepted"
    assert (await provider.bot(kind, "SEC-other").send(letter(address=BOT))).state == "refused"
    assert len(provider.delivered) == 1
