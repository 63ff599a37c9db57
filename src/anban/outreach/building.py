"""The channels of a deployment, made from its settings; a wrong setting refuses to start and says which one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydantic import ValidationError

from anban.base.clock import Clock
from anban.base.db import Database
from anban.base.errors import Misconfigured
from anban.base.keys import MasterKeys
from anban.law.rulebook import Rulebook
from anban.outreach.channel import Channel
from anban.outreach.channels.bots import Bot, BotChoice
from anban.outreach.channels.by_apprise import Email, EmailChoice, Push, PushChoice
from anban.outreach.channels.choice import Choice
from anban.outreach.channels.local import Local
from anban.outreach.channels.oncall import OnCall, OnCallChoice, PagerDuty, PagerDutyChoice, door_of
from anban.outreach.channels.sms import (
    AlibabaSms,
    AlibabaSmsChoice,
    HuaweiSms,
    HuaweiSmsChoice,
    TencentSms,
    TencentSmsChoice,
)
from anban.outreach.channels.voice import AlibabaVoice, AlibabaVoiceChoice, TencentVoice, TencentVoiceChoice
from anban.outreach.channels.webhook import Webhook, WebhookChoice
from anban.outreach.outreach import DRILL, DRILL_ROUTE, Outreach
from anban.outreach.safe_http import SafeHttp

log: Any = structlog.get_logger("anban.outreach")


@dataclass(frozen=True, slots=True)
class Means:
    """What channels are made with beside their settings: a clock, and seconds for one request."""

    clock: Clock
    within: float


def _safe(urls: Iterable[str], means: Means) -> SafeHttp:
    """Posts to the hosts of these addresses and to no other."""
    doors = [door_of(url) for url in urls]
    return SafeHttp([host for host, _ in doors], means.within, ports=[port for _, port in doors])


KINDS: Final[Mapping[str, tuple[type[Choice], Callable[[Any, Means], Channel]]]] = {
    "sms-alibaba": (AlibabaSmsChoice, lambda choice, means: AlibabaSms(choice, means.clock, means.within)),
    "sms-tencent": (TencentSmsChoice, lambda choice, means: TencentSms(choice, means.clock, means.within)),
    "sms-huawei": (HuaweiSmsChoice, lambda choice, means: HuaweiSms(choice, means.clock, means.within)),
    "voice-alibaba": (AlibabaVoiceChoice, lambda choice, means: AlibabaVoice(choice, means.clock, means.within)),
    "voice-tencent": (TencentVoiceChoice, lambda choice, means: TencentVoice(choice, means.clock, means.within)),
    "email": (EmailChoice, lambda choice, means: Email(choice, means.within)),
    "wecom": (BotChoice, lambda choice, means: Bot(choice, means.clock, means.within)),
    "dingtalk": (BotChoice, lambda choice, means: Bot(choice, means.clock, means.within)),
    "feishu": (BotChoice, lambda choice, means: Bot(choice, means.clock, means.within)),
    "push": (PushChoice, lambda choice, means: Push(choice, means.within)),
    "webhook": (
        WebhookChoice,
        lambda choice, means: Webhook(choice, means.clock, SafeHttp(choice.hosts, means.within, ports=choice.ports)),
    ),
    "pagerduty": (PagerDutyChoice, lambda choice, means: PagerDuty(choice, _safe([choice.url], means))),
    "oncall": (OnCallChoice, lambda choice, means: OnCall(choice, _safe([choice.url], means))),
}
"""Every kind of channel: its settings, and how it is made."""

STAND_INS: Final[Mapping[str, str]] = {
    "sms": "phone",
    "voice": "phone",
    "email": "email",
    "wecom": "wecom",
    "dingtalk": "dingtalk",
    "feishu": "feishu",
    "push": "push",
    "webhook": "webhook",
    "demo": DRILL_ROUTE,
}
"""The local channels of a demonstration, by name, with the route that each serves."""


def build_outreach(
    channels: Sequence[Mapping[str, Any]],
    *,
    demo: bool,
    clock: Clock,
    keys: MasterKeys,
    db: Database,
    rules: Rulebook,
) -> Outreach:
    """The outreach of a deployment. Raises `Misconfigured` for the first setting that is wrong.

    A demonstration tells nobody outside, whatever is set: it has local stand-ins for every route and nothing else.
    """
    means = Means(clock, rules.number("outreach-request-seconds"))
    made = [_made(number, each, means) for number, each in enumerate(channels)]
    within = rules.number("outreach-send-seconds")
    if demo:
        if made:
            log.warning("outreach.demo", unused=len(made))
        return Outreach([Local(name, [route], db, keys) for name, route in STAND_INS.items()], within)
    # Where several serve one route: a message that can be read before a call that has to be taken, else as set.
    made.sort(key=lambda pair: pair[0].startswith("voice-"))
    return Outreach([*(channel for _, channel in made), Local(DRILL, [DRILL_ROUTE], db, keys)], within)


def _made(number: int, given: Mapping[str, Any], means: Means) -> tuple[str, Channel]:
    place = f"channels.{number}"
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Misconfigured(f"{place}.kind: must be one of {', '.join(KINDS)}", field=f"{place}.kind")
    shape, make = KINDS[kind]
    try:
        return kind, make(shape.model_validate(dict(given)), means)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join([place, *(str(part) for part in first["loc"])])
        raise Misconfigured(f"{field}: {first['msg'].removeprefix('Value error, ')}", field=field) from None
