"""The journal: what happened, in order, with proof.

Rows are only ever appended, in the transaction of what they record. `chain.py` says how a row is sealed, `heads.py` how
the end is signed. `home` remembers where the journal ends, so that rows cut from the end are missed at once.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from company import events
from company.events import Draft, Event, Json
from company.store.chain import ERASED, Audit, Verification, seal
from company.store.connection import Connection
from company.store.conversation import CHIEF, TEXT_TYPES, messages
from company.store.heads import HEADS_FILE, Head, Heads
from company.store.prepared import Prepared
from company.store.schema import IS_ORDER, encode, heads, home, journal, moment_text

_end = Prepared(sa.select(home.c.last_seq, home.c.last_hash))
_move_end = Prepared(sa.update(home), "last_seq", "last_hash")
_insert = Prepared(sa.insert(journal))
_row_of = Prepared(sa.select(journal).where(journal.c.seq == sa.bindparam("of_seq")))
_rewrite = Prepared(
    sa.update(journal).where(journal.c.seq == sa.bindparam("of_seq")).values(body=sa.bindparam("new_body"))
)
_insert_head = Prepared(sa.insert(heads))
_newest_head = Prepared(
    sa.select(heads.c.seq, heads.c.hash, heads.c.at, heads.c.signature).order_by(heads.c.seq.desc()).limit(1)
)
_signatures = sa.select(heads.c.seq, heads.c.signature).order_by(heads.c.seq)
_in_order = sa.select(journal).order_by(journal.c.seq)
_orders = sa.select(journal).where(IS_ORDER).order_by(journal.c.seq.desc())
_newest_words = Prepared(
    sa.select(journal.c.run_id, journal.c.body)
    .where(
        journal.c.thread_id == sa.bindparam("of_thread"),
        journal.c.run_id != sa.bindparam("not_of_run"),
        journal.c.agent == CHIEF,
        journal.c.visibility == "user",
        sa.or_(*(journal.c.type == name for name in TEXT_TYPES)),
    )
    .order_by(journal.c.seq.desc())
    .limit(2000)
)


class Journal:
    """The company's only history.

    Args:
        connection: The store's database.
        heads: The file of signed heads.
        now: Wall-clock time.
    """

    def __init__(self, connection: Connection, heads: Heads, *, now: Callable[[], datetime]) -> None:
        self._connection, self._heads, self._now = connection, heads, now

    def append(self, drafts: Sequence[Draft]) -> list[Event]:
        """Number, seal and write `drafts`, in the transaction that is open, else in one of their own."""
        if not drafts:
            return []
        at = moment_text(self._now())
        with self._connection.joined():
            seq, previous = self._connection.known.get(_end) or self._last()
            rows = []
            for draft in drafts:
                seq += 1
                row = _row(seq, at, draft, previous)
                previous = row["hash"]
                rows.append(row)
            self._connection.change(_insert, rows)
            self._connection.change(_move_end, {"last_seq": seq, "last_hash": previous})
            self._connection.known[_end] = seq, previous
        moment = datetime.fromisoformat(at)
        return [_event(row, moment, draft.body) for row, draft in zip(rows, drafts, strict=True)]

    def read(
        self,
        *,
        after: int = 0,
        run_id: str | None = None,
        thread_id: str | None = None,
        types: Collection[str] | None = None,
        limit: int = 1000,
    ) -> list[Event]:
        """Return up to `limit` events in order; poll with the last seq seen to follow the journal.

        Args:
            after: Seq of the last event already known.
            run_id: Only this run's events.
            thread_id: Only this conversation's events.
            types: Only these `Event.type` values.
            limit: Most events to return.
        """
        query = _in_order.where(journal.c.seq > after).limit(limit)
        if run_id is not None:
            query = query.where(journal.c.run_id == run_id)
        if thread_id is not None:
            query = query.where(journal.c.thread_id == thread_id)
        if types is not None:
            query = query.where(journal.c.type.in_(sorted(types)))
        rows = [row._mapping for row in self._connection.rows(query)]
        return [_event(row, datetime.fromisoformat(row["at"]), json.loads(row["body"])) for row in rows]

    def all(self) -> Iterator[Event]:
        """Yield every event in order, read a page at a time."""
        after = 0
        while page := self.read(after=after):
            yield from page
            after = page[-1].seq

    def conversation(self, thread_id: str, *, before: str, limit: int) -> list[Json]:
        """Return the last complete messages of a thread, oldest first, without those of the run `before`.

        Returns:
            Up to `limit` of `{"role": "user" | "assistant", "content": str, "run": id of its run}`.
        """
        rows = self._connection.rows(_newest_words, {"of_thread": thread_id, "not_of_run": before})
        return messages((row.run_id, json.loads(row.body)) for row in reversed(rows))[-limit:]

    def order(self, order_id: str) -> Event | None:
        """Return the newest event in which a venue took the order with this id, the venue's or our own."""
        rows = self._connection.rows(_orders.where(journal.c.body.contains(encode(order_id), autoescape=True)))
        events = (_event(row._mapping, datetime.fromisoformat(row.at), json.loads(row.body)) for row in rows)
        return next((event for event in events if order_id in _order_ids(event)), None)

    def last_seq(self) -> int:
        """Return the newest event's seq, 0 when there is none."""
        return self._last()[0]

    def sign_head(self) -> Head | None:
        """Sign where the journal ends now; call it when a run has ended, outside of transactions.

        What is signed is on the disk first. Signing the same end again returns the head it has.

        Returns:
            The signed head, None for an empty journal.

        Raises:
            RuntimeError: A transaction is open: what it wrote may never be committed.
            IntegrityError: The signing key is missing or another one.
        """
        self._connection.require_outside("sign_head")
        seq, digest = self._last()
        self._connection.flush()
        with self._connection.transaction():  # the file is written by one process at a time
            newest = self._newest_head()
            if newest is not None and newest.seq >= seq:
                return newest
            if not seq:
                return None
            head = self._heads.sign(seq, digest, self._now())
        self._heads.flush()
        with self._connection.transaction():
            self._connection.change(
                _insert_head, {"seq": head.seq, "hash": head.hash, "at": head.at, "signature": head.signature}
            )
            self._connection.known[_newest_head] = head
        return head

    def erase(self, bodies: Mapping[int, str], statement: Mapping[str, Any], *, by: str) -> list[Event]:
        """Put other bodies in the place of some, and write down, signed, that this was done.

        Call it in a transaction with everything else that is erased. The rows keep their hashes; `verify` accepts
        exactly these bodies in their places, and counts them.

        Args:
            bodies: The new bodies by seq, JSON text.
            statement: Further fields of the `journal.erased` events, such as the reason; no erased content.
            by: The person who ordered it.

        Raises:
            IntegrityError: The signing key is missing or another one: nothing could vouch for the erasure.
        """
        with self._connection.joined():
            rows = [[seq, self._rewrite(seq, body)] for seq, body in sorted(bodies.items())]
            values = [{**statement, "by": by, "rows": rows[start : start + 500]} for start in range(0, len(rows), 500)]
            signed = [value | {"signature": self._heads.seal(_vouched(value))} for value in values]
            return self.append([Draft.of_person(events.custom(ERASED, value)) for value in signed])

    def _rewrite(self, seq: int, body: str) -> str:
        """Put another body in a row, and return the hash that the row would have with it."""
        self._connection.change(_rewrite, {"of_seq": seq, "new_body": body})
        *columns, _ = self._connection.first(_row_of, {"of_seq": seq})
        return seal(columns)

    def _is_signed(self, value: Json) -> bool:
        return self._heads.is_sealed(_vouched(value), str(value["signature"]))

    def verify(self) -> Verification:
        """Hold every row to its hash, its predecessor and the signed heads.

        Raises:
            RuntimeError: A transaction is open.
        """
        self._connection.require_outside("verify")
        with self._connection.transaction():  # a head is written to file and table under the same lock
            seq, digest = self._last()
            signed = self._connection.rows(_signatures)
            genuine, problems = self._heads.read()
        known = {head.signature for head in genuine}
        removed = [f"head of seq {row.seq}: missing from {HEADS_FILE}" for row in signed if row.signature not in known]
        audit = Audit(genuine, problems + removed, self._is_signed)
        try:
            with self._scan() as rows:
                audit.walk(rows)
        except sa.exc.DatabaseError as error:
            audit.note(f"after seq {audit.seq}: the database file is damaged ({error.orig})")
        return audit.finish(expected=seq, expected_hash=digest, newest=self.last_seq())

    def _newest_head(self) -> Head | None:
        if (known := self._connection.known.get(_newest_head)) is not None:
            return cast("Head", known)
        row = self._connection.first(_newest_head)
        return None if row is None else Head(*row)

    def _last(self) -> tuple[int, str]:
        row = self._connection.first(_end)
        assert row is not None
        return row.last_seq, row.last_hash

    @contextmanager
    def _scan(self) -> Iterator[Iterator[Sequence[Any]]]:
        with self._connection.reader() as reader:
            rows = reader.execute(_in_order.execution_options(yield_per=2000))
            yield iter(rows)
            rows.close()


def _vouched(value: Mapping[str, Any]) -> bytes:
    """What a `journal.erased` event is signed for; its reason is left out, so that words in it can be erased too."""
    return encode({"erased": value["rows"], "by": value["by"], "erasure": value.get("erasure", "")}).encode()


def _order_ids(event: Event) -> tuple[str, str]:
    value = event.body["value"]
    return value["orderId"], value["clientOrderId"]


def _row(seq: int, at: str, draft: Draft, previous: str) -> dict[str, Any]:
    body = draft.body
    row = {
        "seq": seq,
        "at": at,
        "run_id": draft.run_id,
        "thread_id": draft.thread_id,
        "agent": draft.agent,
        "visibility": draft.visibility,
        "type": body["name"] if body["type"] == "CUSTOM" else body["type"],
        "body": encode(body),
        "previous": previous,
    }
    row["hash"] = seal(list(row.values()))
    return row


def _event(row: Any, at: datetime, body: Json) -> Event:
    return Event(
        seq=row["seq"],
        at=at,
        run_id=row["run_id"],
        thread_id=row["thread_id"],
        agent=row["agent"],
        visibility=row["visibility"],
        body=body,
        previous=row["previous"],
        hash=row["hash"],
    )
