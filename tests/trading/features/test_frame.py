import re
from pathlib import Path

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import ToolError
from company.trading.features import FEATURES, RAW, WARM_UP, Quoted, frame, indicators, vector, vectors
from company.trading.signals import State

COINBASE = "coinbase_BTCUSD_1m_2018-04-04_05.csv"
VENUE = [name for name, feature in FEATURES.items() if feature.source == "venue"]
OURS = [name for name in FEATURES if name not in VENUE]


def columns_of(frame_):
    return {name: np.array(column) for name, column in frame_.columns.items()}


def test_a_frame_holds_the_raw_columns_and_at_least_twenty_features(bars, walk):
    made = frame(bars(walk(60)))

    assert set(made.columns) == {*RAW, *FEATURES}
    assert len(OURS) >= 20
    assert {len(column) for column in made.columns.values()} == {60} == {len(made)}


def test_a_column_is_the_same_whichever_is_read_first_and_an_unknown_one_is_none(bars, walk):
    rows = walk(120)
    forwards, backwards = frame(bars(rows)).columns, frame(bars(rows)).columns

    read = {name: backwards[name] for name in reversed(list(backwards))}

    assert all(np.array_equal(forwards[name], read[name], equal_nan=True) for name in forwards)
    assert backwards["rsi"] is read["rsi"]
    assert "sharpe" not in forwards
    with pytest.raises(KeyError, match="sharpe"):
        forwards["sharpe"]


def test_a_row_belongs_to_the_bar_that_closed_then(bars, walk):
    rows = walk(60)
    made = frame(bars(rows))

    assert made.closes_at[7] == rows[7][0] + 60_000
    assert [made.columns[name][7] for name in ("open", "high", "low", "close", "volume")] == rows[7][1:]


def test_every_feature_has_its_first_value_when_the_catalogue_says(bars, walk):
    made = columns_of(frame(bars(walk(WARM_UP + 5))))

    first = {name: int(np.argmax(~np.isnan(made[name]))) + 1 for name in OURS}

    assert first == {name: FEATURES[name].warm_up for name in OURS}
    assert max(first.values()) == WARM_UP
    assert all(not np.isnan(made[name][WARM_UP - 1 :]).any() for name in OURS)


def test_every_feature_is_explained():
    assert all(f.name == name and f.formula and f.unit and f.source for name, f in FEATURES.items())


def test_the_page_about_features_is_the_catalogue():
    page = (Path(__file__).parents[3] / "docs/strategies.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (\d+|-) \| (\w+) \|$", page, flags=re.M)

    assert rows == [(f.name, f.formula, f.unit, str(f.warm_up or "-"), f.source) for f in FEATURES.values()]


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_every_feature_lies_between_minus_one_and_one_for_any_candles(data, bars, candles):
    made = columns_of(frame(bars(data.draw(candles()))))

    for name in FEATURES:
        known = made[name][~np.isnan(made[name])]
        assert (np.abs(known) <= 1 + 1e-9).all(), name


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_the_probabilities_of_the_regimes_sum_to_one_wherever_there_are_any(data, bars, candles):
    made = columns_of(frame(bars(data.draw(candles(least=49)))))
    three = np.stack([made[name] for name in ("bull", "bear", "sideways")])

    known = ~np.isnan(three[0])
    assert np.allclose(three[:, known].sum(axis=0), 1, atol=1e-12)
    assert (three[:, known] >= 0).all()


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_what_comes_later_changes_no_earlier_row(data, bars, candles):
    rows = data.draw(candles(least=2))
    cut = data.draw(st.integers(1, len(rows) - 1))
    other = [[*row[:1], *(3 * price for price in row[1:5]), row[5] + 1] for row in rows[cut:]]

    known, changed, short = (frame(bars(some)) for some in (rows, rows[:cut] + other, rows[:cut]))

    for name in known.columns:
        part = known.columns[name][:cut]
        assert np.array_equal(part, changed.columns[name][:cut], equal_nan=True), name
        assert np.allclose(part, short.columns[name], rtol=0, atol=1e-12, equal_nan=True), name


@pytest.mark.parametrize("factor", [2.0**-30, 2.0**20])
def test_the_unit_of_the_price_changes_no_feature(bars, walk, factor):
    rows = walk(200)
    scaled = [[row[0], *(price * factor for price in row[1:5]), row[5]] for row in rows]

    one, other = frame(bars(rows)), frame(bars(scaled))

    for name in OURS:
        assert np.allclose(one.columns[name], other.columns[name], rtol=0, atol=1e-9, equal_nan=True), name


def test_a_market_that_stands_still_is_neither_strong_nor_weak(bars, still):
    last = State(frame(bars(still(80))), 79)

    zero = [name for name in OURS if last[name] == 0]
    assert {"rsi", "macd_histogram", "z_score", "stochastic", "momentum_24", "crossover", "volatility"} <= set(zero)
    assert last["sideways"] == pytest.approx(0.787, abs=0.001)


def test_features_of_volume_have_no_value_where_nothing_trades(bars, still):
    last = State(frame(bars(still(80, volume=0.0))), 79)

    assert [name for name in OURS if np.isnan(last[name])] == [
        "volume_slope",
        "vwap_distance",
        "control_distance",
        "value_area",
    ]


def test_what_no_venue_told_has_no_value_and_is_masked(bars, walk):
    made = frame(bars(walk(WARM_UP)))

    values, present = vector(State(made, WARM_UP - 1))

    assert [name for name, known in zip(FEATURES, present, strict=True) if not known] == VENUE
    assert [value for value, known in zip(values, present, strict=True) if not known] == [0.0] * len(VENUE)


def test_all_state_vectors_at_once_are_those_of_the_single_bars(bars, walk):
    made = frame(bars(walk(70)))

    values, present = vectors(made)

    assert values.shape == present.shape == (70, len(FEATURES))
    for row in (0, 40, 69):
        assert vector(State(made, row)) == (values[row].tolist(), present[row].tolist())


def test_what_a_venue_told_becomes_a_feature_where_it_was_told(bars, walk):
    unknown = np.full(60, np.nan)
    spread, lean, funding = unknown.copy(), unknown.copy(), unknown.copy()
    spread[50], lean[50], funding[50] = 10.0, -0.4, 0.0005

    made = frame(bars(walk(60)), Quoted(spread, lean, funding))

    told, untold = State(made, 50), State(made, 51)
    assert (told["spread_bps"], told["funding_rate"]) == (10.0, 0.0005)
    assert [told[name] for name in VENUE] == pytest.approx([np.tanh(1), -0.4, np.tanh(1)])
    assert all(np.isnan(untold[name]) for name in VENUE)


@pytest.mark.parametrize(
    ("quoted", "complaint"),
    [
        (Quoted(spread_bps=np.array([1.0, -2.0])), "spread_bps of bar 1 is -2.0"),
        (Quoted(imbalance=np.array([1.5, 0.0])), "imbalance of bar 0 is 1.5"),
        (Quoted(imbalance=np.array([0.0, np.inf])), "imbalance of bar 1 is inf"),
        (Quoted(funding_rate=np.array([np.nan, -np.inf])), "funding_rate of bar 1 is -inf"),
        (Quoted(funding_rate=np.array([0.0])), "funding_rate has 1 values for 2 bars"),
    ],
)
def test_figures_of_a_venue_that_cannot_be_right_are_refused(bars, walk, quoted, complaint):
    with pytest.raises(ToolError, match=complaint):
        frame(bars(walk(2)), quoted)


def test_no_bars_make_no_frame(bars):
    with pytest.raises(ToolError, match="BTC/USDT 1m from test: there is no bar"):
        frame(bars([]))


def test_after_a_long_hole_every_feature_warms_up_anew(bars, walk):
    missing = [0] * 200
    missing[100] = 6
    rows = walk(200, missing=missing)

    made, alone = columns_of(frame(bars(rows))), columns_of(frame(bars(rows[100:])))

    for name in OURS:
        assert np.allclose(made[name][100:], alone[name], rtol=0, atol=1e-12, equal_nan=True), name
    assert made["missing"].tolist() == missing


def test_a_few_missing_minutes_are_borne_and_shown(bars, walk):
    missing = [0] * 200
    missing[100] = 5

    made, whole = columns_of(frame(bars(walk(200, missing=missing)))), columns_of(frame(bars(walk(200))))

    for name in OURS:
        assert np.array_equal(made[name], whole[name], equal_nan=True), name
    assert made["missing"].tolist() == missing


def test_the_seven_hour_hole_of_a_real_day_is_reported_and_not_bridged(bars, recorded):
    day = bars(recorded(COINBASE))
    made = columns_of(frame(day))

    long = [hole for hole in day.holes() if hole.bars > 5]
    assert [(hole.bars, hole.ends - hole.begins) for hole in long] == [(432, np.timedelta64(432, "m"))]
    assert len(made["close"]) == len(day)
    for name in OURS:
        first = int(np.argmax(~np.isnan(made[name][long[0].row :])))
        assert first == FEATURES[name].warm_up - 1, name


def test_the_last_bar_agrees_with_the_indicators_the_desk_shows(bars, walk):
    read, last = indicators(rows := bars(walk(120))), State(frame(rows), 119)

    assert 50 + 50 * last["rsi"] == pytest.approx(float(read.rsi), abs=0.06)
    assert last["atr"] == pytest.approx(float(read.atr), rel=1e-3)
    assert last["sma_20"] == pytest.approx(float(read.sma_20), rel=1e-5)
    assert last["sma_50"] == pytest.approx(float(read.sma_50), rel=1e-5)
    assert 3 * last["z_score"] == pytest.approx(float(read.z_score), abs=0.006)
    assert np.arctanh(last["volatility"]) == pytest.approx(float(read.volatility) / 100, abs=1e-4)


def test_features_agree_with_talib_on_a_real_day(bars, recorded):
    day = bars(recorded("binance_BTCBUSD_1m_2022-12-13.csv"))
    high, low, close, made = day.highs, day.lows, day.closes, columns_of(frame(day))
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    line, signal, histogram = talib.MACD(close, 12, 26, 9)
    atr = talib.ATR(high, low, close, 14)
    oracle = {
        "rsi": talib.RSI(close, 14) / 50 - 1,
        "macd": np.tanh(line / atr),
        "macd_signal": np.tanh(signal / atr),
        "macd_histogram": np.tanh(2 * histogram / atr),
        "atr": atr,
        "adx": talib.ADX(high, low, close, 14) / 50 - 1,
        "plus_di": talib.PLUS_DI(high, low, close, 14) / 50 - 1,
        "minus_di": talib.MINUS_DI(high, low, close, 14) / 50 - 1,
        "sma_20": talib.SMA(close, 20),
        "sma_50": talib.SMA(close, 50),
        "bollinger_position": np.clip((close - middle) * 2 / (upper - lower), -1, 1),
    }

    for name, expected in oracle.items():
        known = ~np.isnan(made[name])
        assert np.allclose(made[name][known], expected[known], rtol=1e-9, atol=1e-7), name
