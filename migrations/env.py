"""Alembic's entry: runs on the connection it is given, or for `alembic` on the command line on ANBAN_DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import create_engine

from anban.app import every_table

connection = context.config.attributes.get("connection")
if connection is None:
    connection = create_engine(os.environ["ANBAN_DATABASE_URL"]).connect()

context.configure(connection=connection, target_metadata=every_table(), render_as_batch=False)
with context.begin_transaction():
    context.run_migrations()
