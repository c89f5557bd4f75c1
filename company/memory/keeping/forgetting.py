"""Forgetting for good: an erasure is planned, written down as an intent, carried out, and proved by a receipt.

The intent is a file, because a file can be removed without a trace of what stood in it. While it lies there, the
erasure is not finished; every step may be done twice, and whoever opens the home next finishes it before anything else
happens. So after a `kill -9` at any moment either nothing has happened yet or all of it will have.
"""

import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from company import events
from company.errors import UsageError
from company.events import Draft
from company.memory.keeping.closure import plan_of
from company.memory.keeping.files import INTENT, StateFiles
from company.memory.keeping.plan import Order, Plan, Receipt
from company.memory.keeping.remains import remains
from company.memory.keeping.tables import remove
from company.memory.keeping.tombstones import Tombstones
from company.memory.records import Records
from company.ports import Clock
from company.store import OVER, Store, sqlite
from company.store.counters import next_number
from company.store.erasure import StoreErasure
from company.store.flags import STOP_FLAG
from company.store.private_file import sync_folder
from company.store.spoken import ended_runs, words_of
from company.store.traces import Traces

_UNWRITTEN: Final = "forgetting.new"

FORGOTTEN: Final = "memory.forgotten"
"""Type of the event that holds a receipt."""


class Index(Protocol):
    """What an erasure needs of the index over the vectors."""

    def rebuild(self) -> None:
        """Throw every copy of the vectors away, on disk too, and build the index anew from the records."""


def is_pending(state: Path) -> bool:
    """Tell whether an erasure was begun in a state directory and is not finished."""
    (state / _UNWRITTEN).unlink(missing_ok=True)  # an intent that was never promised: nothing was begun
    return (state / INTENT).exists()


class Forgetting:
    """Erases from a whole state directory.

    Args:
        state: The state directory.
        store: The company's store.
        records: The memories.
        index: The index over their vectors.
        clock: Company time.
    """

    def __init__(self, state: Path, store: Store, records: Records, index: Index, clock: Clock) -> None:
        self._state, self._store, self._records, self._index, self._clock = state, store, records, index, clock
        self._intent = state / INTENT
        self._tombstones = Tombstones(records)

    def preview(self, order: Order) -> Plan:
        """Return what an order would erase; nothing is changed.

        Raises:
            UsageError: There is no such memory, or the words are too short to be looked for.
        """
        plan = plan_of(order, self._records, self._store, self._clock.now())
        return plan.model_copy(update={"counts": self._counts(plan)})

    def forget(self, order: Order, *, by: str, reason: str = "") -> Receipt:
        """Erase what an order comes to.

        Args:
            order: What is to be forgotten.
            by: The person who orders it.
            reason: Why; it is kept, without what is erased.

        Raises:
            UsageError: As `preview`; or nobody is named, a run is under way, or another process is in the way: then
                nothing has been changed, or the erasure is finished when the home is opened next.
        """
        if not by.strip():
            raise UsageError("nobody is named", where="--by", cure="name who orders it")
        self._refuse_while_at_work()
        self._refuse_company()
        plan = self.preview(order)
        words = Traces((*plan.everywhere, *plan.nearby))
        with self._store.transaction():
            number = next_number(self._store._connection, "erasure")
        update = {"id": f"E{number}", "by": by.strip(), "reason": words.text(reason.strip())}
        self._write(plan.model_copy(update=update))
        return self._carry_out(self._read())

    def finish(self) -> Receipt | None:
        """Finish an erasure that was begun, None when there is none.

        Raises:
            UsageError: Another process is in the way.
        """
        return self._carry_out(self._read()) if is_pending(self._state) else None

    def _carry_out(self, plan: Plan) -> Receipt:
        """Do every step of an erasure; each finds out for itself what is left to do."""
        scope = plan.scope()
        added = self._bury(plan)
        erasure = StoreErasure(self._store, scope)
        erasure.erase({"erasure": plan.id, "reason": plan.reason}, by=plan.by)
        self._close_runs(plan)
        StateFiles(self._state, scope, ended_runs(self._store)).erase()
        self._index.rebuild()
        erasure.compact()
        self._compact_records()
        receipt = self._receipt(plan, added, remains(self._state, scope.everywhere))
        self._journal(receipt)
        self._intent.unlink(missing_ok=True)
        sync_folder(self._state)
        self._store.journal.sign_head()
        return receipt

    def _bury(self, plan: Plan) -> int:
        """Put tombstones in the place of the memories."""
        self._records.db.execute("PRAGMA secure_delete = ON")
        with self._records.transaction():
            items = [item for seq in plan.seqs if (item := self._records.get(f"m{seq}"))]
            self._tombstones.add(items, plan.everywhere, erasure=plan.id, at=plan.at)
            remove(self._records, plan.seqs)
            self._rebuild_text_indexes()
            return self._records.number("SELECT count(*) FROM tombstone WHERE erasure = ?", plan.id)

    def _rebuild_text_indexes(self) -> None:
        found = self._records.db.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'")
        for (name,) in found.fetchall():
            self._records.db.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")  # noqa: S608

    def _compact_records(self) -> None:
        if not sqlite.compact(self._records.db):
            raise UsageError(
                "another process is reading the memory, so what was erased is still in its log",
                where=str(self._state / "memory.db"),
                cure="end that process; the erasure is finished when the home is opened next",
            )

    def _close_runs(self, plan: Plan) -> None:
        """Let no run go on that has lost its words."""
        for run in words_of(self._store, plan.wiped):
            if run.status not in OVER:
                self._store.runs.set_status(run.id, "failed", {"answer": "", "erased": plan.id})

    def _receipt(self, plan: Plan, tombstones: int, left: tuple[str, ...]) -> Receipt:
        return Receipt(
            erasure=plan.id,
            by=plan.by,
            reason=plan.reason,
            at=plan.at,
            memories=len(plan.seqs),
            tombstones=tombstones,
            counts=plan.counts,
            left=left,
        )

    def _journal(self, receipt: Receipt) -> None:
        """Write the receipt into the journal, once."""
        journal = self._store.journal
        with self._store.transaction():
            told = journal.read(types=[FORGOTTEN], limit=1_000_000)
            if all(event.body["value"]["erasure"] != receipt.erasure for event in told):
                value = receipt.model_dump(mode="json")
                journal.append([Draft.of_person(events.custom(FORGOTTEN, value))])

    def _counts(self, plan: Plan) -> Mapping[str, int]:
        """Return what an erasure takes away or changes, by table and file."""
        scope = plan.scope()
        tables = {f"company.db {table}": rows for table, rows in StoreErasure(self._store, scope).count().items()}
        files = StateFiles(self._state, scope, ended_runs(self._store)).count()
        of_plan = "SELECT count(*) FROM vector WHERE seq IN (SELECT value FROM json_each(?))"
        vectors = self._records.number(of_plan, json.dumps(plan.seqs))
        own = {"memory.db memory": len(plan.seqs), "memory.db vector": vectors}
        return {name: number for name, number in {**own, **tables, **files}.items() if number}

    def _refuse_while_at_work(self) -> None:
        if is_pending(self._state):
            raise UsageError(
                "an erasure was begun and is not finished",
                where=str(self._intent),
                cure="open the home, which finishes it: company doctor",
            )
        left = [run.id for run in self._store.runs.unfinished()]
        if left and not self._store.flags.get(STOP_FLAG):
            raise UsageError(
                f"run {left[0]} is under way and may write down again what is erased",
                where="the home",
                cure=f"wait for it, finish it with `company resume {left[0]}`, or stop the company: company stop --now",
            )

    def _refuse_company(self) -> None:
        """Refuse while another process has the home open: what it holds in mind it may write down again."""
        db = self._records.db
        (patience,) = db.execute("PRAGMA busy_timeout").fetchone()
        db.execute("PRAGMA busy_timeout = 0")
        try:
            db.execute("PRAGMA journal_mode = DELETE")  # only a connection that is alone may leave the log
        except sqlite3.OperationalError as error:
            raise UsageError(
                "another process has the home open and may write down again what is erased",
                where=str(self._state),
                cure="end the server, chats and cycles of this home, then try again",
            ) from error
        finally:
            db.execute(f"PRAGMA busy_timeout = {patience}")
            db.execute("PRAGMA journal_mode = WAL")

    def _read(self) -> Plan:
        return Plan.model_validate_json(self._intent.read_bytes())

    def _write(self, plan: Plan) -> None:
        """Put the intent on the disk, all or nothing."""
        new = self._state / _UNWRITTEN
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(plan.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._intent)
        sync_folder(self._state)
