"""Reads candles from Parquet, through the extra `parquet`."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from company.trading.features import Floats
from company.trading.feeds.columns import Table, Unreadable, find_columns, moment_ms, read_number, time_reader


def read_parquet(path: Path) -> Table:
    """Read a file. Times may be timestamps, dates, numbers or texts.

    Raises:
        Unreadable: pyarrow is missing, it is no Parquet, a column is missing, or a row holds something else.
        OSError: It cannot be opened.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise Unreadable("Parquet needs pyarrow: pip install 'the-ai-company[parquet]'") from None
    with path.open("rb") as file:
        try:
            table = parquet.ParquetFile(file).read()
            places = find_columns(table.column_names)
        except (pyarrow.ArrowException, ValueError) as error:
            raise Unreadable(f"is no Parquet of candles: {error}") from None
    columns = [_numbers(table.column(place).to_pylist(), column) for column, place in places.items()]
    return Table(np.column_stack(columns), np.arange(1, len(table) + 1), "row ")


def _numbers(values: Iterable[Any], column: str) -> Floats:
    numbers: list[float] = []
    try:
        numbers.extend(_cells(values, column))
    except ValueError as error:
        raise Unreadable(str(error), f"row {len(numbers) + 1}") from None
    return np.array(numbers, dtype=np.float64)


def _cells(values: Iterable[Any], column: str) -> Iterator[float]:
    time: Callable[[str], float] | None = None
    for value in values:
        if value is None:
            raise ValueError(f"{column} is empty")
        if column != "timestamp":
            yield read_number(value, column)
        elif hasattr(value, "year"):
            yield moment_ms(value)
        else:
            time = time or time_reader(str(value))
            yield time(str(value))
