"""Files of candles: every common form is read, every fault names file and line, and holes are reported."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from company.errors import UsageError
from company.trading.features import Bars
from company.trading.feeds import find_holes, read_candles

MARKET = Path(__file__).parents[3].parent / "shared" / "data" / "market"
HEADER = "timestamp,open,high,low,close,volume"
START = 1_700_000_000_000 // 3_600_000 * 3_600_000
ROWS = [f"{START + hour * 3_600_000},100,102,99,101,5" for hour in range(4)]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def _write(*lines: str, name: str = "candles.csv", encoding: str = "utf-8") -> Path:
        (file := tmp_path / name).write_text("\n".join(lines) + "\n", encoding)
        return file

    return _write


def read(file: Path, timeframe: str = "1h") -> Bars:
    return read_candles(file, symbol="BTC/USDT", timeframe=timeframe)


def test_a_file_is_read_with_its_symbol_timeframe_and_name(write: Callable[..., Path]) -> None:
    bars = read(write(HEADER, *ROWS))
    assert (bars.symbol, bars.timeframe, bars.source, len(bars)) == ("BTC/USDT", "1h", "candles.csv", 4)
    assert bars.times.tolist() == [START + hour * 3_600_000 for hour in range(4)]
    assert (bars.opens[0], bars.highs[0], bars.lows[0], bars.closes[0], bars.volumes[0]) == (100, 102, 99, 101, 5)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("timestamp,open,high,low,close,volume", "1699999200000,1,3,1,2,5"),
        ("time,open,high,low,close,volume", "1699999200,1,3,1,2,5"),
        ("unix,open,high,low,close,volume", "1699999200.0,1,3,1,2,5"),
        ("open_time,open,high,low,close,volume", "1699999200000000,1,3,1,2,5"),
        ("timestamp,open,high,low,close,volume", "1699999200000000000,1,3,1,2,5"),
        ("date,open,high,low,close,volume", "2023-11-14 22:00:00,1,3,1,2,5"),
        ("Date,Open,High,Low,Close,Volume", "2023-11-14T22:00:00Z,1,3,1,2,5"),
        ("datetime,open,high,low,close,vol", "2023-11-14 23:00:00+01:00,1,3,1,2,5"),
        ("date,open,high,low,close,volume", "2023-11-14 22:00:00 UTC,1,3,1,2,5"),
        ("volume,close,low,high,open,timestamp", "5,2,1,3,1,1699999200000"),
        ("timestamp,symbol,open,high,low,close,volume,trades", "1699999200000,X,1,3,1,2,5,77"),
        ("timestamp,date,open,high,low,close,volume", "1699999200000,whenever,1,3,1,2,5"),
        ("timestamp;open;high;low;close;volume", "1699999200000;1;3;1;2;5"),
        ("timestamp\topen\thigh\tlow\tclose\tvolume", "1699999200000\t1\t3\t1\t2\t5"),
        ('"timestamp", open , high, low, close, volume', '"1699999200000", 1, 3, 1, 2, 5'),
    ],
)
def test_common_forms_of_csv_are_the_same_candle(header: str, row: str, write: Callable[..., Path]) -> None:
    bars = read(write(header, row, ""))
    assert bars.times.tolist() == [1_699_999_200_000]
    assert [c[0] for c in (bars.opens, bars.highs, bars.lows, bars.closes, bars.volumes)] == [1, 3, 1, 2, 5]


@pytest.mark.parametrize("first", ["2023-11-14", "20231114"])
def test_days_may_be_dates(first: str, write: Callable[..., Path]) -> None:
    bars = read(write("date,open,high,low,close,volume", f"{first},1,3,1,2,5"), "1d")
    assert bars.times.tolist() == [1_699_920_000_000]


def test_a_mark_of_byte_order_is_no_part_of_the_header(write: Callable[..., Path]) -> None:
    assert len(read(write(HEADER, *ROWS, encoding="utf-8-sig"))) == 4


def broken(row: int, column: int, cell: str) -> list[str]:
    cells = ROWS[row].split(",")
    cells[column] = cell
    return [HEADER, *ROWS[:row], ",".join(cells), *ROWS[row + 1 :]]


FAULTS: list[tuple[list[str], str, str]] = [
    (broken(1, 1, "NaN"), ":3", "holds a value that is not finite"),
    (broken(1, 1, "inf"), ":3", "holds a value that is not finite"),
    (broken(1, 1, "many"), ":3", "open 'many' is not a number"),
    (broken(1, 1, "1_0"), ":3", "open '1_0' is not a number"),
    (broken(1, 1, "1,5"), ":3", "has a high or low that does not enclose"),
    (broken(2, 4, ""), ":4", "close '' is not a number"),
    (broken(2, 4, "0"), ":4", "has a price that is not positive"),
    (broken(2, 3, "-9"), ":4", "has a price that is not positive"),
    (broken(3, 5, "-1"), ":5", "has a negative volume"),
    (broken(3, 2, "100.5"), ":5", "has a high or low that does not enclose open and close"),
    (broken(2, 0, str(START + 3_600_000)), ":4", "opens at the same time as the one before"),
    ([HEADER, *reversed(ROWS)], ":3", "opens before the one before: candles go from the oldest to the newest"),
    (broken(3, 0, str(START + 3 * 3_600_000 + 60_000)), ":5", "is not a whole number of 1h bars after"),
    (broken(3, 0, "1699999200"), ":5", "is of another unit than the first"),
    (broken(3, 0, "2023-11-14"), ":5", "timestamp '2023-11-14' is not a number"),
    (broken(0, 0, "yesterday"), ":2", "timestamp 'yesterday' is neither a number nor a date"),
    (broken(0, 0, "12"), ":2", "timestamp 12 is no time since 1970"),
    (broken(0, 0, "nan"), ":2", "timestamp nan is no time"),
    ([HEADER, "", *ROWS[:1], "", "1,2"], ":5", "the row has only 2 columns"),
    ([HEADER], "", "holds no candle"),
    ([""], ":1", "there is no column 'timestamp'"),
    (ROWS, ":1", "there is no column 'timestamp'"),
    (["timestamp,open,high,low,close", *ROWS], ":1", "there is no column 'volume'"),
    (["timestamp,open,high,low,close,volume,volume", *ROWS], ":1", "2 columns could be 'volume'"),
    (["date,time,open,high,low,close,volume", *ROWS], ":1", "2 columns could be 'timestamp'"),
    ([HEADER, '"1699999200000,100'], ":2", "unexpected end of data"),
]


@pytest.mark.parametrize(("lines", "place", "what"), FAULTS)
def test_a_fault_names_the_file_the_line_and_the_cure(
    lines: Sequence[str], place: str, what: str, write: Callable[..., Path]
) -> None:
    file = write(*lines)
    with pytest.raises(UsageError) as caught:
        read(file)
    assert caught.value.where == f"{file}{place}"
    assert what in caught.value.what
    assert "a header with timestamp, open, high, low, close, volume" in caught.value.cure


@given(st.permutations(range(6)), st.sets(st.integers(1, 4), max_size=3))
def test_what_is_missing_is_reported_and_nothing_is_put_into_it(order: list[int], missing: set[int]) -> None:
    rows = [row.split(",") for row in [*ROWS, *(f"{START + hour * 3_600_000},100,102,99,101,5" for hour in (4, 5))]]
    kept = [row for hour, row in enumerate(rows) if hour not in missing]
    lines = [",".join(cells[index] for index in order) for cells in [HEADER.split(","), *kept]]
    with tempfile.TemporaryDirectory() as folder:
        (file := Path(folder) / "a.csv").write_text("\n".join(lines), "utf-8")
        bars = read(file)
    gone = [
        int(at.timestamp() * 1000) + n * 3_600_000
        for at, count in ((hole.first, hole.bars) for hole in find_holes(bars))
        for n in range(count)
    ]
    assert sorted([*bars.times.tolist(), *gone]) == [START + hour * 3_600_000 for hour in range(6)]


def test_a_file_of_another_timeframe_is_refused_and_its_own_is_named(write: Callable[..., Path]) -> None:
    file = write(HEADER, *ROWS)
    with pytest.raises(UsageError, match=r"no two candles are 15m apart, the closest are 1h"):
        read(file, "15m")
    with pytest.raises(UsageError, match="is not a whole number of 4h bars after the one before"):
        read(file, "4h")


def test_a_timeframe_that_does_not_exist_is_an_error_of_the_person(write: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="timeframe '7m' is unknown"):
        read(write(HEADER, *ROWS), "7m")


def test_a_file_that_is_not_there_or_no_text_or_of_no_format_is_named(tmp_path: Path) -> None:
    (odd := tmp_path / "odd.csv").write_bytes(b"timestamp\xff\n")
    for file, what in [
        (tmp_path / "gone.csv", "cannot be read: No such file or directory"),
        (odd, "is not UTF-8 text"),
        (tmp_path / "a.xlsx", "'.xlsx' is no format of candles"),
        (tmp_path / "gone.parquet", "cannot be read: No such file"),
    ]:
        with pytest.raises(UsageError, match=what) as caught:
            read(file)
        assert caught.value.where == str(file)


TIMES: dict[str, Any] = {
    "ms": pa.array([START, START + 3_600_000]),
    "seconds as floats": pa.array([START / 1000, START / 1000 + 3_600]),
    "timestamps": pa.array([datetime.fromtimestamp(START / 1000 + n * 3600, UTC) for n in (0, 1)]),
    "naive timestamps": pa.array([START * 1000, (START + 3_600_000) * 1000], pa.timestamp("us")),
    "nanoseconds": pa.array([START * 1_000_000, (START + 3_600_000) * 1_000_000], pa.timestamp("ns")),
    "texts": pa.array([datetime.fromtimestamp(START / 1000 + n * 3600, UTC).isoformat() for n in (0, 1)]),
}


@pytest.mark.filterwarnings("ignore:Discarding nonzero nanoseconds")
@pytest.mark.parametrize("times", TIMES)
def test_parquet_is_read_whatever_its_times_are(times: str, tmp_path: Path) -> None:
    table = pa.table({"close": [101.0, 102.0], "volume": [5, 6], "low": [99.0, 99.0], "high": [102.0, 103.0],
                      "open": pa.array([100.0, 101.0], pa.float32()), "timestamp": TIMES[times]})  # fmt: skip
    parquet.write_table(table, tmp_path / "a.parquet")
    bars = read(tmp_path / "a.parquet")
    assert bars.times.tolist() == [START, START + 3_600_000]
    assert (bars.closes.tolist(), bars.volumes.tolist()) == ([101, 102], [5, 6])


def test_days_of_parquet_may_be_dates(tmp_path: Path) -> None:
    cells = {name: [1.0] for name in ("open", "high", "low", "close", "volume")}
    parquet.write_table(pa.table({"date": [date(2023, 11, 14)], **cells}), tmp_path / "a.pq")
    assert read(tmp_path / "a.pq", "1d").times.tolist() == [1_699_920_000_000]


@pytest.mark.parametrize(
    ("column", "cells", "place", "what"),
    [
        ("close", [1.0, None], ":row 2", "close is empty"),
        ("close", ["1", "x"], ":row 2", "close 'x' is not a number"),
        ("close", [1.0, float("nan")], ":row 2", "holds a value that is not finite"),
        ("close", [1.0, 0.0], ":row 2", "has a price that is not positive"),
        ("timestamp", [START, None], ":row 2", "timestamp is empty"),
        ("timestamp", [START, START], ":row 2", "opens at the same time as the one before"),
        ("close", None, "", "there is no column 'close'"),
    ],
)
def test_a_fault_in_parquet_names_the_row(column: str, cells: Any, place: str, what: str, tmp_path: Path) -> None:
    columns: dict[str, Any] = {name: [1.0, 1.0] for name in ("open", "high", "low", "close", "volume")}
    columns = {"timestamp": [START, START + 3_600_000], **columns, column: cells}
    file = tmp_path / "a.parquet"
    parquet.write_table(pa.table({name: cell for name, cell in columns.items() if cell is not None}), file)
    with pytest.raises(UsageError) as caught:
        read(file)
    assert (caught.value.where, what in caught.value.what) == (f"{file}{place}", True), caught.value


def test_what_only_calls_itself_parquet_is_refused(tmp_path: Path) -> None:
    (file := tmp_path / "a.parquet").write_bytes(b"timestamp,open\n")
    with pytest.raises(UsageError, match="is no Parquet of candles"):
        read(file)


@pytest.mark.skipif(not MARKET.is_dir(), reason="the real candles are not there")
@pytest.mark.parametrize("asset", ["BTC", "ETH", "LTC"])
def test_the_seven_hours_that_coinbase_was_down_are_reported_and_not_filled(asset: str) -> None:
    file = MARKET / f"coinbase_{asset}USD_1m_2018-04-04_05.csv"
    bars = read_candles(file, symbol=f"{asset}/USD", timeframe="1m")

    longest = max(find_holes(bars), key=lambda hole: hole.bars)

    assert 420 < longest.bars < 440
    assert longest.first.date() == longest.last.date() == date(2018, 4, 4)
    first, last = (int(at.timestamp() * 1000) for at in (longest.first, longest.last))
    assert not ((bars.times >= first) & (bars.times <= last)).any()
    assert len(bars) == len(file.read_text("utf-8").splitlines()) - 1


@pytest.mark.skipif(not MARKET.is_dir(), reason="the real candles are not there")
def test_every_real_file_is_read_whole() -> None:
    files = sorted(MARKET.glob("*.csv"))
    assert files
    for file in files:
        bars = read_candles(file, symbol="X/Y", timeframe="1m" if "_1m_" in file.name else "1d")
        assert len(bars) == len(file.read_text("utf-8").splitlines()) - 1
