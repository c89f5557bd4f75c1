"""The moving windows against their definitions, one window at a time, as independent oracles."""

import math
import statistics

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from company.trading.features import frame, windows

WIDTH = 48


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=60), st.integers(2, 20))
def test_mean_and_deviation_are_those_of_the_last_values(values, width):
    mean, deviation = windows.mean(np.array(values), width), windows.deviation(np.array(values), width)

    assert np.isnan(mean[: width - 1]).all()
    for end in range(width, len(values) + 1):
        part = values[end - width : end]
        assert mean[end - 1] == pytest.approx(statistics.fmean(part), rel=1e-12)
        assert deviation[end - 1] == pytest.approx(statistics.pstdev(part), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("price", [0.1, 1 / 3, 1e-7, 61_234.56])
def test_a_price_that_stands_still_deviates_by_exactly_nothing(price):
    still = np.full(60, price)

    assert windows.mean(still, 20)[-1] == price
    assert windows.deviation(still, 20)[-1] == 0


def test_the_stochastic_is_talibs(bars, walk):
    day = bars(walk(200))
    slow, slower = talib.STOCH(day.highs, day.lows, day.closes, 14, 3, 0, 3, 0)
    made = frame(day).columns

    assert np.allclose(made["stochastic"][20:], slow[20:] / 50 - 1, atol=1e-9)
    assert np.allclose(made["stochastic_signal"][20:], slower[20:] / 50 - 1, atol=1e-9)


def test_the_volume_slope_is_the_change_of_talibs_obv_by_the_volume(bars, walk):
    day = bars(walk(200))
    obv = talib.OBV(day.closes, day.volumes)

    slope = frame(day).columns["volume_slope"]

    for row in range(24, 200):
        assert slope[row] == pytest.approx((obv[row] - obv[row - 24]) / day.volumes[row - 23 : row + 1].sum(), abs=1e-9)


def test_the_vwap_is_worth_over_volume(bars, walk):
    day = bars(walk(60))
    prices = (day.highs + day.lows + day.closes) / 3

    vwap = windows.volume_weighted(day, 24)

    for row in range(23, 60):
        part = slice(row - 23, row + 1)
        assert vwap[row] == pytest.approx(np.average(prices[part], weights=day.volumes[part]), rel=1e-12)


def nearest_swing(lows, close):
    """Highest swing low at or under the close, by looking at every bar of one window."""
    swings = [
        lows[at] for at in range(2, len(lows) - 2) if lows[at] == min(lows[at - 2 : at + 3]) and lows[at] <= close
    ]
    return max(swings, default=min(lows))


def test_support_and_resistance_are_the_nearest_swings(bars, walk):
    day = bars(walk(200, drift=0.0005))
    support = windows.support(day.lows, day.closes, WIDTH)
    resistance = windows.resistance(day.highs, day.closes, WIDTH)

    for row in range(WIDTH - 1, 200):
        part = slice(row - WIDTH + 1, row + 1)
        assert support[row] == nearest_swing(day.lows[part], day.closes[row])
        assert resistance[row] == -nearest_swing(-day.highs[part], -day.closes[row])
        assert support[row] <= day.closes[row] <= resistance[row]


def profile_of(low, high, prices, volumes):
    """Point of control and value area of one window, bin by bin."""
    size = (high - low) / 24
    bins = [0.0] * 24
    for price, volume in zip(prices, volumes, strict=True):
        bins[min(23, int((price - low) / size)) if size else 0] += volume
    least = most = centre = bins.index(max(bins))
    while sum(bins[least : most + 1]) < 0.7 * sum(bins) - 1e-9:
        below = bins[least - 1] if least else -1.0
        above = bins[most + 1] if most < 23 else -1.0
        least, most = (least, most + 1) if above >= below else (least - 1, most)
    return low + size * (centre + 0.5), low + size * least, low + size * (most + 1)


def test_the_volume_profile_is_that_of_its_window(bars, walk):
    day = bars(walk(120, seed=5))
    prices = windows.typical(day)
    found = windows.profile(day, WIDTH)

    for row in range(WIDTH - 1, 120):
        part = slice(row - WIDTH + 1, row + 1)
        edges = day.lows[part].min(), day.highs[part].max()
        expected = profile_of(*edges, prices[part].tolist(), day.volumes[part].tolist())
        assert [column[row] for column in found] == pytest.approx(expected, rel=1e-12)


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_the_value_area_holds_the_point_of_control_and_lies_in_the_range(data, bars, candles):
    day = bars(data.draw(candles(least=WIDTH)))
    control, low, high = windows.profile(day, WIDTH)

    for row in range(WIDTH - 1, len(day)):
        part = slice(row - WIDTH + 1, row + 1)
        if math.isnan(control[row]):
            assert not day.volumes[part].any()
        else:
            near = 1e-9 * day.highs[part].max()
            assert day.lows[part].min() - near <= low[row] <= control[row] <= high[row] + near
            assert high[row] <= day.highs[part].max() + near


def test_a_window_forgets_what_left_it(bars, walk):
    rows = walk(200)
    long, short = frame(bars(rows)).columns, frame(bars(rows[100:])).columns

    for name in ("z_score", "momentum_48", "volatility", "stochastic", "volume_slope", "volume_z_score", "bull"):
        assert long[name][-1] == pytest.approx(short[name][-1], abs=1e-12), name
