"""What has become of each master key: never the key, only its number, a mark to know it by, and dates."""

from sqlalchemy import Column, DateTime, Integer, String, Table

from anban.base.db import kept, metadata

master_keys = Table(
    "master_keys",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    # Eight digits of a digest: tells whether the key that is called so now is the one that sealed.
    Column("mark", String(8), nullable=False),
    # announced, current, open-only, destroyed, or missing: its source no longer has it though it is needed.
    Column("state", String(16), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("current_at", DateTime(timezone=True)),
    # How many keys were put under this version from older ones.
    Column("rewrapped", Integer, nullable=False),
    # Since when nothing needs this version any more, when it is to be destroyed, when it was.
    Column("done_at", DateTime(timezone=True)),
    Column("destroy_at", DateTime(timezone=True)),
    Column("destroyed_at", DateTime(timezone=True)),
    info=kept(retention="user-key", about=None, erase="none"),
)
