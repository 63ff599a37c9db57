"""What one turn needs; built once by `app.py`, never constructed anywhere else."""

from collections.abc import Callable
from dataclasses import dataclass, field

from anban.base.clock import Clock
from anban.base.db import Database
from anban.base.keys import MasterKeys
from anban.base.spool import Spool
from anban.detectors.panel import Panel
from anban.privacy.sharing import Sharing
from anban.provider.services import Rules
from anban.rails.cast import Cast
from anban.rails.figures import Figures
from anban.rails.opinion import Opinion
from anban.rails.post import Flights, Post
from anban.rails.presence import Presence
from anban.rails.senses import Senses
from anban.rails.speech import Model
from anban.words.templates import Words


@dataclass(frozen=True)
class Runtime:
    """Everything a turn reaches for besides its message."""

    clock: Clock
    db: Database
    keys: MasterKeys
    rules: Rules
    panel: Panel
    words: Words
    model: Model
    model_name: str
    model_down: Callable[[], bool]
    presence: Presence
    post: Post
    flights: Flights
    spool: Spool
    figures: Figures
    wake_work: Callable[[], None]
    """Tells this process's worker that something may be due now."""

    opinion: Opinion | None = None
    senses: Senses | None = None
    sharing: Sharing = field(default_factory=Sharing)
    """Who outside is given words, and on which basis."""

    cast: Cast = field(default_factory=Cast)
