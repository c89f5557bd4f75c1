"""One connection, one lock: how every part of the store reads and writes.

Threads of a process take turns (RLock), processes take turns by the database's write lock. A transaction belongs to
the task that opened it: an `await` inside would let another task write into it, so that is refused.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Any

import sqlalchemy as sa

from company.errors import UsageError
from company.store import sqlite

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Connection:
    """The store's only way to its database.

    Args:
        engine: Engine in autocommit mode.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = RLock()
        self._depth = 0
        self._owner: asyncio.Task[Any] | None = None
        self.raw = engine.connect()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the calls inside one atomic change; an inner transaction is a savepoint.

        Raises:
            UsageError: Another process held the write lock for longer than the busy timeout.
            RuntimeError: The transaction that is open belongs to another task.
        """
        with self._lock:
            self._guard()
            self._owner = _task()
            begin, commit, rollback = _boundaries(self._depth)
            self._depth += 1
            try:
                self._command(begin)
                yield
                self._command(commit)
            except BaseException:
                with suppress(sa.exc.OperationalError):  # nothing to undo: never begun, or a full disk undid it
                    self.raw.exec_driver_sql(rollback).close()
                raise
            finally:
                self._depth -= 1

    def rows(self, statement: sa.Executable, parameters: Parameters = None) -> Sequence[sa.Row[Any]]:
        """Return all rows of `statement`."""
        with self._lock:
            return self._execute(statement, parameters).all()

    def first(self, statement: sa.Executable, parameters: Parameters = None) -> sa.Row[Any] | None:
        """Return the first row of `statement`, or None."""
        with self._lock:
            return self._execute(statement, parameters).first()

    def change(self, statement: sa.Executable, parameters: Parameters = None) -> int:
        """Execute `statement` and return how many rows it changed."""
        with self._lock:
            return int(self._execute(statement, parameters).rowcount)

    def insert(self, statement: sa.Insert, parameters: Mapping[str, Any]) -> int:
        """Insert one row and return the number the database gave it."""
        with self._lock:
            key = self._execute(statement, parameters).inserted_primary_key
            assert key is not None
            return int(key[0])

    def put(self, update: sa.Executable, insert: sa.Executable, parameters: Mapping[str, Any]) -> None:
        """Update the row, or insert it when there is none."""
        with self.transaction():
            if not self.change(update, parameters):
                self.change(insert, parameters)

    def flush(self) -> None:
        """Force what is committed onto the disk.

        Raises:
            RuntimeError: A transaction is open.
        """
        with self._lock:
            self.require_outside("flush")
            sqlite.flush(self.raw)

    def require_outside(self, what: str) -> None:
        """Refuse `what` inside a transaction, where it would speak of changes that may never be committed."""
        if self._depth:
            raise RuntimeError(f"{what} inside store.transaction(): call it after the transaction")

    @contextmanager
    def reader(self) -> Iterator[sa.Connection]:
        """Give a second connection for a long read, which reads damaged text too."""
        with self._engine.connect() as connection:
            sqlite.read_damaged_text(connection)
            yield connection

    def close(self) -> None:
        """Close the connection; the store cannot be used afterwards."""
        with self._lock:
            self.raw.close()

    def _command(self, sql: str) -> None:
        self._guard()
        try:
            self.raw.exec_driver_sql(sql).close()
        except sa.exc.OperationalError as error:
            raise self._translated(error) from error

    def _execute(self, statement: sa.Executable, parameters: Parameters) -> sa.CursorResult[Any]:
        self._guard()
        try:
            return self.raw.execute(statement, parameters)
        except sa.exc.OperationalError as error:
            raise self._translated(error) from error

    def _guard(self) -> None:
        if self._depth and self._owner is not _task():
            raise RuntimeError("another task's transaction is open: never await inside store.transaction()")

    def _translated(self, error: sa.exc.OperationalError) -> Exception:
        if not sqlite.is_busy(error):
            return error
        return UsageError(
            f"the database was locked by another process for {sqlite.BUSY_SECONDS} s",
            where=str(self._engine.url.database),
            cure="end the process that holds it, or try again",
        )


def _boundaries(depth: int) -> tuple[str, str, str]:
    if not depth:
        return sqlite.BEGIN, "COMMIT", "ROLLBACK"
    return f"SAVEPOINT level_{depth}", f"RELEASE level_{depth}", f"ROLLBACK TO level_{depth}"


def _task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no event loop in this thread
        return None
