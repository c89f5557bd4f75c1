"""The tables of this room, made when a memory is opened that has none yet."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from company.memory.database import Database

_SCHEMA: Final = Path(__file__).with_name("schema.sql").read_text()
_TABLES: Final = 4


def prepare(database: Database) -> None:
    """Make the tables unless they are there; a memory that has them is only read."""
    there = database.number(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' "
        "AND name IN ('tombstone', 'tombstone_salt', 'memory_past', 'chore')"
    )
    if there < _TABLES:
        with database.transaction():
            for statement in _SCHEMA.split(";\n"):
                database.db.execute(statement)


def remove(database: Database, seqs: Iterable[int]) -> None:
    """Delete memories with their vectors and their past."""
    rows = [(seq,) for seq in seqs]
    with database.transaction():
        for table in ("outbox", "vector", "memory_past", "memory"):
            database.db.executemany(f"DELETE FROM {table} WHERE seq = ?", rows)  # noqa: S608 (constants only)
