"""A deployment that is built: what its doors, its turns and its slow clock share."""

import asyncio
from dataclasses import dataclass, field

from anban.law.register import Register
from anban.ledger.sequencer import Sequencer
from anban.outreach.outreach import Outreach
from anban.outreach.witnesses import Witness
from anban.privacy.key_room import KeyRoom
from anban.provider.models import Service
from anban.rails.runtime import Runtime
from anban.settings import Settings
from anban.web.gateway.idempotency import Replies


@dataclass(frozen=True)
class House:
    """A deployment that is built and ready to be served."""

    settings: Settings
    register: Register
    rt: Runtime
    service: Service
    sequencer: Sequencer
    outreach: Outreach
    witnesses: dict[str, Witness]
    replies: Replies
    keyroom: KeyRoom
    bell: asyncio.Event
    """Rings when this process made a promise that may be due at once."""

    admin_key: str
    first_key: str | None
    demo_master_key: bool
    keys_back: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a key service that was gone at start answers: whoever serves this house builds it anew."""
