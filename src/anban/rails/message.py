"""One message to answer, whatever protocol it came by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anban.detectors.senses.part import Part
from anban.detectors.signal import Said
from anban.provider.models import Service
from anban.words.language import Lang


@dataclass(frozen=True, slots=True)
class Client:
    """What the app in front of us can do. `login` names one sign-in, so that a new one is noticed."""

    shows_notices: bool = False
    login: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What a person wrote, and around it what the app sent along.

    `said` is everything the person wrote since the last answer; `prefill` is an answer the app began itself, which
    counts as already shown. `body` may go to the model. `parts` are those that are no text, `unread` names the ones
    that nobody has looked into, `read` the senses that found words ("image", "audio").
    """

    decision: str
    service: Service
    user: str | None
    conversation: str
    persona: str
    said: str
    at: datetime
    lang: Lang
    body: Mapping[str, Any]
    streaming: bool = False
    client: Client = Client()
    history: tuple[Said, ...] = ()
    prefill: str = ""
    parts: tuple[Part, ...] = ()
    unread: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    actions: tuple[str, ...] = field(default=())
