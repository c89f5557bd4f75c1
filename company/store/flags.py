"""Flags: single named values every process of the company sees, such as the stop flag."""

from collections.abc import Sequence
from functools import cache

import sqlalchemy as sa

from company.store.connection import Connection
from company.store.prepared import Prepared
from company.store.schema import flags

STOP_FLAG = "stop"
"""Name of the flag that makes the company stand still; its value is who stopped it and why."""

_get = Prepared(sa.select(flags.c.value).where(flags.c.name == sa.bindparam("of_name")))
_named = sa.select(flags.c.name, flags.c.value)
_update = sa.update(flags).where(flags.c.name == sa.bindparam("of_name")).values(value=sa.bindparam("of_value"))
_insert = sa.insert(flags).values(name=sa.bindparam("of_name"), value=sa.bindparam("of_value"))
_delete = sa.delete(flags).where(flags.c.name == sa.bindparam("of_name"))


@cache
def _any(count: int) -> Prepared:
    """So many flags; one by one, because SQLite takes longer for a list."""
    return Prepared(_named.where(sa.or_(*(flags.c.name == sa.bindparam(f"name{place}") for place in range(count)))))


class Flags:
    """Named values.

    Args:
        connection: The store's database.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        """Return the flag's value, None when it is not set."""
        row = self._connection.first(_get, {"of_name": name})
        return None if row is None else str(row.value)

    def first_of(self, names: Sequence[str]) -> tuple[str, str] | None:
        """Return name and value of the first of `names` that is set, None when none is; one query for all of them."""
        rows = self._connection.rows(_any(len(names)), {f"name{place}": name for place, name in enumerate(names)})
        return min(
            ((str(row.name), str(row.value)) for row in rows), key=lambda flag: names.index(flag[0]), default=None
        )

    def beginning(self, prefix: str) -> dict[str, str]:
        """Return the flags whose names begin with `prefix`, in order of their names."""
        query = _named.where(flags.c.name.startswith(prefix, autoescape=True)).order_by(flags.c.name)
        return {str(row.name): str(row.value) for row in self._connection.rows(query)}

    def set(self, name: str, value: str) -> None:
        """Set a flag.

        Raises:
            ValueError: The value is empty, which readers would take for not set.
        """
        if not value:
            raise ValueError(f"flag {name!r} needs a value, for example the reason it is set; use clear() to remove it")
        self._connection.put(_update, _insert, {"of_name": name, "of_value": value})

    def clear(self, name: str) -> None:
        """Remove a flag; one that is not set stays so."""
        self._connection.change(_delete, {"of_name": name})
