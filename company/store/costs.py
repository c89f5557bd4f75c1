"""What model calls took, and what tools were paid: tokens, dollars and time, added up from the journal's cost events.

The journal is the record of each call, and an index over its cost events alone makes a sum depend on the calls in
question, not on the length of the journal. A tool that costs something stands there as a model called `tool NAME`.
Dollars are added as decimals here, because a database adds them as floating point. What counts against the company's
limits is another figure: it holds open reservations and all calls of tools, and is kept ready in the budget tree
(`counted`).
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, Self

import sqlalchemy as sa

from company.events import Json
from company.store.amounts import KINDS, Amounts, exact_sum
from company.store.database import Store
from company.store.schema import IS_COST, journal, moment_text, spending

CostKey = Literal["role", "run", "day", "model", "thread"]

CHUNK = 2_000
"""Events held in memory at a time."""

_events = sa.select(journal.c.at, journal.c.run_id, journal.c.thread_id, journal.c.body).where(IS_COST)
_pots = sa.select(spending).where(
    spending.c.node == "company", spending.c.bucket.in_(sa.bindparam("buckets", expanding=True))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """What the model calls of one role, run, day, model or thread took.

    Attributes:
        key: Which one; a day is `2026-03-01`, UTC.
        calls: Calls, failed ones included.
        failed: Of `calls`, those that ended in a fault.
        input: Tokens read, cached ones included.
        cached: Of `input`, those the provider had in its cache.
        cache_written: Of `input`, those the provider put into its cache.
        output: Tokens written, reasoning included.
        reasoning: Of `output`, those that are not part of the answer.
        usd: Dollars, exact.
        elapsed: Seconds the calls took, one after the other.
    """

    key: str
    calls: int = 0
    failed: int = 0
    input: int = 0
    cached: int = 0
    cache_written: int = 0
    output: int = 0
    reasoning: int = 0
    usd: Decimal = Decimal(0)
    elapsed: Decimal = Decimal(0)

    @classmethod
    def of(cls, key: str, rows: Iterable[Self]) -> Self:
        """Return the sum of `rows` as a row called `key`."""
        rows = list(rows)
        return cls(
            key=key,
            calls=sum(row.calls for row in rows),
            failed=sum(row.failed for row in rows),
            input=sum(row.input for row in rows),
            cached=sum(row.cached for row in rows),
            cache_written=sum(row.cache_written for row in rows),
            output=sum(row.output for row in rows),
            reasoning=sum(row.reasoning for row in rows),
            usd=exact_sum(row.usd for row in rows),
            elapsed=exact_sum(row.elapsed for row in rows),
        )

    @classmethod
    def grouped(cls, rows: Iterable[Self], group_of: Mapping[str, str]) -> list[Self]:
        """Add rows up that belong together, such as those of the roles of a department.

        Args:
            rows: What to add up.
            group_of: The group of a row, by its key; a row that is not named there is a group of its own.

        Returns:
            One row for each group, in the order in which they first come.
        """
        groups: defaultdict[str, list[Self]] = defaultdict(list)
        for row in rows:
            groups[group_of.get(row.key, row.key)].append(row)
        return [cls.of(name, members) for name, members in groups.items()]


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts against the company's limits: spent, and reserved at worst case.

    Attributes:
        day: In the UTC day.
        month: In the UTC month.
    """

    day: Amounts
    month: Amounts


class Meter:
    """Reads what model calls took.

    Args:
        store: The company's store.
    """

    def __init__(self, store: Store) -> None:
        self._connection = store._connection

    def by(
        self, key: CostKey, *, since: datetime | None = None, until: datetime | None = None, run: str = ""
    ) -> list[CostRow]:
        """Add calls up by `key`.

        Args:
            key: What makes a row; `thread` is empty for calls outside of conversations.
            since: First moment that counts, aware; None for the beginning.
            until: First moment that does not count any more, aware; None for no end.
            run: Only this run's calls; empty for all.

        Returns:
            One row for each value of `key`, in the order of its first call.

        Raises:
            ValueError: A moment has no time zone.
        """
        rows: dict[str, CostRow] = {}
        for part in self._parts(_query(since, until, run)):
            for name, values in _grouped(part, _KEY_OF[key]).items():
                row = _row(name, values)
                rows[name] = CostRow.of(name, [rows[name], row]) if name in rows else row
        return list(rows.values())

    def total(self, *, since: datetime | None = None, until: datetime | None = None, run: str = "") -> CostRow:
        """Add all calls up; arguments as of `by`."""
        return CostRow.of("total", self.by("day", since=since, until=until, run=run))

    def counted(self, at: datetime) -> Counted:
        """Return what counts in the UTC day and month of `at`, an aware time."""
        day = at.astimezone(UTC).date().isoformat()
        buckets = [f"day:{day}", f"month:{day[:7]}"]
        kept = {
            row.bucket: Amounts(**{kind: getattr(row, kind) for kind in KINDS})
            for row in self._connection.rows(_pots, {"buckets": buckets})
        }
        return Counted(*(kept.get(bucket, Amounts()) for bucket in buckets))

    def _parts(self, query: sa.Select[Any]) -> Iterator[Sequence[sa.Row[Any]]]:
        with self._connection.reader() as reader:
            yield from reader.execute(query.execution_options(yield_per=CHUNK)).partitions()


_KEY_OF: Mapping[CostKey, Callable[[sa.Row[Any], Json], str]] = {
    "role": lambda _, value: value["role"],
    "run": lambda row, _: row.run_id,
    "day": lambda row, _: row.at[:10],
    "model": lambda _, value: value["model"],
    "thread": lambda row, _: row.thread_id,
}


def _query(since: datetime | None, until: datetime | None, run: str) -> sa.Select[Any]:
    query = _events
    if since is not None:
        query = query.where(journal.c.at >= moment_text(since))
    if until is not None:
        query = query.where(journal.c.at < moment_text(until))
    return query.where(journal.c.run_id == run).order_by(journal.c.seq) if run else query.order_by(journal.c.at)


def _grouped(part: Sequence[sa.Row[Any]], key_of: Callable[[sa.Row[Any], Json], str]) -> Mapping[str, list[Json]]:
    groups: defaultdict[str, list[Json]] = defaultdict(list)
    for row in part:
        value = json.loads(row.body)["value"]
        groups[key_of(row, value)].append(value)
    return groups


def _row(key: str, values: Sequence[Json]) -> CostRow:
    """Add up cost events; those of early journals say nothing of caches, reasoning and faults."""

    def count(name: str) -> int:
        return sum(value.get(name, 0) for value in values)

    return CostRow(
        key=key,
        calls=len(values),
        failed=sum(value.get("outcome", "ok") != "ok" for value in values),
        input=count("inputTokens"),
        cached=count("cachedTokens"),
        cache_written=count("cacheWrittenTokens"),
        output=count("outputTokens"),
        reasoning=count("reasoningTokens"),
        usd=exact_sum(Decimal(value["usd"]) for value in values),
        elapsed=Decimal(count("elapsedMs")) / 1000,
    )
