"""The channels of a deployment: what its settings may be, what refuses to start, what a demonstration has instead."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from anban.base.db_dead import DeadDatabase
from anban.base.errors import Misconfigured
from anban.base.keys import MasterKeys
from anban.law.model import EVERYONE
from anban.law.register import load
from anban.law.rulebook import Rulebook
from anban.outreach.building import KINDS, STAND_INS, build_outreach
from anban.outreach.channels.local import Local
from anban.outreach.outreach import Outreach
from anban.people.models import Contact
from anban.settings import read_settings
from tests.providers import StandingClock

KEYS = MasterKeys({1: b"k" * 32})
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

GOOD: dict[str, dict[str, Any]] = {
    "sms-alibaba": {
        "key_id": "LTAI", "key_secret": "s3cret", "sign_name": "安伴", "template": "SMS_1",
        "variables": {"text": "{text}", "code": "{code}"},
    },
    "sms-tencent": {
        "secret_id": "AKID", "secret_key": "s3cret", "app": "1400006666", "sign_name": "安伴", "template": "1110",
        "variables": ["{text}"],
    },
    "sms-huawei": {
        "app_key": "key", "app_secret": "s3cret", "sender": "8823", "sign_name": "安伴", "template": "abcd",
        "variables": ["{text}"],
    },
    "voice-alibaba": {"key_id": "LTAI", "key_secret": "s3cret", "template": "TTS_1", "variables": {"text": "{text}"}},
    "voice-tencent": {
        "secret_id": "AKID", "secret_key": "s3cret", "app": "1400006667", "template": "1111",
        "variables": ["{text}"],
    },
    "email": {"host": "smtp.example.com", "user": "anban", "password": "s3cret", "sender": "care@example.com"},
    "wecom": {},
    "dingtalk": {"secret": "s3cret"},
    "feishu": {"secret": "s3cret"},
    "push": {"url": "bark://s3cret.example.com/{address}"},
    "webhook": {"hosts": ["hooks.example.com"], "secrets": [WHSEC]},
    "pagerduty": {"routing_key": "s3cret"},
    "oncall": {"url": "https://page.example.com/in", "token": "s3cret", "name": "second-line"},
}  # fmt: skip


@cache
def rules() -> Rulebook:
    return load().in_force(("cn-2026-final",), datetime(2026, 11, 23, tzinfo=UTC), EVERYONE)


def built(*channels: Mapping[str, Any], demo: bool = False) -> Outreach:
    db = DeadDatabase("not needed")
    return build_outreach(channels, demo=demo, clock=StandingClock(), keys=KEYS, db=db, rules=rules())


def good(kind: str, **other: Any) -> dict[str, Any]:
    return {"kind": kind, **GOOD[kind], **other}


def test_there_is_a_good_setting_here_for_every_kind() -> None:
    assert set(GOOD) == set(KINDS)


async def test_all_kinds_together_make_a_deployment_and_calls_come_after_messages() -> None:
    kinds = ["voice-alibaba", *(kind for kind in KINDS if kind not in ("sms-tencent", "sms-huawei", "voice-alibaba"))]
    outreach = built(*(good(kind) for kind in kinds if kind != "voice-tencent"))
    mother = Contact("con_1", "guardian", "王", "phone", "13800138000", also=(("email", "w@example.com"),))
    assert [step.channel for step in outreach.steps_for(mother)] == ["sms", "voice", "email"]
    assert outreach.routes == set(STAND_INS.values()) - {"demo"} | {"oncall"}
    assert [step.channel for step in outreach.steps_over([("oncall", "")])] == ["oncall", "second-line"]
    await outreach.close()


def test_two_providers_of_text_messages_are_tried_in_the_order_of_the_settings() -> None:
    outreach = built(good("voice-tencent"), good("sms-tencent", name="first"), good("sms-alibaba"))
    steps = outreach.steps_over([("phone", "13800138000")])
    assert [step.channel for step in steps] == ["first", "sms", "voice"]


def test_a_deployment_without_channels_reaches_nobody() -> None:
    assert built().steps_over([("phone", "13800138000")]) == ()


def test_a_demonstration_has_stand_ins_and_nothing_else_whatever_is_set() -> None:
    outreach = built(good("sms-alibaba"), good("webhook"), demo=True)
    assert all(isinstance(channel, Local) for channel in outreach.channels)
    assert outreach.routes == set(STAND_INS.values())
    steps = outreach.steps_over([("phone", "13800138000"), ("email", "w@example.com")])
    assert [step.channel for step in steps] == ["sms", "voice", "email"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "channels.0.kind"),
    ({"kind": "pigeon"}, "channels.0.kind"),
    ({"kind": "local"}, "channels.0.kind"),
    ({"kind": ["sms-alibaba"]}, "channels.0.kind"),
    ({"kind": "sms-alibaba"}, "channels.0.key_id"),
    (good("sms-alibaba", key_secret=""), "channels.0.key_secret"),
    (good("sms-alibaba", key_secret=" "), "channels.0.key_secret"),
    (good("sms-alibaba", colour="red"), "channels.0.colour"),
    (good("sms-alibaba", name="Two Words"), "channels.0.name"),
    (good("sms-alibaba", variables={"text": "{name}"}), "channels.0.variables.text"),
    (good("sms-alibaba", variables={"text": "{text.__class__}"}), "channels.0.variables.text"),
    (good("sms-alibaba", variables={"text": "{"}), "channels.0.variables.text"),
    (good("sms-alibaba", url="http://dysmsapi.aliyuncs.com"), "channels.0.url"),
    (good("sms-alibaba", url="https://user:pw@dysmsapi.aliyuncs.com"), "channels.0.url"),
    (good("sms-tencent", variables=["{0}"]), "channels.0.variables.0"),
    (good("voice-alibaba", times=9), "channels.0.times"),
    (good("email", sender="nobody"), "channels.0.sender"),
    (good("email", port=0), "channels.0.port"),
    (good("email", mode="insecure"), "channels"),
    (good("push", url="bark://host/device"), "channels.0.url"),
    (good("push", url="nothing-that-exists://{address}"), "channels"),
    (good("webhook", hosts=[]), "channels.0.hosts"),
    (good("webhook", hosts=["https://hooks.example.com"]), "channels.0.hosts.0"),
    (good("webhook", secrets=[]), "channels.0.secrets"),
    (good("webhook", secrets=["whsec_c2hvcnQ="]), "channels.0.secrets.0"),
    (good("webhook", secrets=["not base64 at all!"]), "channels.0.secrets.0"),
    (good("pagerduty", url="http://127.0.0.1/enqueue"), "channels.0.url"),
    (good("oncall", url="https://PAGE.example.com/"), "channels.0.url"),
    (good("oncall", url="https://a@page.example.com/"), "channels.0.url"),
    (good("oncall", url="https://page.example.com:99999/"), "channels.0.url"),
]


@pytest.mark.parametrize("channel, field", WRONG, ids=[f"{n}-{field}" for n, (_, field) in enumerate(WRONG)])
@pytest.mark.parametrize("demo", [False, True])
def test_a_wrong_setting_refuses_to_start_and_says_which_without_showing_it(
    channel: dict[str, Any], field: str, demo: bool
) -> None:
    with pytest.raises(Misconfigured) as refusal:
        built(channel, demo=demo)
    assert refusal.value.field == field
    assert "\n" not in refusal.value.message and "s3cret" not in refusal.value.message
    assert "pw" not in refusal.value.message.split()


def test_two_channels_of_one_name_refuse_to_start_and_a_name_of_its_own_helps() -> None:
    with pytest.raises(Misconfigured, match="name"):
        built(good("sms-alibaba"), good("sms-tencent"))
    assert built(good("sms-alibaba"), good("sms-tencent", name="sms-two")).routes == {"phone"}


def test_channels_come_from_the_environment_as_json_and_their_secrets_do_not_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANBAN_CHANNELS", '[{"kind": "pagerduty", "routing_key": "s3cret"}]')
    settings = read_settings(demo=True)
    assert built(*settings.channels.get_secret_value()).routes == {"oncall"}
    assert "s3cret" not in repr(settings) + str(settings.model_dump())


def test_channels_come_from_the_file_as_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    text = '[[channels]]\nkind = "wecom"\n\n[[channels]]\nkind = "voice-alibaba"\nkey_id = "LTAI"\nkey_secret = "s"\n'
    (tmp_path / "anban.toml").write_text(text + 'template = "TTS_1"\nvariables = { text = "{text}" }\n')
    assert built(*read_settings(demo=True).channels.get_secret_value()).routes == {"wecom", "phone"}


@pytest.mark.parametrize("given", ["nonsense", '{"kind": "s3cret"}', '["s3cret"]', "7"])
def test_an_environment_that_is_no_list_of_tables_refuses_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("ANBAN_CHANNELS", given)
    with pytest.raises(Misconfigured, match="channels") as refusal:
        read_settings(demo=True)
    assert "s3cret" not in refusal.value.message and "s3cret" not in str(refusal.value.__cause__)
