"""One owner at a time: a lease with a fence number that only grows, timed by the database's own clock.

A holder may be paused and wake up late. So every transaction it makes begins with `renew`, which locks the row and
proves that nobody has taken the lease since: what a former holder still wants to write is refused.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Float, String, Table, or_, select, text, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from anban.base.db import kept, metadata

leases = Table(
    "leases",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("expires_at", Float(53), nullable=False),
    info=kept(retention="operations", about=None, erase="none"),
)

_FIRST = text(
    "INSERT INTO leases (name, holder, fence, seconds, expires_at) VALUES (:name, '', 0, 0, 0) ON CONFLICT DO NOTHING"
)


class database_seconds(FunctionElement[float]):  # noqa: N801 - an SQL function
    """Seconds since 1970 by the database's clock, the only one that replicas share."""

    type = Float()
    inherit_cache = True


@compiles(database_seconds, "sqlite")
def _sqlite_seconds(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_seconds, "postgresql")
def _postgres_seconds(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


@dataclass(frozen=True, slots=True)
class Lease:
    """What its holder carries along; `fence` is higher than every earlier holder's."""

    name: str
    holder: str
    fence: int
    seconds: float


def take(connection: Connection, name: str, holder: str, seconds: float) -> Lease | None:
    """Take `name` for `seconds` if it is free, has run out or is ours already; None while another holds it.

    `holder` is unique to one process run. The fence grows with every taking.
    """
    connection.execute(_FIRST, {"name": name})
    now = database_seconds()
    free = or_(
        leases.c.holder == holder,
        leases.c.expires_at <= now,
        # A lease that ends later than it could be given for: the database's clock was set back meanwhile.
        leases.c.expires_at > now + leases.c.seconds + 1.0,
    )
    fence = connection.execute(
        update(leases)
        .where(leases.c.name == name, free)
        .values(holder=holder, fence=leases.c.fence + 1, seconds=seconds, expires_at=now + seconds)
        .returning(leases.c.fence)
    ).scalar()
    return None if fence is None else Lease(name, holder, fence, seconds)


def renew(connection: Connection, lease: Lease) -> bool:
    """Extend `lease`, and hold its row until the transaction ends; False when another has taken it.

    Holds after its time has run out too, as long as nobody else came: the fence decides, not the clock.
    """
    changed = connection.execute(
        update(leases)
        .where(leases.c.name == lease.name, leases.c.holder == lease.holder, leases.c.fence == lease.fence)
        .values(expires_at=database_seconds() + lease.seconds)
    )
    return changed.rowcount == 1


def release(connection: Connection, lease: Lease) -> None:
    """Give `lease` up so that another need not wait for its end; does nothing when it is no longer ours."""
    connection.execute(
        update(leases)
        .where(leases.c.name == lease.name, leases.c.holder == lease.holder, leases.c.fence == lease.fence)
        .values(holder="", expires_at=0.0)
    )


def fence_of(connection: Connection, name: str) -> int:
    """The highest fence given for `name` so far; 0 when nobody ever held it."""
    return connection.execute(select(leases.c.fence).where(leases.c.name == name)).scalar() or 0
