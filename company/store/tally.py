"""What the model calls of this month took, kept ready: each call is read from the journal once.

`Meter` adds up whatever is asked for, which takes as long as there were calls; a dashboard asks the same thing every
few seconds. The tally belongs to one process and starts from the journal, so it can be thrown away at any time.
"""

import json
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from company.events import Json
from company.store.costs import CostRow
from company.store.database import Store
from company.store.prepared import Prepared
from company.store.schema import IS_COST, journal

By = Literal["day", "role", "model"]


class _Pot(NamedTuple):
    day: str
    role: str
    model: str


class Tally:
    """Sums of the UTC month by day, role and model.

    Args:
        store: The company's store.
    """

    def __init__(self, store: Store) -> None:
        self._connection, self._journal = store._connection, store.journal
        self._pots: dict[_Pot, CostRow] = {}
        self._month, self._seq = "", 0

    def by(self, key: By, at: datetime, *, day: bool = False) -> list[CostRow]:
        """Return the sums of a UTC month, one row for each value of `key`, in the order of the values.

        Args:
            key: What makes a row.
            at: A moment of the month.
            day: Only the UTC day of `at`.
        """
        self._catch_up(at)
        today = at.date().isoformat()
        groups: defaultdict[str, list[CostRow]] = defaultdict(list)
        for pot, row in self._pots.items():
            if not day or pot.day == today:
                groups[getattr(pot, key)].append(row)
        return [CostRow.of(name, groups[name]) for name in sorted(groups)]

    def _catch_up(self, at: datetime) -> None:
        """Read the calls since the last look; the first look of a month reads the month."""
        month, end = f"{at:%Y-%m}", self._journal.last_seq()
        if month != self._month:
            self._pots = {}
            rows = self._connection.rows(_of_month, {"since": f"{month}-01", "end": end})
        else:
            rows = self._connection.rows(_since, {"cost": "cost", "after": self._seq, "end": end})
        parts: defaultdict[_Pot, list[CostRow]] = defaultdict(list)
        for row in rows:
            value = json.loads(row.body)["value"]
            parts[_Pot(row.at[:10], value["role"], value["model"])].append(_call(value))
        for pot, calls in parts.items():
            self._pots[pot] = CostRow.of("", [*([self._pots[pot]] if pot in self._pots else []), *calls])
        self._month, self._seq = month, end


def _call(value: Json) -> CostRow:
    return CostRow(
        key="",
        calls=1,
        failed=int(value.get("outcome", "ok") != "ok"),
        input=value["inputTokens"],
        cached=value.get("cachedTokens", 0),
        output=value["outputTokens"],
        usd=Decimal(value["usd"]),
    )


_calls: sa.Select[Any] = sa.select(journal.c.at, journal.c.body)
_of_month = Prepared(_calls.where(IS_COST, journal.c.at >= sa.bindparam("since"), journal.c.seq <= sa.bindparam("end")))
_since = Prepared(  # by number: the type is a bound value, so the index of all costs is out of the question
    _calls.where(
        journal.c.seq > sa.bindparam("after"),
        journal.c.seq <= sa.bindparam("end"),
        journal.c.type == sa.bindparam("cost"),
    )
)
