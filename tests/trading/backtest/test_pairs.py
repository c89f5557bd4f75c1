"""Arbitrage between two exchanges' candles."""

from dataclasses import replace
from decimal import Decimal

import pytest

from company.errors import UsageError
from company.trading.backtest import Result, over_pair
from company.trading.features import Bars
from company.trading.strategies import Arbitrage
from tests.trading.backtest.scripted import Desk, opens_at


def pair(desk: Desk, *histories: Bars) -> Result:
    return over_pair(Arbitrage(), histories, terms=desk.terms, limits=desk.limits, source="test")


def named(bars: Bars, source: str) -> Bars:
    return replace(bars, source=source)


def test_a_gap_that_lasts_is_traded_at_the_next_opens(desk: Desk) -> None:
    high = desk.calm(bar_90=(100.0, 101.1, 100.0, 101.0), bar_91=(101.0, 101.1, 100.0, 100.1))
    result = pair(desk, named(desk.calm(), "low"), named(high, "high"))

    bought, sold = result.fills
    assert [(fill.venue, fill.side, fill.at) for fill in (bought, sold)] == [
        ("low", "buy", opens_at(91)),
        ("high", "sell", opens_at(91)),
    ]
    assert sold.result is not None
    assert sold.result > 0
    assert result.measures.win_rate == 100
    assert result.equity == round(100_000 + sold.result, 2)


def test_a_gap_that_is_gone_at_the_next_open_trades_nothing(desk: Desk) -> None:
    high = desk.calm(bar_90=(100.0, 101.1, 100.0, 101.0))
    low = desk.calm(bar_91=(101.0, 101.1, 100.0, 100.1))
    result = pair(desk, named(low, "low"), named(high, "high"))
    assert (result.signals, result.fills, result.unfilled) == (1, [], 2)


def test_a_leg_that_fails_is_undone(desk: Desk) -> None:
    high = desk.calm(bar_90=(100.0, 101.1, 100.0, 101.0), bar_91=(99.0, 100.2, 98.9, 100.1))
    result = pair(desk, named(desk.calm(), "low"), named(high, "high"))
    assert [(fill.venue, fill.side) for fill in result.fills] == [("low", "buy"), ("low", "sell")]
    assert result.fills[0].quantity == result.fills[1].quantity
    assert result.unfilled == 1
    assert result.fills[1].result is not None
    assert result.fills[1].result < 0


def test_a_gap_below_the_fees_is_left_alone(desk: Desk) -> None:
    high = {f"bar_{bar}": (100.2, 100.25, 100.15, 100.2) for bar in range(80, 100)}
    result = pair(desk, named(desk.calm(), "low"), named(desk.calm(**high), "high"))
    assert (result.signals, result.fills, result.equity) == (0, [], Decimal(100_000))


def test_nothing_is_sent_into_a_hole(desk: Desk) -> None:
    high = {f"bar_{bar}": (101.0, 101.1, 100.9, 101.0) for bar in (90, 91)}
    holed = desk.without(desk.calm(**high), 91, 93)
    result = pair(desk, named(desk.calm(), "low"), named(holed, "high"))
    assert (result.signals, result.fills) == (1, [])
    assert [hole.bars for hole in result.holes] == [3]


def test_two_files_of_one_name_are_two_exchanges(desk: Desk) -> None:
    high = {f"bar_{bar}": (101.0, 101.1, 100.9, 101.0) for bar in (90, 91)}
    result = pair(desk, desk.calm(), desk.calm(**high))
    assert {fill.venue for fill in result.fills} == {"calm.csv", "calm.csv (2)"}


def test_bars_that_do_not_go_together_are_refused(desk: Desk) -> None:
    bars = desk.calm()
    with pytest.raises(UsageError, match="do not overlap"):
        pair(desk, bars, replace(bars, times=bars.times + 10**10))
    with pytest.raises(UsageError, match=r"arbitrage was given BTC/USDT from calm\.csv"):
        pair(desk, bars)
    with pytest.raises(UsageError, match="ETH/USDT"):
        pair(desk, bars, desk.calm(symbol="ETH/USDT"))
