"""Takes what a person wants forgotten out of the store, and leaves the proof of everything else.

What is looked for is replaced by `[erased]` wherever words stand: in the journal, requests, outcomes, approvals,
effects, drafts and every other document. Of a run in which the forgotten was said, all words go, because an answer may
say it in other ones. Books, orders and amounts stay: what has no space in it is a figure or a name there. A recording
that holds what is looked for goes as a whole, because a replay trusts it or has none.

The journal's rows keep their hashes (`chain.py`), and signed rows say which were erased. All of it is one transaction.
Every table of the file is read, so that one that is added later is not forgotten. What cannot be changed without
breaking a proof stays and is named by the search that follows an erasure: names of conversations, which the chain
seals, and versions of a persona, which are named by their content.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from company.events import Json
from company.store.database import Store
from company.store.schema import encode
from company.store.traces import MARK, Traces, walked

Row = Mapping[str, Any]

_PAGE: Final = 1_000
_WORDLESS: Final = frozenset(
    {"alembic_version", "counters", "credentials", "heads", "home", "persona_versions", "reservations", "spending"}
)
_SEALED: Final = frozenset(
    {"arguments_hash", "digest", "file_hash", "hash", "id", "identity", "key", "previous", "run_id", "signature"}
    | {"call_id", "path", "thread_id"}
)
"""Columns by which rows are found or proved."""
_MONEY: Final = frozenset({"approvals", "effects"})
_LEDGERS: Final = frozenset({"trading", "world"})
_SAID: Final = frozenset({"report", "approval.asked", "approval.decided", "approval.voted", "memory.recalled"})
"""The company's own events that repeat what was said; of the others only what is looked for goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is erased.

    Attributes:
        everywhere: Texts that are looked for in all rows.
        nearby: Those, and further ones that are looked for where the forgotten was said.
        wiped: Runs of which all words go.
        runs: Runs in which it was said or learned.
        threads: Conversations in which it was said.
        person: Whose commands' fingerprints go too; empty for nobody's.
    """

    everywhere: Traces
    nearby: Traces
    wiped: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    threads: frozenset[str] = frozenset()
    person: str = ""

    def traces(self, run_id: str, thread_id: str) -> Traces:
        """Return what is looked for in something of a run and a conversation."""
        return self.nearby if run_id in self.runs or thread_id in self.threads else self.everywhere


class StoreErasure:
    """Erases from the company's database.

    Args:
        store: The company's store.
        scope: What is erased.
    """

    def __init__(self, store: Store, scope: Scope) -> None:
        self._store, self._connection, self._scope = store, store._connection, scope

    def count(self) -> dict[str, int]:
        """Return how many rows of each table would change or go."""
        return dict(Counter(table for table, _, _ in self._changes()))

    def erase(self, statement: Mapping[str, Any], *, by: str) -> dict[str, int]:
        """Erase, in one transaction, and have the journal say so; a second time nothing is left to do.

        Args:
            statement: Fields of the `journal.erased` events.
            by: The person who ordered it.

        Returns:
            How many rows of each table changed or went.

        Raises:
            IntegrityError: The journal's key is missing, so nothing could vouch for the erasure.
        """
        counts: Counter[str] = Counter()
        bodies: dict[int, str] = {}
        self._connection.change(sa.text("PRAGMA secure_delete = ON"))
        with self._store.transaction():
            for table, place, values in list(self._changes()):
                counts[table] += 1
                if table == "journal" and values:
                    bodies[place] = values["body"]
                else:
                    self._write(table, place, values)
            self._store.journal.erase(bodies, statement, by=by)
        return dict(counts)

    def compact(self) -> None:
        """Leave nothing of what was erased in the database's files.

        Raises:
            UsageError: Another process is in the way.
        """
        self._connection.compact()

    def _write(self, table: str, place: int, values: Row | None) -> None:
        if values is None:
            sql = f"DELETE FROM {table} WHERE rowid = :place"  # noqa: S608 (a table of this database)
        else:
            sql = f"UPDATE {table} SET {', '.join(f'{name} = :{name}' for name in values)} WHERE rowid = :place"  # noqa: S608
        self._connection.change(sa.text(sql), {**(values or {}), "place": place})

    def _changes(self) -> Iterator[tuple[str, int, Row | None]]:
        """Yield table, row number and the new values, None for a row that goes."""
        for table in self._tables():
            if table == "journal":
                yield from (("journal", seq, {"body": body}) for seq, body in self._journal())
            elif table == "recordings":
                yield from (("recordings", place, None) for place in self._recordings())
            else:
                for row in self._rows(table):
                    if values := self._changed(table, row):
                        yield table, row["place"], values

    def _tables(self) -> list[str]:
        named = sa.text(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        return [row.name for row in self._connection.rows(named) if row.name not in _WORDLESS]

    def _rows(self, table: str) -> Iterator[Row]:
        page = sa.text(f"SELECT rowid AS place, * FROM {table} WHERE rowid > :after ORDER BY rowid LIMIT {_PAGE}")  # noqa: S608
        after = -1
        while rows := self._connection.rows(page, {"after": after}):
            yield from (row._mapping for row in rows)
            after = rows[-1].place

    def _changed(self, table: str, row: Row) -> dict[str, Any]:
        """Return the columns of a row that change."""
        run = row["id"] if table == "runs" else row.get("run_id", "")
        traces = self._scope.traces(run, row.get("thread_id", ""))
        is_wiped, is_money = run in self._scope.wiped, table in _MONEY or row.get("book") in _LEDGERS
        columns = {name: row[name] for name in row if name not in _SEALED | {"place"} and isinstance(row[name], str)}
        new = {name: _cleared(text, traces, is_wiped=is_wiped, is_money=is_money) for name, text in columns.items()}
        changed = {name: text for name, text in new.items() if text != columns[name]}
        return changed | self._prints(table, row, is_wiped, bool(changed))

    def _prints(self, table: str, row: Row, is_wiped: bool, is_changed: bool) -> dict[str, Any]:
        """Return fingerprints of what was asked that go with it, and a request that is a single word."""
        if table == "runs" and is_wiped and row["request"] != MARK:
            return {"request": MARK} if row["request"] else {}
        if table == "steps" and is_wiped and row["question"]:
            return {"question": "", "answer": ""}
        if table == "requests" and row["digest"]:
            about = set(json.loads(row["answer"]).values()) if row["answer"].startswith("{") else set()
            is_of = row["person"] == self._scope.person or any(run in about for run in self._scope.wiped)
            return {"digest": ""} if is_changed or is_of else {}
        return {}

    def _recordings(self) -> Iterator[int]:
        """Yield the rows of every recording that holds something, or whose run is wiped."""
        places: defaultdict[str, list[int]] = defaultdict(list)
        found: set[str] = set()
        for row in self._rows("recordings"):
            run = row["run_id"]
            places[run].append(row["place"])
            if run not in found and (run in self._scope.wiped or self._scope.traces(run, "").in_text(row["data"])):
                found.add(run)
        for run in places:
            if run in found:
                yield from places[run]

    def _journal(self) -> Iterator[tuple[int, str]]:
        """Yield the events that change, with their new bodies."""
        streams = _Streams()
        for row in self._rows("journal"):
            traces = self._scope.traces(row["run_id"], row["thread_id"])
            body = row["body"]
            if row["run_id"] in self._scope.wiped:
                new = _wiped_event(row["type"], body, traces)
            elif '"delta":' in body and "delta" in (piece := json.loads(body)):
                yield from streams.take(row, piece, traces)
                continue
            else:
                new = _cleared(body, traces, is_wiped=False, is_money=_is_own(row["type"]))
            if new != body:
                yield row["seq"], new
        yield from streams.rest()


class _Streams:
    """Puts streamed texts together, because a piece alone does not show what it is part of."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, str], tuple[Traces, list[tuple[int, Json]]]] = {}

    def take(self, row: Row, body: Json, traces: Traces) -> Iterator[tuple[int, str]]:
        """Take a piece; yields what changes in texts that are complete, which is those of other runs by now."""
        name = row["run_id"], row["agent"], body.get("messageId") or body.get("toolCallId") or ""
        self._open.setdefault(name, (traces, []))[1].append((row["seq"], body))
        for key in [key for key in self._open if key[0] != row["run_id"]] if len(self._open) > _PAGE else []:
            yield from _joined(*self._open.pop(key))

    def rest(self) -> Iterator[tuple[int, str]]:
        """Yield what changes in all others."""
        for traces, rows in self._open.values():
            yield from _joined(traces, rows)


def _joined(traces: Traces, rows: list[tuple[int, Json]]) -> Iterator[tuple[int, str]]:
    deltas = [str(body["delta"]) for _, body in rows]
    new = [traces.data(deltas[0])] if len(rows) == 1 else traces.pieces(deltas)
    for (seq, body), delta, old in zip(rows, new, deltas, strict=True):
        if delta != old:
            yield seq, encode({**body, "delta": delta or MARK})


def _is_own(type: str) -> bool:
    """Tell whether an event is one of the company's own about something else than words."""
    return type in {"cost", "verdict"} or ("." in type and type not in _SAID)


def _wiped_event(type: str, body: str, traces: Traces) -> str:
    """Return an event of a run whose words go."""
    if _is_own(type):
        return _cleared(body, traces, is_wiped=False, is_money=True)
    new = json.loads(_cleared(body, traces, is_wiped=True, is_money=False))
    if type == "TEXT_MESSAGE_CONTENT":
        new["delta"] = MARK
    return encode(new)


def _cleared(text: str, traces: Traces, *, is_wiped: bool, is_money: bool) -> str:
    """Return a column's text without what is looked for, or without any words."""
    if not is_wiped and not traces.in_text(text):
        return text
    try:
        data = json.loads(text) if text[:1] in ("{", "[") else text
    except ValueError:
        data = text
    new = _wiped(data, traces) if is_wiped else traces.data(data, is_name=_is_name if is_money else _is_nothing)
    if new is data:
        return text
    return new if isinstance(new, str) else encode(new)


def _wiped(data: Any, traces: Traces) -> Any:
    return walked(data, lambda leaf: _no_words(leaf, traces))


def _no_words(text: str, traces: Traces) -> str:
    return MARK if text != MARK and any(sign.isspace() for sign in text) else traces.text(text)


def _is_name(text: str) -> bool:
    return not any(sign.isspace() for sign in text)


def _is_nothing(_: str) -> bool:
    return False
