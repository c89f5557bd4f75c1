"""Flags: single named values every process of the company sees, such as the stop flag."""

import sqlalchemy as sa

from company.store.connection import Connection
from company.store.prepared import Prepared
from company.store.schema import flags

_get = Prepared(sa.select(flags.c.value).where(flags.c.name == sa.bindparam("of_name")))
_update = sa.update(flags).where(flags.c.name == sa.bindparam("of_name")).values(value=sa.bindparam("of_value"))
_insert = sa.insert(flags).values(name=sa.bindparam("of_name"), value=sa.bindparam("of_value"))
_delete = sa.delete(flags).where(flags.c.name == sa.bindparam("of_name"))


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
