"""Brings a database to the newest shape; the same Alembic chain for both kinds."""

from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from anban.base.db import Database, metadata

CHECKOUT = Path(__file__).parents[3] / "migrations"


def chain() -> Path:
    """Where the migrations are: inside the installed package, or beside the source in a checkout."""
    packed = Path(str(files("anban") / "_migrations"))
    return packed if packed.is_dir() else CHECKOUT


def newest() -> str:
    """The last revision of the chain; revisions are numbered files."""
    return max(path.name for path in (chain() / "versions").glob("[0-9]*.py")).partition("_")[0]


async def migrate(db: Database) -> bool:
    """Bring the database up to date; True when there was anything to do. Raises `StorageFailed`.

    An empty database is made at once in the newest shape, which a test holds equal to walking the chain.
    """
    if await db.read(_revision) == newest():
        return False
    return await db.write(_made_or_upgraded)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _made_or_upgraded(connection: Connection) -> bool:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7262)"))
        if _revision(connection) == newest():
            return False
    if inspect(connection).get_table_names():
        return upgrade(connection)
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:now)"), {"now": newest()})
    return True


def upgrade(connection: Connection) -> bool:
    """Walk the chain from wherever the database is to its end."""
    # Imported only when there is work: it costs a third of a second and a dozen megabytes.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(chain()))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return True
