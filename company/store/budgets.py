"""Budgets: reserve the worst case, then spend, then settle with what it really was.

A budget is a tree: company > department > role > run > call. The first three are nodes, written as paths (`company`,
`company/newsroom`, `company/newsroom/research`), and a reservation is made for a run of a role
(`company/newsroom/research/R5`). A limit belongs to a node and a window: one call, one run, a UTC day or a UTC month. A
reservation must fit under every limit of all nodes above it; it counts in full until it is settled, also when the
process that made it died, until its run is released.

One call is a window without a sum: a worst case is held to it by itself.
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

Window = Literal["call", "run", "day", "month"]
WINDOWS: tuple[Window, ...] = get_args(Window)
SUMMED = WINDOWS[1:]
RUN_DEPTH = 3
"""Nodes above a run: company, department, role."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What may be spent until it is settled.

    Attributes:
        id: Its number.
        path: The run of a role it was made for.
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
    """What limits hold: a node in a window; the sum that is kept of it, or one call by itself."""

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
_texts = {kind: sa.bindparam(kind, type_=sa.Text) for kind in ("usd", "seconds")}
"""Sums become text here: the column's own conversion takes 10 µs more for the nine of a reservation."""
_insert_sum = Prepared(
    sa.insert(spending).values(node=sa.bindparam("of_node"), bucket=sa.bindparam("of_bucket"), **_texts), *KINDS
)
_update_sum = Prepared(
    sa.update(spending)
    .where(spending.c.node == sa.bindparam("of_node"), spending.c.bucket == sa.bindparam("of_bucket"))
    .values(**_texts),
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
        """Reserve `amounts` for a run of a role, and so on every node above, all or nothing.

        Args:
            path: `company/<department>/<role>/<run id>`.
            amounts: The worst case.
            limits: By node, as `node` for one run's window, `node@call`, `node@day` or `node@month`; of the amounts
                given there only the kinds that were set limit. Limits of nodes that are not on the path do not matter.

        Returns:
            The reservation, or the first limit it does not fit under: those of one call, then outermost node first.

        Raises:
            ValueError: `path` is not that of a run, or a key of `limits` is no node with a window.
        """
        run_id, now, caps = _run_of(path), self._now(), _caps(limits)
        if trip := _trip(caps, dict.fromkeys(_calls(path), amounts), {}, amounts):
            return trip
        pots = _pots(path, run_id, now)
        with self._connection.joined():
            used = self._used(pots)
            after = {pot: _plus(used.get(pot, _NONE), amounts) for pot in pots}
            if trip := _trip(caps, after, used, amounts):
                return trip
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

    def used_in_run(self, node: str, run_id: str) -> tuple[Decimal, int]:
        """Return the dollars and tokens that count on a node in one run: spent, and reserved at worst case."""
        pot = _Pot(node, "run", f"run:{run_id}")
        with self._connection.joined():
            found = self._used([pot]).get(pot, _NONE)
        return found.usd, found.tokens

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
            if rows := [_written(pot, sums) for pot, sums in after.items() if (pot in before) is known]:
                self._connection.change(statement, rows)
        self._connection.known.update(after)


_NOTHING = Amounts()
_NONE = _Sum(Decimal(0), 0, 0, Decimal(0))


def _run_of(path: str) -> str:
    parts = path.split("/")
    if len(parts) != RUN_DEPTH + 1 or not all(parts):
        raise ValueError(f"{path!r} names no run; a reservation is made on 'company/<department>/<role>/<run id>'")
    return parts[RUN_DEPTH]


def _caps(limits: Mapping[str, Amounts]) -> Mapping[tuple[str, Window], Amounts]:
    return dict(zip(_places(tuple(limits)), limits.values(), strict=True))


@lru_cache(maxsize=256)
def _places(keys: tuple[str, ...]) -> list[tuple[str, Window]]:
    """Read the keys of limits; the same roles ask with the same ones again and again."""
    return [_place(key) for key in keys]


def _place(key: str) -> tuple[str, Window]:
    node, _, name = key.partition("@")
    window = next((window for window in WINDOWS if window == (name or "run")), None)
    if window is None:
        raise ValueError(f"limit {key!r}: {name!r} is not a window; there are {', '.join(WINDOWS)}")
    if node.count("/") >= RUN_DEPTH:
        raise ValueError(f"limit {key!r}: {node!r} names a run; limit the run's window of a node above it")
    return node, window


def _pots(path: str, run_id: str, at: datetime) -> list[_Pot]:
    return _pots_of_day(path, run_id, at.astimezone(UTC).date().isoformat())


@lru_cache(maxsize=256)
def _pots_of_day(path: str, run_id: str, day: str) -> list[_Pot]:
    buckets: dict[Window, str] = {"run": f"run:{run_id}", "day": f"day:{day}", "month": f"month:{day[:7]}"}
    return [_Pot(node, window, buckets[window]) for node in _nodes(path) for window in SUMMED]


@lru_cache(maxsize=256)
def _calls(path: str) -> list[_Pot]:
    return [_Pot(node, "call", "") for node in _nodes(path)]


def _nodes(path: str) -> list[str]:
    """The nodes above a run, the root first."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, RUN_DEPTH + 1)]


def _trip(
    caps: Mapping[tuple[str, Window], Amounts],
    after: Mapping[_Pot, Amounts | _Sum],
    used: Mapping[_Pot, _Sum],
    asked: Amounts,
) -> Trip | None:
    """Return the first limit that the totals of `after` exceed."""
    for pot, total in after.items():
        limit = caps.get((pot.node, pot.window))
        if limit is not None and (kind := _exceeded(limit, total)):
            before = used.get(pot, _NONE)
            return Trip(pot.node, pot.window, kind, limit.of(kind), getattr(before, kind), asked.of(kind))
    return None


def _exceeded(limit: Amounts, total: Amounts | _Sum) -> Kind | None:
    """Return the first kind of which a total is over its limit."""
    return next(
        (kind for kind in KINDS if kind in limit.model_fields_set and getattr(total, kind) > limit.of(kind)), None
    )


def _written(pot: _Pot, sums: _Sum) -> dict[str, str | int]:
    return {
        "of_node": pot.node,
        "of_bucket": pot.bucket,
        "usd": format(sums.usd, "f"),
        "tokens": sums.tokens,
        "calls": sums.calls,
        "seconds": format(sums.seconds, "f"),
    }


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
