"""Running numbers: 1, 2, 3, ... for each kind of thing, never the same number twice."""

import sqlalchemy as sa

from company.store.connection import Connection
from company.store.prepared import Prepared
from company.store.schema import counters

OWN_BOOK = ""
"""The store's own numbers; departments' books have names."""

_advance = Prepared(
    sa.update(counters)
    .where(counters.c.book == sa.bindparam("of_book"), counters.c.kind == sa.bindparam("of_kind"))
    .values(number=counters.c.number + 1)
    .returning(counters.c.number)
)
_start = Prepared(sa.insert(counters))


def next_number(connection: Connection, kind: str, *, book: str = OWN_BOOK) -> int:
    """Return the next number of `kind`; one taken in a transaction that fails is given again."""
    with connection.joined():
        row = connection.first(_advance, {"of_book": book, "of_kind": kind})
        if row is not None:
            return int(row.number)
        connection.change(_start, {"book": book, "kind": kind, "number": 1})
        return 1
