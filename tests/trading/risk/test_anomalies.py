from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.risk import Pulse, RiskLimits, anomaly

D = Decimal
LIMITS = RiskLimits()
DATA = Path(__file__).parents[4] / "shared/data/market"
CALM = np.random.default_rng(5).normal(0, 0.005, 199)


def pulse(last=0.0, volume=10.0, before=CALM):
    closes = 100 * np.exp(np.cumsum([0.0, *before, last]))
    return Pulse.of(closes, np.array([10.0] * (len(closes) - 1) + [volume]))


def quotes(*pairs):
    return [(D(bid), D(ask)) for bid, ask in pairs]


def around(read, *offsets, spread="0.02"):
    asks = [D(str(read.close)) * (1 + D(offset)) for offset in offsets]
    return [(ask - D(spread), ask) for ask in asks]


def test_a_calm_market_is_not_unusual():
    read = pulse(0.004)

    assert anomaly(read, around(read, "0", "0.001"), 0, LIMITS) is None
    assert anomaly(read, [], 1, LIMITS) is None


@pytest.mark.parametrize("bars", [3, 4, 5, 50, 301])
def test_a_pulse_rests_on_the_medians_and_quantiles_that_numpy_finds(bars):
    source = np.random.default_rng(bars)
    closes, volumes = np.exp(source.normal(0, 0.01, bars).cumsum()), source.random(bars)
    returns = np.diff(np.log(closes))

    read = Pulse.of(closes, volumes)

    apart = np.abs(returns[:-1] - np.median(returns[:-1]))
    half, most = np.quantile(apart, (0.5, 0.9))
    assert read.middle == np.median(returns[:-1])
    assert read.deviation == pytest.approx(max(half / 0.6745, most / 1.6449, 1e-9), rel=1e-14)
    assert read.volume == volumes[-1] / np.median(volumes[:-1])


@pytest.mark.parametrize("last", [0.08, -0.08])
def test_a_bar_that_moves_many_deviations_pauses(last):
    found = anomaly(pulse(last), [], 0, LIMITS)

    assert (found.rule, found.limit) == ("risk.anomaly_move", 8)
    assert float(found.value) == pytest.approx(0.08 / 0.005, rel=0.2)


def test_a_price_that_ran_away_since_the_last_bar_pauses():
    read = pulse()

    assert anomaly(read, around(read, "0.09"), 0, LIMITS).rule == "risk.anomaly_move"


def test_a_volume_out_of_all_proportion_pauses():
    found = anomaly(pulse(volume=301), [], 0, LIMITS)

    assert (found.rule, found.value) == ("risk.anomaly_volume", D("30.1"))
    assert anomaly(pulse(volume=300), [], 0, LIMITS) is None


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (quotes((101, 100)), "risk.anomaly_quote"),
        (quotes((100, "100.1"), (100, "100.1"), (103, "103.1")), "risk.anomaly_quote"),
        (quotes((99, "101.1")), "risk.anomaly_spread"),
    ],
    ids=["crossed", "one venue is somewhere else", "wide"],
)
def test_quotes_that_cannot_be_trusted_pause(told, rule):
    assert anomaly(pulse(), told, 0, LIMITS).rule == rule


def test_bars_that_do_not_come_pause():
    assert anomaly(pulse(), [], 2, LIMITS).rule == "risk.anomaly_stale"


def test_one_jump_does_not_make_the_next_one_usual():
    jumped = np.array([*CALM[:-1], 0.4])

    assert pulse(0.08, before=jumped).move > LIMITS.anomaly_move


@given(st.floats(-5, 5))
def test_a_market_that_never_moved_has_a_pulse_and_any_move_is_unusual(last):
    read = pulse(last / 100, before=np.zeros(50))

    assert np.isfinite(read.move)
    assert (anomaly(read, [], 0, LIMITS) is None) == (read.move <= LIMITS.anomaly_move)
    assert read.move <= LIMITS.anomaly_move or last


def test_two_bars_have_no_pulse():
    with pytest.raises(ValueError, match="at least 3"):
        Pulse.of(np.array([1.0, 2.0]), np.array([1.0, 1.0]))


@pytest.mark.skipif(not DATA.exists(), reason="the real candles are not here")
def test_five_years_of_real_days_hold_few_anomalies():
    table = np.loadtxt(DATA / "bitstamp_BTCUSD_1d.csv", delimiter=",", skiprows=1)
    times, closes, volumes = table[:, 0], table[:, 4], table[:, 5]
    leap = 1_465_689_600_000  # 12 June 2016: bitcoin gains a sixth in one day

    found = {
        int(times[end - 1])
        for end in range(121, len(table) + 1)
        if anomaly(Pulse.of(closes[end - 121 : end], volumes[end - 121 : end]), [], 0, LIMITS)
    }

    assert leap in found
    assert len(found) <= 3
