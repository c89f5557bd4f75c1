"""Which column of a file is which, and what its times mean.

Columns are found by name, never by place. Other columns are left alone; two that could be the same one are an error.
Times are a number (seconds, or thousandths, millionths or billionths of it, told by size, one unit for the whole file)
or a date; one without a zone is UTC.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from company.trading.features import Floats

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
"""What a file of candles must have."""

NAMES = {
    "timestamp": {"timestamp", "time", "date", "datetime", "open_time", "opentime", "unix", "t"},
    "open": {"open", "o"},
    "high": {"high", "h"},
    "low": {"low", "l"},
    "close": {"close", "c"},
    "volume": {"volume", "vol", "base_volume", "v"},
}
_UNITS = {1e8: 1_000.0, 1e11: 1.0, 1e14: 1e-3, 1e17: 1e-6}
"""Milliseconds in one unit, by the least number that is taken for it: 1973 in seconds, milliseconds, ..."""
_LEAST, _MOST = 1e8, 1e20


@dataclass(frozen=True, slots=True)
class Table:
    """Candles as they stand in a file.

    Attributes:
        rows: As `holes.find_fault` takes them.
        places: Number of each row's line, from 1.
        unit: What the places count, as it stands before a number: nothing for lines, `row ` for rows.
    """

    rows: Floats
    places: NDArray[np.int64]
    unit: str


class Unreadable(Exception):
    """A file is no table of candles.

    Args:
        what: Why not.
        place: The line or row, as `12` or `row 12`; empty when it is the whole file.
    """

    def __init__(self, what: str, place: str = "") -> None:
        super().__init__(what)
        self.what, self.place = what, place


def find_columns(header: Sequence[str]) -> dict[str, int]:
    """Return the place of each of `COLUMNS`.

    Raises:
        ValueError: One is missing, or there are two of it.
    """
    plain = [name.strip().lower().replace(" ", "_") for name in header]
    return {column: _place(column, plain) for column in COLUMNS}


def read_number(value: object, column: str) -> float:
    """Return a value as a number; NaN and infinities pass here, for `holes.find_fault` to refuse.

    Raises:
        ValueError: It is none, or written with underscores, which only Python knows.
    """
    try:
        if isinstance(value, str) and "_" in value:
            raise ValueError
        return float(value)  # type: ignore[arg-type]  # what float cannot take is what is looked for
    except (TypeError, ValueError):
        raise ValueError(f"{column} {value!r} is not a number") from None


def time_reader(first: str) -> Callable[[str], float]:
    """Return what reads times that are written as the first one is.

    Raises:
        ValueError: The first one is a number, but no time.
    """
    if len(first) == len("YYYYMMDD") and first.isdigit():
        return read_date
    try:
        number = read_number(first, "timestamp")
    except ValueError:
        return read_date
    unit = unit_of(number)

    def _epoch(text: str) -> float:
        number = read_number(text, "timestamp")
        if unit_of(number) != unit:
            raise ValueError(f"timestamp {text!r} is of another unit than the first, {first!r}")
        return round(number * unit)

    return _epoch


def unit_of(number: float) -> float:
    """Return how many milliseconds one unit of an epoch time has.

    Raises:
        ValueError: The number is too small or too large for a time since 1973.
    """
    if not _LEAST <= number < _MOST:
        raise ValueError(f"timestamp {number:g} is no time since 1970 in seconds, ms, us or ns")
    return next(unit for least, unit in reversed(_UNITS.items()) if number >= least)


def read_date(text: str) -> float:
    """Return a date or date-time of ISO 8601 as UTC epoch milliseconds.

    Raises:
        ValueError: It is none.
    """
    try:
        return moment_ms(datetime.fromisoformat(text.removesuffix(" UTC")))
    except ValueError:
        raise ValueError(f"timestamp {text!r} is neither a number nor a date as 2030-01-31T12:00:00Z") from None


def moment_ms(moment: date) -> float:
    """Return a date or date-time as UTC epoch milliseconds; one without a zone is UTC."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.timestamp() * 1000


def _place(column: str, names: Sequence[str]) -> int:
    if column in names:
        fitting = [index for index, name in enumerate(names) if name == column]
    else:
        fitting = [index for index, name in enumerate(names) if name in NAMES[column]]
    if len(fitting) != 1:
        what = "there is no column" if not fitting else f"{len(fitting)} columns could be"
        raise ValueError(f"{what} {column!r}; the header is {', '.join(names)!r}")
    return fitting[0]
