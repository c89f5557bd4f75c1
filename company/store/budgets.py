"""Budgets: reserve the worst case, then spend, then settle with what it really was.

A budget is a tree of nodes, written as paths: the company, a role, the role's part of one run (`company`,
`company/trading`, `company/trading/R5`). A limit belongs to a node and a window: one run, a UTC day or a UTC month; a
node that names a run has the run's window only. A
reservation must fit under every limit of its node and of all nodes above; it counts in full until it is settled, also
when the process that made it died, until its run is released.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple, get_args

import sqlalchemy as sa

from company.errors import IntegrityError
from company.store.amounts import EXACT, KINDS, Amounts, Kind, exact_sum
from company.store.connection import Connection
from company.store.prepared import Prepared
from company.store.schema import reservations, spending

Window = Literal["run", "day", "month"]
WINDOWS: tuple[Window, ...] = get_args(Window)
RUN_DEPTH = 2
"""Nodes above the one that names a run."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What may be spent until it is settled.

    Attributes:
        id: Its number.
        path: The node it was made on.
        amounts: The worst case.
    """

    id: int
    path: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Trip:
    """A limit that a reservation does not fit under; nothing was reserved.

    Attributes:
        node: The node whose limit it is.
        window: The limit's window.
        kind: What would be exceeded.
        limit: The limit.
        used: What counts already: spent and reserved.
        asked: What was asked for on top.
    """

    node: str
    window: Window
    kind: Kind
    limit: Decimal | int
    used: Decimal | int
    asked: Decimal | int


class _Pot(NamedTuple):
    """One sum that is kept: a node in a window."""

    node: str
    window: Window
    bucket: str


class _Sum(NamedTuple):
    """What counts in a pot; plain, because a reservation adds nine of them and `Amounts` would validate each."""

    usd: Decimal
    tokens: int
    calls: int
    seconds: Decimal


class _Open(NamedTuple):
    """A row of a reservation that was not settled yet."""

    id: int
    path: str
    run_id: str
    at: datetime
    state: str
    usd: Decimal
    tokens: int
    calls: int
    seconds: Decimal


_insert = Prepared(sa.insert(reservations).returning(reservations.c.id), "path", "run_id", "at", "state", *KINDS)
_by_id = Prepared(sa.select(reservations).where(reservations.c.id == sa.bindparam("of_id")))
_open_of_run = Prepared(
    sa.select(reservations)
    .where(reservations.c.run_id == sa.bindparam("of_run"), reservations.c.state == "open")
    .order_by(reservations.c.id)
)
_restate = Prepared(sa.update(reservations).where(reservations.c.id == sa.bindparam("of_id")), "state", *KINDS)
_counted = sa.select(*(reservations.c[kind] for kind in KINDS))
_of_run = Prepared(_counted.where(reservations.c.run_id == sa.bindparam("of_run")))
_insert_sum = Prepared(
    sa.insert(spending).values(node=sa.bindparam("of_node"), bucket=sa.bindparam("of_bucket")), *KINDS
)
_update_sum = Prepared(
    sa.update(spending).where(
        spending.c.node == sa.bindparam("of_node"), spending.c.bucket == sa.bindparam("of_bucket")
    ),
    *KINDS,
)


@cache
def _sums(pots: int) -> Prepared:
    """The sums of so many pots; pair by pair, because SQLite takes 12 µs for that and 45 for two `IN` lists."""
    return Prepared(
        sa.select(spending.c.node, spending.c.bucket, *(spending.c[kind] for kind in KINDS)).where(
            sa.or_(
                *(
                    sa.and_(
                        spending.c.node == sa.bindparam(f"node{number}"),
                        spending.c.bucket == sa.bindparam(f"bucket{number}"),
                    )
                    for number in range(pots)
                )
            )
        )
    )


class Budgets:
    """What the company spent and may spend.

    Args:
        connection: The store's database.
        now: Wall-clock time; decides which day and month a reservation counts in.
    """

    def __init__(self, connection: Connection, *, now: Callable[[], datetime]) -> None:
        self._connection, self._now = connection, now

    def reserve(self, path: str, amounts: Amounts, limits: Mapping[str, Amounts]) -> Reservation | Trip:
        """Reserve `amounts` on a node and every node above, all or nothing.

        Args:
            path: `company/<role>/<run id>`, or deeper.
            amounts: The worst case.
            limits: By node, as `node` for one run's window, `node@day` or `node@month`; of the amounts given there only
                the kinds that were set limit. Limits of nodes that are not on the path do not matter.

        Returns:
            The reservation, or the first limit it does not fit under, outermost node first.

        Raises:
            ValueError: `path` names no run, or a key of `limits` no window that its node has.
        """
        run_id, now, caps = _run_of(path), self._now(), _caps(limits)
        pots = _pots(path, run_id, now)
        with self._connection.joined():
            used = self._used(pots)
            after = {pot: _plus(used.get(pot, _NONE), amounts) for pot in pots}
            for pot, total in after.items():
                if kind := _exceeded(caps.get((pot.node, pot.window)), total):
                    limit, before = caps[pot.node, pot.window], used.get(pot, _NONE)
                    return Trip(pot.node, pot.window, kind, limit.of(kind), getattr(before, kind), amounts.of(kind))
            values = {"path": path, "run_id": run_id, "at": now, "state": "open", **amounts.row()}
            number = self._connection.first(_insert, values).id
            self._store_sums(used, after)
            self._connection.known[_by_id, number] = _Open(
                number, path, run_id, now, "open", amounts.usd, amounts.tokens, amounts.calls, amounts.seconds
            )
        return Reservation(number, path, amounts)

    def settle(self, reservation: Reservation, actual: Amounts) -> None:
        """Replace the worst case by what was spent, also when that is more, and also after a release.

        Raises:
            IntegrityError: There is no such reservation, or it is settled already.
        """
        with self._connection.joined():
            row = self._connection.known.get((_by_id, reservation.id))
            row = row or self._connection.first(_by_id, {"of_id": reservation.id})
            if row is None or row.state == "settled":
                was = "does not exist" if row is None else "is settled already"
                raise IntegrityError(f"reservation {reservation.id} on {reservation.path!r} {was}: settle each once")
            self._recount(row, "settled", actual)

    def release_run(self, run_id: str) -> int:
        """Give back what a dead run had reserved and never settled; return how many reservations that were."""
        with self._connection.joined():
            rows = self._connection.rows(_open_of_run, {"of_run": run_id})
            for row in rows:
                self._recount(row, "released", _NOTHING)
        return len(rows)

    def used(self, path: str, since: datetime) -> Amounts:
        """Return what counts on a node and below from `since` on: spent, and reserved at worst case."""
        below = reservations.c.path.startswith(f"{path}/", autoescape=True)
        query = _counted.where(reservations.c.at >= since, sa.or_(reservations.c.path == path, below))
        return _total(self._connection.rows(query))

    def used_by_run(self, run_id: str) -> Amounts:
        """Return what counts for one run, over all its roles."""
        return _total(self._connection.rows(_of_run, {"of_run": run_id}))

    def _recount(self, row: Any, state: str, amounts: Amounts) -> None:
        self._connection.change(_restate, {"of_id": row.id, "state": state, **amounts.row()})
        self._connection.known.pop((_by_id, row.id), None)
        used, change = self._used(_pots(row.path, row.run_id, row.at)), _difference(amounts, row)
        self._store_sums(used, {pot: _plus(total, change) for pot, total in used.items()})

    def _used(self, pots: Sequence[_Pot]) -> dict[_Pot, _Sum]:
        known = self._connection.known
        if unread := [pot for pot in pots if pot not in known]:
            wanted = {(pot.node, pot.bucket): pot for pot in unread}
            asked = {f"node{number}": pot.node for number, pot in enumerate(unread)}
            asked |= {f"bucket{number}": pot.bucket for number, pot in enumerate(unread)}
            rows = self._connection.rows(_sums(len(unread)), asked)
            known |= {wanted[row[:2]]: _Sum(*row[2:]) for row in rows}
        return {pot: known[pot] for pot in pots if pot in known}

    def _store_sums(self, before: Mapping[_Pot, _Sum], after: Mapping[_Pot, _Sum]) -> None:
        for statement, known in ((_insert_sum, False), (_update_sum, True)):
            rows = [
                {"of_node": pot.node, "of_bucket": pot.bucket, **sums._asdict()}
                for pot, sums in after.items()
                if (pot in before) is known
            ]
            if rows:
                self._connection.change(statement, rows)
        self._connection.known.update(after)


_NOTHING = Amounts()
_NONE = _Sum(Decimal(0), 0, 0, Decimal(0))


def _run_of(path: str) -> str:
    parts = path.split("/")
    if len(parts) < 3 or not all(parts):
        raise ValueError(f"{path!r} names no run; a reservation is made on 'company/<role>/<run id>'")
    return parts[2]


def _caps(limits: Mapping[str, Amounts]) -> dict[tuple[str, str], Amounts]:
    caps: dict[tuple[str, str], Amounts] = {}
    for key, limit in limits.items():
        node, _, window = key.partition("@")
        if window not in ("", *WINDOWS):
            raise ValueError(f"limit {key!r}: {window!r} is not a window; there are {', '.join(WINDOWS)}")
        if window in ("day", "month") and node.count("/") >= RUN_DEPTH:
            raise ValueError(f"limit {key!r}: {node!r} names a run, which has no window but its own")
        caps[node, window or "run"] = limit
    return caps


def _pots(path: str, run_id: str, at: datetime) -> list[_Pot]:
    return _pots_of_day(path, run_id, at.astimezone(UTC).date().isoformat())


@lru_cache(maxsize=256)
def _pots_of_day(path: str, run_id: str, day: str) -> list[_Pot]:
    buckets: dict[Window, str] = {"run": f"run:{run_id}", "day": f"day:{day}", "month": f"month:{day[:7]}"}
    above = [_Pot(node, window, buckets[window]) for node in _nodes(path)[:RUN_DEPTH] for window in WINDOWS]
    return above + [_Pot(node, "run", buckets["run"]) for node in _nodes(path)[RUN_DEPTH:]]


def _nodes(path: str) -> list[str]:
    """The node and all above, the root first."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _exceeded(limit: Amounts | None, total: _Sum) -> Kind | None:
    """Return the first kind of which a total is over its limit."""
    if limit is None:
        return None
    return next(
        (kind for kind in KINDS if kind in limit.model_fields_set and getattr(total, kind) > limit.of(kind)), None
    )


def _plus(total: _Sum, more: Any) -> _Sum:
    """Return a sum; `more` has a field for each kind, as `Amounts` and rows have."""
    return _Sum(
        EXACT.add(total.usd, more.usd),
        total.tokens + more.tokens,
        total.calls + more.calls,
        EXACT.add(total.seconds, more.seconds),
    )


def _difference(after: Any, before: Any) -> _Sum:
    return _Sum(
        EXACT.subtract(after.usd, before.usd),
        after.tokens - before.tokens,
        after.calls - before.calls,
        EXACT.subtract(after.seconds, before.seconds),
    )


def _total(rows: Sequence[sa.Row[Any]]) -> Amounts:
    return Amounts(
        usd=exact_sum(row.usd for row in rows),
        tokens=sum(row.tokens for row in rows),
        calls=sum(row.calls for row in rows),
        seconds=exact_sum(row.seconds for row in rows),
    )
