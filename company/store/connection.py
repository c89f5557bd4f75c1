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
from company.store.prepared import Parameters, Prepared, Program

Statement = Prepared | sa.Executable

MOST_KNOWN = 10_000
"""Values that are remembered from one transaction to the next; they hold sums of runs, which end."""


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
        self._programs: dict[Prepared, Program] = {}
        self._known: dict[Any, Any] = {}
        self._version: int | None = None
        self._is_alone = engine.url.database == ":memory:"
        self._spoiled = False
        self.raw = engine.connect()
        self._driver: Any = self.raw.connection.dbapi_connection

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
                if self._depth == 1 and not self._is_alone:
                    self._forget_what_others_changed()
                yield
                if self._spoiled:
                    raise RuntimeError("a part of this transaction failed half-way: it can only be rolled back")
                self._command(commit)
            except BaseException:
                self._known.clear()
                self._spoiled = False
                with suppress(sa.exc.OperationalError):  # nothing to undo: never begun, or a full disk undid it
                    self._run(rollback)
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Make the calls inside part of the open transaction, which fails with them; without one, a transaction.

        There is no savepoint, which costs two statements: who catches a failure and goes on uses `transaction`.
        """
        with self._lock:
            if not self._depth:
                with self.transaction():
                    yield
                return
            self._guard()
            try:
                yield
            except BaseException:
                self._spoiled = True
                raise

    @property
    def known(self) -> dict[Any, Any]:
        """What earlier transactions of this connection left in the database, so that the open one need not read it.

        Emptied when another connection has written, and when anything is rolled back. Whoever keeps a value here is the
        only one that writes it.

        Raises:
            RuntimeError: No transaction is open: others may write at any time.
        """
        if not self._depth:
            raise RuntimeError("what is known holds inside a transaction only")
        return self._known

    def rows(self, statement: Statement, parameters: Parameters = None) -> Sequence[Any]:
        """Return all rows of `statement`."""
        with self._lock:
            self._guard()
            if isinstance(statement, Prepared):
                program = self._program(statement)
                return [program.row(columns) for columns in self._run(program.sql, program.values(parameters))[0]]
            return self._execute(statement, parameters).all()

    def first(self, statement: Statement, parameters: Parameters = None) -> Any:
        """Return the first row of `statement`, or None; a prepared one is read to its end."""
        if isinstance(statement, Prepared):
            return next(iter(self.rows(statement, parameters)), None)
        with self._lock:
            self._guard()
            return self._execute(statement, parameters).first()

    def change(self, statement: Statement, parameters: Parameters = None) -> int:
        """Execute `statement` and return how many rows it changed."""
        with self._lock:
            self._guard()
            if isinstance(statement, Prepared):
                program = self._program(statement)
                return self._run(program.sql, program.values(parameters))[1]
            return int(self._execute(statement, parameters).rowcount)

    def put(self, update: Statement, insert: Statement, parameters: Mapping[str, Any]) -> None:
        """Update the row, or insert it when there is none."""
        with self.transaction():
            if not self.change(update, parameters):
                self.change(insert, parameters)

    def flush(self) -> None:
        """Force what is committed onto the disk.

        Raises:
            RuntimeError: A transaction is open.
        """
        self.require_outside("flush")
        sqlite.flush(self.raw)  # others go on meanwhile: a disk takes its time

    def compact(self) -> None:
        """Write the database anew, so that nothing of what was deleted or changed is left in its files.

        Raises:
            RuntimeError: A transaction is open.
            UsageError: Another process is in the way.
        """
        self.require_outside("compact")
        with self._lock:
            try:
                is_done = sqlite.compact(self._driver)
            except self._driver.Error as error:
                known = sa.exc.DBAPIError.instance("VACUUM", (), error, self._driver.Error, hide_parameters=True)
                raise self._translated(known) from error
        if not is_done:
            raise UsageError(
                "another process is reading the database, so what was erased is still in its log",
                where=str(self._engine.url.database),
                cure="end the process that holds it, and try again",
            )

    def require_outside(self, what: str) -> None:
        """Refuse `what` inside a transaction, where it would speak of changes that may never be committed."""
        with self._lock:  # waits for another thread's, and finds its own
            is_open = bool(self._depth)
        if is_open:
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

    def _forget_what_others_changed(self) -> None:
        version = self._run(sqlite.VERSION)[0][0][0]
        if version != self._version or len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._version = version

    def _command(self, sql: str) -> None:
        self._guard()
        self._run(sql)

    def _execute(self, statement: sa.Executable, parameters: Parameters) -> sa.CursorResult[Any]:
        try:
            return self.raw.execute(statement, parameters)
        except sa.exc.OperationalError as error:
            raise self._translated(error) from error

    def _program(self, statement: Prepared) -> Program:
        if (program := self._programs.get(statement)) is None:
            program = self._programs[statement] = statement.compile(self._engine.dialect)
        return program

    def _run(self, sql: str, values: Any = ()) -> tuple[Sequence[Any], int]:
        """Let the driver execute `sql`, once for each of a list of values; return rows, and how many it changed."""
        cursor = self._driver.cursor()
        try:
            (cursor.executemany if isinstance(values, list) else cursor.execute)(sql, values)
            return cursor.fetchall() if cursor.description else (), cursor.rowcount
        except self._driver.Error as error:
            known = sa.exc.DBAPIError.instance(sql, values, error, self._driver.Error, hide_parameters=True)
            raise self._translated(known) from error
        finally:
            cursor.close()

    def _guard(self) -> None:
        if self._depth and self._owner is not _task():
            raise RuntimeError("another task's transaction is open: never await inside store.transaction()")

    def _translated(self, error: sa.exc.DBAPIError) -> Exception:
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
