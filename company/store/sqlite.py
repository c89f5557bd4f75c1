"""The one module that knows SQLite; everything else in this room is portable SQLAlchemy Core.

The driver runs in autocommit: a lone statement is its own transaction and readers never take the write lock.
`Connection.transaction` sends `BEGIN` itself. IMMEDIATE takes the write lock at once, so what a transaction reads stays
true until it commits, also against other processes, and a writer waits at the start instead of failing in the middle.

WAL with synchronous=NORMAL survives the death of a process; the last commits may be lost with the power. `flush`
closes that gap where a promise is made outside the file (signed heads).
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

BEGIN = "BEGIN IMMEDIATE"
VERSION = "PRAGMA data_version"
"""Asks for a number that is another one as soon as another connection has written."""
BUSY_SECONDS = 10


def open_engine(path: Path) -> sa.Engine:
    """Return an engine for the database file at `path`; connecting creates the file."""
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
        paramstyle="named",
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
    )
    sa.event.listen(engine, "connect", _prepare)
    return engine


def _prepare(driver: sqlite3.Connection, _record: object) -> None:
    try:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            driver.execute(f"PRAGMA {pragma}").close()
    except sqlite3.Error:
        driver.close()
        raise


def is_busy(error: sa.exc.DBAPIError) -> bool:
    """Tell whether `error` means that another process held the write lock for too long."""
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return bool(code & 0xFF == sqlite3.SQLITE_BUSY)


def flush(connection: sa.Connection) -> None:
    """Force what is committed onto the disk.

    A commit is in the log until a checkpoint, which syncs for itself, moves it into the file; so the log is synced, as
    synchronous=FULL would at each commit. SQLite holds no file lock on the log that closing it here could drop.
    """
    with suppress(FileNotFoundError), Path(f"{connection.engine.url.database}-wal").open("rb") as log:
        os.fsync(log.fileno())


def compact(driver: sqlite3.Connection) -> bool:
    """Write the file anew without anything that was deleted or changed, and empty the log.

    Returns:
        False when another connection was in the way: what was deleted may still stand in the log.
    """
    driver.execute("VACUUM").close()
    busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def read_damaged_text(connection: sa.Connection) -> None:
    """Make `connection` return bytes that are not UTF-8 as lone surrogates instead of failing on them."""
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
