"""Reads candles from CSV: a header, then a row a bar; commas, semicolons or tabs, and a point as decimal mark."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from company.trading.feeds.columns import COLUMNS, Table, Unreadable, find_columns, read_number, time_reader

_DELIMITERS = ",;\t"


def read_csv(path: Path) -> Table:
    """Read a file; empty lines are passed over.

    Raises:
        Unreadable: It has no header that names the columns, or a row is too short or holds something else.
        OSError: It cannot be opened.
        UnicodeDecodeError: It is not UTF-8.
    """
    lines: list[int] = []
    values: list[list[float]] = []
    with path.open(encoding="utf-8-sig", newline="") as text:
        heading = text.readline()
        delimiter = max(_DELIMITERS, key=heading.count)
        form: dict[str, Any] = {"delimiter": delimiter, "skipinitialspace": True, "strict": True}
        rows = csv.reader(text, **form)
        try:
            read = _Rows(find_columns(next(csv.reader([heading], **form), [])))
            for row in rows:
                if row:
                    values.append(read(row))
                    lines.append(rows.line_num + 1)
        except (ValueError, csv.Error) as error:
            raise Unreadable(str(error), str(rows.line_num + 1)) from None
    return Table(np.array(values, dtype=np.float64).reshape(-1, 6), np.array(lines, dtype=np.int64), "")


class _Rows:
    """Reads rows; all times of a file are written alike."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = [places[column] for column in COLUMNS]
        self._time: Callable[[str], float] | None = None

    def __call__(self, row: list[str]) -> list[float]:
        try:
            time, *cells = [row[place].strip() for place in self._places]
        except IndexError:
            raise ValueError(f"the row has only {len(row)} columns: {row!r}") from None
        if self._time is None:
            self._time = time_reader(time)
        return [self._time(time), *map(read_number, cells, COLUMNS[1:])]
