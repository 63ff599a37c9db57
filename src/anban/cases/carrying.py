"""What carrying a case needs; built once by `app.py`."""

from collections.abc import Callable
from dataclasses import dataclass

from anban.base.clock import Clock
from anban.base.db import Database
from anban.base.keys import MasterKeys
from anban.cases.ringing import Ringing
from anban.outreach.outreach import Outreach
from anban.provider.services import Rules
from anban.words.templates import Words


@dataclass(frozen=True)
class Carrying:
    """The parts; `changed` tells this process that something has come for a person, by our user id."""

    db: Database
    clock: Clock
    keys: MasterKeys
    rules: Rules
    words: Words
    outreach: Outreach
    ringing: Ringing
    changed: Callable[[str], None]
    public_url: str
