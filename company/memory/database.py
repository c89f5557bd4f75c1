"""The SQLite file of the memory: its schema, its versions, its transactions.

Several processes may use the file at once (write-ahead log); every write is one immediate transaction. A file of an
earlier version is brought to this one when it is opened, by whoever opens it first.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from company.errors import UsageError

_VERSION: Final = 3
_SCHEMA: Final = Path(__file__).with_name("schema.sql")
_MIGRATION: Final = Path(__file__).with_name("migration.sql")


class Database:
    """The file with one connection to it.

    Args:
        file: The SQLite file; created when missing.

    Attributes:
        db: The connection.

    Raises:
        UsageError: The file was written by a newer version of the program.
    """

    def __init__(self, file: Path) -> None:
        self.db = sqlite3.connect(file, isolation_level=None, timeout=10)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")  # acknowledged means on disk, also after a power cut
        version = self.number("PRAGMA user_version")
        if version > _VERSION:
            self.close()
            raise UsageError(
                f"the memory has schema version {version}, this program knows {_VERSION}",
                where=str(file),
                cure="update the program, or use another state directory",
            )
        if version < _VERSION:
            self._upgrade()
        self.db.execute("PRAGMA foreign_keys = ON")  # not before: replacing a table would delete what refers to it

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all or nothing of the block durable; inside another transaction it is part of that one."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        finally:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")

    def number(self, query: str, *arguments: Any) -> int:
        """Return the first value of a query's first row, 0 for null."""
        return self.db.execute(query, arguments).fetchone()[0] or 0

    def run(self, script: str) -> None:
        """Run the statements of a script in one transaction, also inside an open one, unlike `executescript`."""
        statement = ""
        with self.transaction():
            for line in script.splitlines(keepends=True):
                statement += line
                if sqlite3.complete_statement(statement):
                    self.db.execute(statement)
                    statement = ""

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def _upgrade(self) -> None:
        with self.transaction():
            version = self.number("PRAGMA user_version")  # another process may have been faster
            if version == 1:
                self._add_sources()
            if 1 <= version < _VERSION:
                before, after = _MIGRATION.read_text().split("-- schema.sql\n")
                self.run(before + _SCHEMA.read_text() + after)
            elif version == 0:
                self.run(_SCHEMA.read_text())
            self.db.execute(f"PRAGMA user_version = {_VERSION}")

    def _add_sources(self) -> None:
        """Bring a file of version 1, which kept no sources of a memory, to version 2.

        It did not taint a cycle's summing-up either, which may quote what strangers wrote.
        """
        self.db.execute("ALTER TABLE memory ADD COLUMN sources TEXT NOT NULL DEFAULT '[]'")
        self.db.execute("UPDATE memory SET tainted = 1 WHERE text GLOB '????-??-?? ??:?? cycle *'")
