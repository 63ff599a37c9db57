"""Was this used before? What opens something once is remembered until it would have ended anyway, in every process."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from anban.provider.access_models import used_tokens


def spend(connection: Connection, name: str, until: datetime, at: datetime) -> bool:
    """Use `name` up; False when it was used before. It is forgotten after `until`, when nothing accepts it any more."""
    connection.execute(delete(used_tokens).where(used_tokens.c.expires_at <= at))
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    try:
        with connection.begin_nested():
            connection.execute(insert(used_tokens).values(digest=digest, expires_at=until))
    except IntegrityError:
        return False
    return True
