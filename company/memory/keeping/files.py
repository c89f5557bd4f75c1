"""The files of a state directory beside the two databases that are erased by name.

Checkpoints, histories, logs, reports, databases of other parts: whatever lies there is read, so that a file that is
added later is not forgotten. A text loses what is found; in another format stars take its place, byte for byte.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from company.errors import UsageError
from company.store import sqlite
from company.store.erasure import Scope
from company.store.traces import Traces

INTENT: Final = "forgetting.json"
INDEX: Final = "memory-index"
CHECKPOINTS: Final = "checkpoints.db"
_BY_NAME: Final = frozenset({"company.db", "memory.db", "journal.key", "journal.heads", INTENT})
_BESIDE: Final = ("-wal", "-shm", "-journal", ".lock")
_HEADER: Final = b"SQLite format 3\0"
_CHECKPOINT_TABLES: Final = ("checkpoints", "writes")


class StateFiles:
    """The files of a state directory that are erased one by one.

    Args:
        state: The state directory.
        scope: What is erased.
        over: Runs that will never go on: their checkpoints may go.
    """

    def __init__(self, state: Path, scope: Scope, over: frozenset[str]) -> None:
        self._state, self._scope, self._over = state, scope, over

    def count(self) -> dict[str, int]:
        """Return what would change, by file or by file and table."""
        return dict(self._walk(write=False))

    def erase(self) -> dict[str, int]:
        """Erase, and leave nothing of it in the files; a second time nothing is left to do.

        Raises:
            UsageError: Another process is in the way.
        """
        return dict(self._walk(write=True))

    def _walk(self, *, write: bool) -> Counter[str]:
        counts: Counter[str] = Counter()
        for path in _files(self._state):
            name = path.relative_to(self._state).as_posix()
            with path.open("rb") as file:
                is_database = file.read(len(_HEADER)) == _HEADER
            if is_database:
                counts += Counter({f"{name} {table}": n for table, n in self._database(path, write=write).items()})
            elif self._file(path, write=write):
                counts[name] += 1
        return counts

    def _file(self, path: Path, *, write: bool) -> bool:
        raw, traces = path.read_bytes(), self._scope.nearby
        if not traces.in_bytes(raw):
            return False
        if write:
            _replace(path, _cleared(raw, traces))
        return True

    def _database(self, path: Path, *, write: bool) -> Counter[str]:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=sqlite.BUSY_SECONDS)) as db:
            db.execute("PRAGMA secure_delete = ON")
            if write:
                db.execute("BEGIN IMMEDIATE")
            counts = self._tables(db, is_checkpoints=path.name == CHECKPOINTS, write=write)
            if write:
                db.execute("COMMIT")
                if not sqlite.compact(db):
                    raise UsageError("another process is reading it", where=str(path), cure="end that process")
            return counts

    def _tables(self, db: sqlite3.Connection, *, is_checkpoints: bool, write: bool) -> Counter[str]:
        counts: Counter[str] = Counter()
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in names:
            for place, row in _rows(db, table):
                thread = str(row.get("thread_id", "")) if is_checkpoints and table in _CHECKPOINT_TABLES else ""
                changed = {} if thread in self._scope.wiped else _changed(row, self._scope.nearby)
                if not changed and thread not in self._scope.wiped:
                    continue
                counts[table] += 1
                if write:
                    goes = thread in self._scope.wiped or thread in self._over
                    _write(db, table, place, None if goes else changed)
        return counts


def _files(state: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(state):
        folders[:] = sorted(name for name in folders if name != INDEX)
        for name in sorted(names):
            path = Path(folder, name)
            if name not in _BY_NAME and not name.endswith(_BESIDE) and path.is_file() and not path.is_symlink():
                yield path


def _rows(db: sqlite3.Connection, table: str) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        found = db.execute(f'SELECT rowid, * FROM "{table}"')  # noqa: S608 (a table of this database)
    except sqlite3.OperationalError:  # a table without row numbers holds keys only
        return
    names = [column[0] for column in found.description][1:]
    for place, *values in found.fetchall():
        yield place, dict(zip(names, values, strict=True))


def _changed(row: dict[str, Any], traces: Traces) -> dict[str, Any]:
    new = {
        name: traces.text(value) if isinstance(value, str) else traces.raw(value)
        for name, value in row.items()
        if isinstance(value, str | bytes)
    }
    return {name: value for name, value in new.items() if value != row[name]}


def _write(db: sqlite3.Connection, table: str, place: int, values: dict[str, Any] | None) -> None:
    if values is None:
        db.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (place,))  # noqa: S608 (a table of this database)
    else:
        columns = ", ".join(f'"{name}" = ?' for name in values)
        db.execute(f'UPDATE "{table}" SET {columns} WHERE rowid = ?', (*values.values(), place))  # noqa: S608


def _cleared(raw: bytes, traces: Traces) -> bytes:
    try:
        return traces.raw(traces.text(raw.decode()).encode())
    except UnicodeDecodeError:
        return traces.raw(raw)


def _replace(path: Path, content: bytes) -> None:
    """Put another content in a file's place, all or nothing, with the file's own permissions."""
    new = path.with_name(f".{path.name}.erasing")
    new.write_bytes(content)
    new.chmod(path.stat().st_mode & 0o777)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(path)
