"""Statements that are compiled once: SQLAlchemy writes the SQL and converts the values, the driver runs it.

SQLAlchemy's own execution costs about 45 µs a statement, most of it for what a statement known beforehand does not
need; a prepared one costs about 10. A run executes some two hundred, so the statements on its way are prepared. What
is asked rarely, or has another shape each time, is executed by SQLAlchemy as before.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Convert = Callable[[Any], Any]
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Prepared:
    """A statement to be compiled at its first use; made once, beside the code that uses it.

    Args:
        statement: With a fixed number of parameters: no `in_` of a list.
        columns: Of an insert, the columns it fills; all of the table when left out.
    """

    def __init__(self, statement: sa.Executable, *columns: str) -> None:
        self._statement, self._columns = statement, columns

    def compile(self, dialect: sa.Dialect) -> "Program":
        """Return what a connection of `dialect` needs to run it."""
        statement: Any = self._statement
        compiled = statement.compile(dialect=dialect, column_keys=self._columns or None)
        columns = getattr(statement, "exported_columns", ())
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        writers = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()}
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        return Program(
            sql=str(compiled),
            fixed={name: bind.value for name, bind in binds.items() if not bind.required},
            writers=tuple((name, convert) for name, convert in writers.items() if convert),
            readers=tuple((place, convert) for place, convert in enumerate(readers) if convert),
            make=_row_maker([column.key for column in columns]),
        )


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled statement.

    Attributes:
        sql: Its text, parameters by name.
        fixed: Parameters whose values are part of the statement.
        writers: Parameters whose values have another form in the database.
        readers: The same of result columns, by place.
        make: Makes a row with named fields out of columns.
    """

    sql: str
    fixed: Mapping[str, Any]
    writers: Sequence[tuple[str, Convert]]
    readers: Sequence[tuple[int, Convert]]
    make: Callable[[Sequence[Any]], Any]

    def values(self, parameters: Parameters) -> Mapping[str, Any] | list[Mapping[str, Any]]:
        """Return the parameters as the driver takes them: of one execution, or of each of several."""
        if isinstance(parameters, Sequence):
            return [self._values(one) for one in parameters]
        return self._values(parameters or {})

    def row(self, columns: Sequence[Any]) -> Any:
        """Return a row of the result."""
        if self.readers:
            columns = list(columns)
            for place, convert in self.readers:
                columns[place] = convert(columns[place])
        return self.make(columns)

    def _values(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        if not (self.fixed or self.writers):
            return parameters
        values = {**self.fixed, **parameters}
        for name, convert in self.writers:
            values[name] = convert(values[name])
        return values


def _row_maker(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    row: Any = namedtuple("Row", names)  # type: ignore[misc]  # known only when the statement is compiled
    return row._make
