"""Candles from files: CSV, and Parquet through the extra `parquet`.

A file is read whole or refused, naming the line. What it does not hold is not made up: `find_holes` tells which bars
are missing.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from company.errors import UsageError
from company.trading.features import TIMEFRAMES, Bars
from company.trading.feeds.columns import COLUMNS, Table, Unreadable
from company.trading.feeds.csv_file import read_csv
from company.trading.feeds.holes import find_fault
from company.trading.feeds.parquet_file import read_parquet

CURE = f"a file of candles has a header with {', '.join(COLUMNS)} and a row for each closed bar, the oldest first"
_ENOUGH = 3  # rows by which a file shows how far apart its bars are
_FORMATS: dict[str, Callable[[Path], Table]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".parquet": read_parquet,
    ".pq": read_parquet,
}


def read_candles(path: Path, *, symbol: str, timeframe: str) -> Bars:
    """Read a file of candles.

    Args:
        path: The file; its suffix tells what it is: `.csv`, `.tsv`, `.parquet` or `.pq`.
        symbol: Whose candles they are.
        timeframe: How long a bar is, a key of `TIMEFRAMES`.

    Raises:
        UsageError: The file cannot be read, a value is no number, a price is not positive, bars are double, out of
            order or off the grid of the timeframe; the error names the file and the line (of Parquet, the row).
    """
    if timeframe not in TIMEFRAMES:
        raise UsageError(f"timeframe {timeframe!r} is unknown", cure=f"use one of {', '.join(TIMEFRAMES)}")
    table = _read(path)
    _check(table, path, timeframe)
    return Bars.read(table.rows.tolist(), symbol=symbol, timeframe=timeframe, source=path.name)


def _read(path: Path) -> Table:
    read = _FORMATS.get(path.suffix.lower())
    if read is None:
        what = f"{path.suffix!r} is no format of candles"
        raise UsageError(what, where=str(path), cure=f"give one of {', '.join(_FORMATS)}")
    try:
        return read(path)
    except Unreadable as error:
        raise _wrong(path, error.what, error.place) from None
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise UsageError(what, where=str(path), cure="check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError("is not UTF-8 text", where=str(path), cure="save it as UTF-8") from error


def _check(table: Table, path: Path, timeframe: str) -> None:
    if not len(table.rows):
        raise _wrong(path, "holds no candle")
    if fault := find_fault(table.rows, timeframe):
        shown = ", ".join(f"{value:.15g}" for value in table.rows[fault.row])
        raise _wrong(path, f"the candle {fault.what}: {shown}", f"{table.unit}{table.places[fault.row]}")
    if len(table.rows) >= _ENOUGH and (other := _other_timeframe(table, timeframe)):
        what = f"no two candles are {timeframe} apart, the closest are {other}"
        raise UsageError(what, where=str(path), cure="name the timeframe that the file has")


def _other_timeframe(table: Table, timeframe: str) -> str | None:
    """Return the longer timeframe that a file seems to have: without it each bar would be followed by a hole."""
    least = np.diff(table.rows[:, 0]).min() / 1000
    longer = (name for name, seconds in TIMEFRAMES.items() if seconds == least and seconds > TIMEFRAMES[timeframe])
    return next(longer, None)


def _wrong(path: Path, what: str, place: str = "") -> UsageError:
    return UsageError(what, where=f"{path}:{place}" if place else str(path), cure=CURE)
