"""The facts a turn needs about a person, read together, and kept in memory while this process alone may change them."""

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from anban.base.db import Database
from anban.base.keys import MasterKeys
from anban.cases.case import events_of, open_case_of
from anban.cases.course import Course, course
from anban.cases.crisis import CRISIS
from anban.cases.notes import last_summary
from anban.cases.takeover import Holder, holder
from anban.conversations.exemptions import Exemption, exemptions_of
from anban.conversations.sessions import Session, last_session, newer
from anban.conversations.shown import Given, given_to
from anban.conversations.transcript import Turn, recent_turns
from anban.conversations.usage import Usage, both, usage_of
from anban.people.ages import evidence_of
from anban.people.contacts import every_contact
from anban.people.elder_setup import SetUp, may_be_elder, setup_of
from anban.people.family import NO_FAMILY, Family, family_of
from anban.people.models import Contact, User
from anban.people.users import KEY_INSERT, USER_INSERT, find, meet, new_user
from anban.provider.line_reports import unreached
from anban.rails.post import Post
from anban.risk.models import Held
from anban.risk.record import held_level

MOST_PEOPLE = 1_500
"""People held in memory at once; the one not seen for longest leaves first."""


@dataclass(slots=True)
class Present:
    """A person who is talking now. Without a user id there is nobody to remember: `user` is None."""

    user: User | None = None
    session: Session | None = None
    held: Held = field(default_factory=Held)
    case: str | None = None
    course: Course | None = None
    """How far their open case has come: what our words may say of it."""

    summary: str = ""
    """What the responder who handed back last wants whoever goes on to know."""

    holder: Holder | None = None
    given: tuple[Given, ...] = ()
    recent: deque[Turn] = field(default_factory=deque[Turn])
    unreached: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """Help lines that they did not get through to, and when they said so."""

    comforted: int = 0
    returned: str | None = None
    """The session that began after a long absence, in which the person is told again what they talk with."""

    preview: int | None = None
    """Turns that are left of a first look, where the service asks for registration and they have not registered."""

    answered: tuple[str, int] = ("", 0)
    """The day by their own clock, and how many turns of it the companion answered; kept where turns are counted."""

    usage: Usage = field(default_factory=Usage)
    exemptions: tuple[Exemption, ...] = ()
    setup: tuple[SetUp, tuple[Contact, ...]] | None = None
    """How far naming somebody to be called has come; read for those alone who may be elders."""

    family: Family = NO_FAMILY
    suspicion: tuple[str, str] | None = None
    """Where minors' mode is on for a suspicion: which one (its id), and what gave rise to it."""


class Presence:
    """Who is here. Only a process that is the database's one writer may trust what it remembers."""

    def __init__(self, most: int = MOST_PEOPLE) -> None:
        self._people: OrderedDict[tuple[str, str], Present] = OrderedDict()
        self._most = most

    def get(self, service: str, ref: str) -> Present | None:
        """The person as last seen by this process."""
        present = self._people.get((service, ref))
        if present is not None:
            self._people.move_to_end((service, ref))
        return present

    def put(self, service: str, ref: str, present: Present) -> None:
        """Remember a person."""
        self._people[(service, ref)] = present
        if len(self._people) > self._most:
            self._people.popitem(last=False)

    def forget(self, service: str, ref: str) -> None:
        """Read this person anew next time, after something outside a turn changed."""
        self._people.pop((service, ref), None)

    def forget_all(self) -> None:
        """Read everybody anew."""
        self._people.clear()

    def listening(self, post: Post) -> tuple[Present, ...]:
        """The people held here whose app has its event channel open."""
        return tuple(each for each in self._people.values() if each.user is not None and post.listening(each.user.id))


async def gather_facts(
    db: Database,
    keys: MasterKeys,
    presence: Presence,
    *,
    service: str,
    ref: str | None,
    at: datetime,
    turns: int,
    elder_age: int = 0,
) -> Present:
    """Everything known about the person, meeting them when they are new. Raises `StorageFailed`.

    Whoever may be `elder_age` years old is looked up for the contact that elders name.
    """
    if ref is None:
        return Present(recent=deque(maxlen=turns))
    known = presence.get(service, ref)
    if known is not None and db.exclusive:
        return known
    found = await db.read(lambda connection: _load(connection, keys, service, ref, turns, at, elder_age))
    if db.exclusive and (meanwhile := presence.get(service, ref)) is not None:
        # Another message of the same person came while we read: from here on both must share one memory.
        return meanwhile
    if found is None:
        found = Present(recent=deque(maxlen=turns))
        if db.exclusive:
            # Nobody else can meet the same person at this moment: their rows may join the next group commit.
            found.user, person, sealed = new_user(keys, service, ref, at)
            db.later(USER_INSERT, person)
            db.later(KEY_INSERT, sealed)
        else:
            found.user = await db.write(lambda connection: meet(connection, keys, service, ref, at))
    if known is not None:
        _merge(found, known)
    presence.put(service, ref, found)
    return found


def _load(
    connection: Connection, keys: MasterKeys, service: str, ref: str, turns: int, at: datetime, elder_age: int
) -> Present | None:
    user = find(connection, keys, service, ref)
    if user is None:
        return None
    present = Present(
        user,
        last_session(connection, user.id),
        held_level(connection, user.id),
        given=given_to(connection, user.id),
        usage=usage_of(connection, user.id, at),
        exemptions=exemptions_of(connection, user.id, at),
        suspicion=suspicion_of(connection, user),
        family=family_of(connection, user),
        setup=_setup(connection, user) if may_be_elder(user, at, elder_age) else None,
        unreached=unreached(connection, user.id),
        recent=deque(recent_turns(connection, user.id, user.key, turns), maxlen=turns),
    )
    follow_case(connection, present)
    return present


def _setup(connection: Connection, user: User) -> tuple[SetUp, tuple[Contact, ...]]:
    return setup_of(connection, user.id), every_contact(connection, user)


def suspicion_of(connection: Connection, user: User) -> tuple[str, str] | None:
    """What minors' mode rests on where it was put on for a suspicion: the newest sign and its source."""
    if user.mode != "minor" or user.mode_ground != "suspected":
        return None
    signs = [each for each in evidence_of(connection, user.id) if each.kind == "chat" and each.ended_at is None]
    return (signs[-1].id, signs[-1].source) if signs else ("unknown", "")


def follow_case(connection: Connection, present: Present) -> None:
    """Read how far this person's case has come: others move it, so memory is never enough for it."""
    assert present.user is not None
    case = open_case_of(connection, present.user.id, CRISIS)
    present.case = None if case is None else case.id
    present.course = None if case is None else course(events_of(connection, case.id))
    present.holder = holder(connection, present.user.id)
    present.summary = last_summary(connection, present.user) if case and case.state == "handed_back" else ""


def _merge(found: Present, known: Present) -> None:
    """Add what this process said a moment ago and has not written yet; nothing once something was erased."""
    if found.user is None or known.user is None or found.user.key.version != known.user.key.version:
        return
    seen = {turn.id for turn in found.recent}
    for turn in known.recent:
        if turn.id not in seen and (not found.recent or turn.id > found.recent[-1].id):
            found.recent.append(turn)
    found.comforted, found.returned = known.comforted, known.returned
    found.answered = known.answered
    found.usage = both(found.usage, known.usage)
    found.session = newer(found.session, known.session)
