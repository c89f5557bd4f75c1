import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from company.errors import ToolError
from company.trading.features import Quoted, Stream, frame


def stream():
    return Stream(symbol="BTC/USDT", timeframe="1m", source="test")


def differences(made, rows, first=0):
    """Names of columns in which a stream differs from a frame by more than 1e-9 of the value, or 1e-9."""
    live, names = stream(), set()
    for number, row in enumerate(rows):
        for name, value in live.push(row).items():
            expected = made.columns[name][number]
            if number >= first and math.isnan(value) != math.isnan(expected):
                names.add(f"{name} at {number}")
            elif number >= first and abs(value - expected) > 1e-9 * max(1.0, abs(expected)):
                names.add(f"{name} at {number}: {value} against {expected}")
    return names


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_bar_by_bar_gives_the_same_rows_as_all_at_once_for_any_candles(data, bars, candles):
    rows = data.draw(candles(least=40))

    assert differences(frame(bars(rows)), rows) == set()


@pytest.mark.parametrize("name", ["coinbase_LTCUSD_1m_2018-04-04_05.csv", "binance_BTCBUSD_1m_2022-12-13.csv"])
def test_bar_by_bar_gives_the_same_rows_on_real_candles(bars, recorded, name):
    day = recorded(name)
    hole = next((hole.row for hole in bars(day).holes() if hole.bars > 5), 300)
    rows = day[max(0, hole - 150) : hole + 150]

    assert differences(frame(bars(rows)), rows) == set()


def test_a_long_walk_does_not_drift_apart(bars, walk):
    rows = walk(400, seed=3)

    assert differences(frame(bars(rows)), rows) == set()


def test_a_row_holds_what_the_venue_told_with_the_bar(bars, walk):
    rows, live = walk(60), stream()
    spread = np.linspace(0, 20, 60)
    made = frame(bars(rows), Quoted(spread_bps=spread))

    for row, told in zip(rows, spread, strict=True):
        last = live.push(row, spread_bps=told)

    assert set(last) == set(made.columns)
    assert last["spread"] == pytest.approx(made.columns["spread"][59], abs=1e-12)
    assert math.isnan(last["imbalance"])


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        (4, float("nan"), "not finite"),
        (1, 0.0, "not positive"),
        (0, 60_000.0, "not later than the one before"),
        (0, 60_000.0 * 40.5, "opens before the one before it has closed"),
    ],
)
def test_a_broken_bar_is_refused_and_leaves_the_stream_as_it_was(bars, walk, column, value, complaint):
    rows, live, undisturbed = walk(41), stream(), stream()
    for row in rows[:40]:
        live.push(row)
        undisturbed.push(row)
    broken = [*rows[40]]
    broken[column] = value

    with pytest.raises(ToolError, match=complaint):
        live.push(broken)

    assert np.array_equal(list(live.push(rows[40]).values()), list(undisturbed.push(rows[40]).values()), equal_nan=True)


def test_a_figure_that_cannot_be_right_is_refused_and_the_bar_is_not_taken_in(walk):
    rows, live = walk(2), stream()
    live.push(rows[0])

    with pytest.raises(ToolError, match="spread_bps of bar 0 is -1"):
        live.push(rows[1], spread_bps=-1.0)

    assert live.push(rows[1])["close"] == rows[1][4]
