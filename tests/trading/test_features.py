import math
import statistics
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import ToolError
from company.trading.features import Bars, correlations, indicators, joint_returns, timeframe_seconds

HOUR = 3_600_000


def rows_of(closes, first=0):
    """Candles around the closes, one an hour."""
    opens = [closes[0], *closes[:-1]]
    return [
        [(first + index) * HOUR, open_, max(open_, close) * 1.001, min(open_, close) * 0.999, close, 10.0]
        for index, (open_, close) in enumerate(zip(opens, closes, strict=True))
    ]


def bars_of(closes, symbol="BTC/USDT"):
    return Bars.read(rows_of(closes), symbol=symbol, timeframe="1h", source="paper-a")


def wave(count=120, drift=0.0, size=0.01):
    return [100 * math.exp(drift * index + size * math.sin(1.7 * index)) for index in range(count)]


def wilder_rsi(closes, period=14):
    """Welles Wilder's index from its definition, as an independent oracle."""
    moves = [b - a for a, b in pairwise(closes)]
    gain = sum(max(move, 0) for move in moves[:period]) / period
    loss = sum(max(-move, 0) for move in moves[:period]) / period
    for move in moves[period:]:
        gain = (gain * (period - 1) + max(move, 0)) / period
        loss = (loss * (period - 1) + max(-move, 0)) / period
    return 100 * gain / (gain + loss)


def test_rsi_agrees_with_wilders_definition():
    closes = wave(drift=0.001)

    assert float(indicators(bars_of(closes)).rsi) == pytest.approx(wilder_rsi(closes), abs=0.06)


def test_bollinger_bands_are_two_population_deviations_around_the_mean():
    closes = wave()
    mean, deviation = statistics.fmean(closes[-20:]), statistics.pstdev(closes[-20:])

    read = indicators(bars_of(closes))

    assert float(read.sma_20) == pytest.approx(mean, rel=1e-5)
    assert float(read.bollinger_high) == pytest.approx(mean + 2 * deviation, rel=1e-5)
    assert float(read.bollinger_low) == pytest.approx(mean - 2 * deviation, rel=1e-5)
    assert float(read.z_score) == pytest.approx((closes[-1] - mean) / deviation, abs=0.006)


def test_volatility_is_annualised_with_8760_hours():
    closes = wave()
    returns = [math.log(b / a) for a, b in zip(closes[-49:], closes[-48:], strict=False)]

    read = indicators(bars_of(closes))

    assert float(read.volatility) == pytest.approx(100 * statistics.stdev(returns) * math.sqrt(8760), abs=0.01)


def test_momentum_is_the_change_over_24_bars():
    closes = wave(drift=0.002)

    assert float(indicators(bars_of(closes)).momentum) == pytest.approx(100 * (closes[-1] / closes[-25] - 1), abs=0.01)


def test_a_rising_market_is_a_bull_with_high_conviction():
    read = indicators(bars_of(wave(drift=0.004)))

    assert (read.regime, read.score >= 0.6) == ("bull", True)


def test_a_falling_market_is_a_bear_with_negative_score():
    read = indicators(bars_of(wave(drift=-0.004)))

    assert (read.regime, read.score <= -0.6) == ("bear", True)


def test_a_market_without_trend_is_sideways():
    assert indicators(bars_of(wave())).regime == "sideways"


def histories(least, most):
    prices = st.lists(st.floats(least, most), min_size=60, max_size=90)
    return prices.filter(lambda closes: len(set(closes[-10:])) > 1)


@settings(deadline=None, max_examples=60)
@given(histories(1e-4, 1e6))
def test_score_and_rsi_stay_in_their_ranges_for_any_prices(closes):
    read = indicators(bars_of(closes))

    assert -1 <= read.score <= 1
    assert 0 <= read.rsi <= 100


@settings(deadline=None, max_examples=40)
@given(histories(1, 1e6))
def test_the_unit_of_the_price_does_not_change_the_score(closes):
    cents, dollars = indicators(bars_of([close * 1024 for close in closes])), indicators(bars_of(closes))

    assert abs(cents.score - dollars.score) <= 0.01
    assert cents.regime == dollars.regime


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        (4, float("nan"), "bar 70 holds a value that is not finite"),
        (4, None, "bar 70 holds a value that is not finite"),
        (3, -1.0, "bar 70 has a price that is not positive"),
        (5, -1.0, "bar 70 has a negative volume"),
        (2, 0.01, "bar 70 has a high or low that does not enclose"),
        (0, 69 * HOUR, "bar 70 is double or not later"),
        (0, 3 * HOUR, "bar 70 is double or not later"),
        (1, "many", "something that is not a number"),
    ],
)
def test_a_broken_bar_is_named(column, value, complaint):
    rows = rows_of(wave())
    rows[70][column] = value

    with pytest.raises(ToolError, match=complaint) as raised:
        Bars.read(rows, symbol="BTC/USDT", timeframe="1h", source="paper-b")
    assert "BTC/USDT 1h from paper-b" in str(raised.value)


def test_too_few_bars_are_counted():
    with pytest.raises(ToolError, match="59 closed bars are too few, indicators need 60"):
        indicators(bars_of(wave(59)))


def test_a_price_that_stands_still_is_refused_as_a_dead_source():
    with pytest.raises(ToolError, match="did not move in 48 bars"):
        indicators(bars_of([*wave(60), *[100.0] * 60]))


def test_an_unknown_timeframe_names_the_known_ones():
    with pytest.raises(ToolError, match="'2h' is unknown; use one of 1m, 5m, 15m, 1h, 4h, 1d"):
        timeframe_seconds("2h")


def test_only_bars_that_opened_before_the_forming_one_are_closed():
    bars = bars_of(wave(80)).closed(70 * HOUR)

    assert len(bars) == 70
    assert bars.closes_at == 70 * HOUR


def test_candles_show_the_newest_bars_oldest_first():
    shown = bars_of(wave(80)).candles(3)

    assert [candle.at.timestamp() for candle in shown] == [77 * 3600, 78 * 3600, 79 * 3600]


def test_a_symbol_correlates_fully_with_itself_and_inversely_with_its_inverse():
    closes = wave(drift=0.001)

    matrix = correlations(
        {"A": bars_of(closes), "B": bars_of([3 * close for close in closes]), "C": bars_of([1 / c for c in closes])}
    ).matrix

    assert [row[index] for index, row in enumerate(matrix)] == [1, 1, 1]
    assert matrix[0][1] == 1
    assert matrix[0][2] == pytest.approx(-1, abs=0.01)


def test_correlations_of_a_symbol_that_stands_still_are_refused():
    with pytest.raises(ToolError, match="price of B did not move"):
        correlations({"A": bars_of(wave()), "B": bars_of([5.0] * 120)})


def test_returns_over_a_hole_in_the_data_are_left_out():
    whole, holed = (
        bars_of(wave()),
        Bars.read(
            [row for row in rows_of(wave()) if not 50 <= row[0] // HOUR < 60], symbol="B", timeframe="1h", source="x"
        ),
    )

    returns = joint_returns({"A": whole, "B": holed})

    assert returns.shape == (108, 2)  # 120 bars less 10 give 109 steps, one of which spans the hole
    assert abs(returns[:, 0] - returns[:, 1]).max() == 0


def test_returns_of_symbols_without_common_bars_are_refused():
    late = Bars.read(rows_of(wave(), first=500), symbol="B", timeframe="1h", source="x")

    with pytest.raises(ToolError, match="only 0 1h returns in common"):
        joint_returns({"A": bars_of(wave()), "B": late})
