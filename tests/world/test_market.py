import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from company.errors import BadSymbol, VenueError
from company.ports import decimal_of
from company.world import EPOCH, START, Market

SEEDS = (1, 7, 2026)
DAY = timedelta(days=1)


@cache
def market(seed: int) -> Market:
    return Market(seed)


@cache
def hourly_returns(seed: int) -> np.ndarray:
    """Log-returns of 120 days, shape (symbols, hours)."""
    closes: dict[str, list[float]] = {symbol: [] for symbol in Market.symbols}
    for month in range(4):
        begin = EPOCH + 30 * month * DAY
        for symbol, known in closes.items():
            known += [row[4] for row in market(seed).candles(symbol, "1h", begin, begin + 30 * DAY)]
    return np.diff(np.log(list(closes.values())))


@pytest.mark.parametrize("seed", SEEDS)
def test_symbols_move_together(seed: int):
    correlations = np.corrcoef(hourly_returns(seed))[np.triu_indices(5, k=1)]

    assert correlations.min() > 0.35
    assert correlations.max() < 0.97


@pytest.mark.parametrize("seed", SEEDS)
def test_returns_have_fat_tails(seed: int):
    returns = hourly_returns(seed)
    centred = returns - returns.mean(axis=1, keepdims=True)

    assert ((centred**4).mean(axis=1) / returns.var(axis=1) ** 2).min() > 4.5


@pytest.mark.parametrize("seed", SEEDS)
def test_volatility_clusters(seed: int):
    size = np.abs(np.clip(hourly_returns(seed)[0], -0.01, 0.01))

    assert np.corrcoef(size[:-1], size[1:])[0, 1] > 0.12
    assert np.corrcoef(size[:-2], size[2:])[0, 1] > 0.08


@pytest.mark.parametrize("seed", SEEDS)
def test_bull_hours_gain_and_bear_hours_lose_on_average(seed: int):
    hours = hourly_returns(seed)[0]
    regimes = np.array([market(seed).regime(EPOCH + timedelta(hours=hour + 1)) for hour in range(len(hours))])
    daily = {name: 24 * float(hours[regimes == name].mean()) for name in ("bull", "bear", "sideways")}

    assert set(regimes.tolist()) == {"bull", "bear", "sideways"}
    assert daily["bull"] > daily["bear"] + 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_regimes_last_for_days(seed: int):
    names = [market(seed).regime(EPOCH + timedelta(hours=hour)) for hour in range(24 * 120)]
    changes = sum(one != other for one, other in pairwise(names))

    assert 8 <= changes <= 80


@pytest.mark.parametrize("seed", SEEDS)
def test_levels_and_daily_moves_are_those_of_the_real_thing(seed: int):
    closes = [row[4] for row in market(seed).candles("BTC/USDT", "1d", EPOCH, EPOCH + 120 * DAY)]
    moves = np.diff(np.log(closes))

    assert 60_000 < market(seed).price("BTC/USDT", START) < 70_000
    assert 0.012 < moves.std() < 0.05
    assert np.abs(moves).max() < 0.25


@pytest.mark.parametrize("symbol", Market.symbols)
def test_candles_are_consistent_on_the_grid_and_without_gaps(symbol: str):
    rows = market(7).candles(symbol, "1m", START - DAY / 2, START + DAY / 2)
    tick = Decimal("0.0001") if symbol == "XRP/USDT" else Decimal("0.01")

    assert len(rows) == 1440
    assert [row[0] for row in rows] == [
        int((START - DAY / 2).timestamp() * 1000) + 60_000 * number for number in range(1440)
    ]
    for _, open_, high, low, close, volume in rows:
        assert low <= min(open_, close) <= max(open_, close) <= high
        assert volume > 0
    assert all(decimal_of(figure) % tick == 0 for row in rows for figure in row[1:5])
    assert all(row[4] == later[1] for row, later in pairwise(rows))


def test_price_is_the_open_of_its_minute():
    at = START + timedelta(minutes=5)
    [row] = market(7).candles("ETH/USDT", "1m", at, at + timedelta(minutes=1))

    assert market(7).price("ETH/USDT", at) == decimal_of(row[1])
    assert market(7).price("ETH/USDT", at + timedelta(seconds=59)) == decimal_of(row[1])
    assert market(7).price("ETH/USDT", at + timedelta(seconds=60)) == decimal_of(row[4])


@pytest.mark.parametrize(("timeframe", "minutes"), [("5m", 5), ("15m", 15), ("1h", 60), ("4h", 240), ("1d", 1440)])
def test_longer_candles_are_made_of_minutes(timeframe: str, minutes: int):
    start, end = START - DAY, START + DAY
    ones = market(7).candles("SOL/USDT", "1m", start, end)

    rows = market(7).candles("SOL/USDT", timeframe, start, end)

    assert len(rows) == 2880 // minutes
    for number, (at, open_, high, low, close, volume) in enumerate(rows):
        part = ones[number * minutes : (number + 1) * minutes]
        assert (at, open_, close) == (part[0][0], part[0][1], part[-1][4])
        assert (high, low) == (max(row[2] for row in part), min(row[3] for row in part))
        assert volume == pytest.approx(sum(row[5] for row in part))


def test_only_candles_that_lie_whole_in_the_span_are_returned():
    rows = market(7).candles(
        "BTC/USDT", "1h", START + timedelta(minutes=1), START + timedelta(hours=3) - timedelta(seconds=1)
    )

    assert [row[0] for row in rows] == [int((START + timedelta(hours=1)).timestamp() * 1000)]


def test_candles_before_the_first_day_do_not_exist():
    rows = market(7).candles("BTC/USDT", "1d", EPOCH - 10 * DAY, EPOCH + 2 * DAY)

    assert [row[0] for row in rows] == [int((EPOCH + number * DAY).timestamp() * 1000) for number in range(2)]


def test_shocks_are_the_large_jumps_of_the_candles():
    shocks = market(7).shocks(EPOCH, EPOCH + 60 * DAY)

    assert len(shocks) > 5
    assert [shock.at for shock in shocks] == sorted(shock.at for shock in shocks)
    for shock in shocks:
        [row] = market(7).candles(shock.symbol, "1m", shock.at, shock.at + timedelta(minutes=1))
        assert abs(shock.move) >= 0.02
        assert np.log(row[4] / row[1]) == pytest.approx(shock.move, abs=0.01)


def test_shocks_of_two_spans_are_those_of_both_together():
    middle = market(7).shocks(EPOCH, EPOCH + 60 * DAY)[3].at

    parts = market(7).shocks(EPOCH, middle) + market(7).shocks(middle, EPOCH + 60 * DAY)

    assert parts == market(7).shocks(EPOCH, EPOCH + 60 * DAY)


def test_any_day_can_be_asked_for_in_any_order():
    times = [START + timedelta(days=day, minutes=17) for day in (300, 0, 90, 1, 300)]
    forward, backward = Market(5), Market(5)

    prices = [forward.price("BNB/USDT", at) for at in times]

    assert [backward.price("BNB/USDT", at) for at in reversed(times)] == prices[::-1]
    assert Market(6).price("BNB/USDT", times[0]) != prices[0]


def test_day_that_fell_out_of_the_cache_is_drawn_again_the_same():
    fresh = Market(5)
    before = fresh.candles("XRP/USDT", "15m", START, START + DAY)

    fresh.candles("XRP/USDT", "1d", EPOCH, EPOCH + 100 * DAY)

    assert fresh.candles("XRP/USDT", "15m", START, START + DAY) == before


def test_another_process_sees_the_same_prices():
    script = (
        "from company.world import Market, START; from datetime import timedelta;"
        "m = Market(11); print([str(m.price(s, START + timedelta(days=3, minutes=5))) for s in m.symbols],"
        " m.candles('BTC/USDT', '1h', START, START + timedelta(hours=5)), m.shocks(START, START + timedelta(days=9)))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            check=True,
            text=True,
            env={"PYTHONHASHSEED": salt, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for salt in ("1", "2")
    ]

    assert runs[0] == runs[1]
    assert str(Market(11).price("BTC/USDT", START + timedelta(days=3, minutes=5))) in runs[0]


@pytest.mark.parametrize("at", [EPOCH - timedelta(seconds=1), datetime(2026, 3, 1)])  # noqa: DTZ001 - naive on purpose
def test_time_without_a_price_is_refused(at: datetime):
    with pytest.raises(ValueError, match="no price at"):
        market(7).price("BTC/USDT", at)


def test_unknown_symbol_and_timeframe_are_refused_with_what_there_is():
    with pytest.raises(BadSymbol, match=r"'DOGE/USDT'.*BTC/USDT"):
        market(7).price("DOGE/USDT", START)
    with pytest.raises(VenueError, match=r"'2h'.*1h, 4h"):
        market(7).candles("BTC/USDT", "2h", START, START + DAY)
