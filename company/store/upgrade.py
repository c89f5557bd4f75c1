"""Brings a database to the newest schema.

Alembic is imported only when there is something to do: an up-to-date database is recognised by the revision it stores.
To change the schema: edit `schema.py`, add `migrations/versions/rNNNN_<what>.py` by hand with `down_revision` set to
the last one, and append its id to `REVISIONS`. Scripts spell their tables out; they never import the schema, which will
have moved on when an old database meets them.
"""

from pathlib import Path

import sqlalchemy as sa

from company.errors import UsageError
from company.store.connection import Connection

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
HEAD = REVISIONS[-1]
SCRIPTS = Path(__file__).parent / "migrations"

_stored = sa.select(sa.table("alembic_version", sa.column("version_num", sa.Text)).c.version_num)


def revision_of(connection: Connection) -> str | None:
    """Return the schema revision the database stores, None for an empty one."""
    if not sa.inspect(connection.raw).has_table("alembic_version"):
        return None
    row = connection.first(_stored)
    return None if row is None else str(row.version_num)


def upgrade(connection: Connection, to: str = HEAD) -> None:
    """Run the migrations that are missing, all in one transaction.

    Raises:
        UsageError: The database was written by a newer program.
    """
    if revision_of(connection) == to:
        return
    with connection.transaction():
        found = revision_of(connection)  # another process may have been faster
        if found is not None and found not in REVISIONS:
            raise UsageError(
                f"schema revision {found!r} is newer than {HEAD!r}, the newest this program knows",
                where=str(connection.raw.engine.url.database),
                cure="install the newer version of the-ai-company that wrote it, or open another home",
            )
        if found != to:
            _migrate(connection, to)


def _migrate(connection: Connection, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection.raw
    command.upgrade(config, to)
