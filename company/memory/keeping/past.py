"""How each memory stood before it was changed, so that the memory can be put back as it was at any time.

A trigger writes down the old state with every change of a memory, whoever makes it: the trigger belongs to the
connection, because only that knows the company's time. Texts are not kept here; a memory's text never changes.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from company.memory.keeping.tables import prepare
from company.memory.records import Records
from company.memory.visibility import stamp
from company.ports import Clock

_STATE: Final = ("status", "valid_from", "valid_to", "supersedes", "superseded_by", "trust", "decided_by")
_UNKNOWN: Final = "unknown"
"""Status of a memory at a time when it was not there yet."""

_NAMES: Final = ", ".join(_STATE)
_OLD: Final = ", ".join(f"old.{name}" for name in _STATE)
_NEW: Final = ", ".join(f"new.{name}" for name in _STATE)
_TRIGGER: Final = f"""
CREATE TEMP TRIGGER IF NOT EXISTS memory_changed AFTER UPDATE OF {_NAMES} ON main.memory
WHEN ({_OLD}) IS NOT ({_NEW})
BEGIN
    INSERT INTO memory_past (seq, at, cause, {_NAMES}) VALUES (old.seq, company_now(), company_cause(), {_OLD});
END
"""  # noqa: S608 (constants only)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a memory.

    Attributes:
        at: When, company time.
        cause: What brought it about, in words; empty for the ordinary course of things.
        status: The status it had before.
        valid_to: Until when it held before the change, None for still.
    """

    at: datetime
    cause: str
    status: str
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class Point:
    """A place between two changes: the number of the last change, and of the newest memory."""

    number: int
    seq: int


@dataclass(frozen=True, slots=True)
class Returned:
    """What putting the memory back came to.

    Attributes:
        closed: Memories that are out of use now, because they were not there then.
        reopened: Memories that are in use again.
        changed: Others that stand as they did then.
    """

    closed: tuple[str, ...]
    reopened: tuple[str, ...]
    changed: tuple[str, ...]


class Past:
    """The changes of one memory.

    Args:
        records: The memories.
        clock: Company time.
    """

    def __init__(self, records: Records, clock: Clock) -> None:
        prepare(records)
        self._records, self._cause = records, ""
        records.db.create_function("company_now", 0, lambda: stamp(clock.now()))
        records.db.create_function("company_cause", 0, lambda: self._cause)
        records.db.execute(_TRIGGER)

    @contextmanager
    def because(self, cause: str) -> Iterator[None]:
        """Write `cause` down with every change inside."""
        self._cause = cause
        try:
            yield
        finally:
            self._cause = ""

    def arrived(self, seq: int, at: datetime, cause: str) -> None:
        """Write down that a memory was not here before `at`, although it is older."""
        rows = {"seq": seq, "at": stamp(at), "cause": cause, "unknown": _UNKNOWN}
        self._records.db.execute(
            "INSERT INTO memory_past (seq, at, cause, status, valid_from, supersedes, superseded_by, trust, "
            "decided_by) VALUES (:seq, :at, :cause, :unknown, '', '', '', 0, '')",
            rows,
        )

    def changes(self, seq: int) -> list[Change]:
        """Return what happened to a memory, the first change first."""
        rows = self._records.db.execute("SELECT * FROM memory_past WHERE seq = ? ORDER BY number", (seq,))
        return [
            Change(datetime.fromisoformat(row["at"]), row["cause"], row["status"], _maybe(row["valid_to"]))
            for row in rows
        ]

    def mark(self, name: str) -> None:
        """Remember where the changes stand, under a name that `marked` takes."""
        newest = self._records.number("SELECT max(seq) FROM memory")
        place = f"{self._records.number('SELECT max(number) FROM memory_past')} {newest}"  # noqa: S608 (a constant)
        self._records.db.execute("INSERT OR REPLACE INTO chore VALUES (?, ?)", (name, place))

    def marked(self, name: str) -> "Point | None":
        """Return the point that was marked, None when there is none of that name."""
        row = self._records.db.execute("SELECT done FROM chore WHERE name = ?", (name,)).fetchone()
        return None if row is None else Point(*map(int, row["done"].split()))

    def roll_back(self, to: "datetime | Point", *, role: str, cause: str, now: datetime) -> Returned:
        """Put the memories of a role, or of all, back as they stood; nothing is deleted.

        What came later is archived and ends now; what was superseded or archived later holds again. These changes are
        written down like any others.

        Args:
            to: The company time, or a point that was marked.
            role: Whose memories; empty for all.
            cause: What is written down as the cause.
            now: Company time.
        """
        with self._records.transaction(), self.because(cause):
            rows = self._differing(to, role)
            wanted = {row["seq"]: _then(row, now) for row in rows}
            # what ends goes first: of a key one value holds at a time
            for seq in sorted(wanted, key=lambda seq: _holds(wanted[seq])):
                self._set(seq, wanted[seq])
        return _returned(rows, wanted)

    def _differing(self, to: "datetime | Point", role: str) -> list[sqlite3.Row]:
        """Return the memories that stood otherwise, with their state then, and `is_` as they stand now."""
        if isinstance(to, Point):
            later, came = "number > :number", "memory.seq > :seq"
            arguments: dict[str, Any] = {"number": to.number, "seq": to.seq}
        else:
            later, came, arguments = "at > :to", "memory.created_at > :to", {"to": stamp(to)}
        first = f"SELECT min(number) FROM memory_past WHERE seq = memory.seq AND {later}"  # noqa: S608 (constants only)
        then = ", ".join(f"CASE WHEN {came} THEN memory.{name} ELSE past.{name} END AS {name}" for name in _STATE[1:])
        rows = self._records.db.execute(
            f"SELECT memory.seq AS seq, memory.status AS is_status, memory.valid_to AS is_valid_to, "  # noqa: S608
            f"CASE WHEN {came} THEN '{_UNKNOWN}' ELSE past.status END AS status, {then} "
            f"FROM memory LEFT JOIN memory_past AS past ON past.number = ({first}) "
            f"WHERE ({came} OR past.number IS NOT NULL) AND (:role = '' OR memory.role = :role) ORDER BY memory.seq",
            {**arguments, "role": role},
        )
        return [row for row in rows if row["status"] != _UNKNOWN or row["is_status"] != "archived"]

    def _set(self, seq: int, state: Mapping[str, Any]) -> None:
        columns = ", ".join(f"{name} = :{name}" for name in state)
        self._records.db.execute(f"UPDATE memory SET {columns} WHERE seq = :seq", {**state, "seq": seq})  # noqa: S608


def _then(row: sqlite3.Row, now: datetime) -> dict[str, Any]:
    """Return how a memory stood; one that was not there yet is archived and ends now."""
    if row["status"] == _UNKNOWN:
        return {"status": "archived", "valid_to": row["is_valid_to"] or stamp(now)}
    return {name: row[name] for name in _STATE}


def _holds(state: Mapping[str, Any]) -> bool:
    return state["status"] == "active" and state["valid_to"] is None


def _returned(rows: Sequence[sqlite3.Row], wanted: Mapping[int, Mapping[str, Any]]) -> Returned:
    closed, reopened, changed = list[str](), list[str](), list[str]()
    for row in rows:
        held = row["is_status"] == "active" and row["is_valid_to"] is None
        holds = _holds(wanted[row["seq"]])
        (closed if held > holds else reopened if holds > held else changed).append(f"m{row['seq']}")
    return Returned(tuple(closed), tuple(reopened), tuple(changed))


def _maybe(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at) if at else None
