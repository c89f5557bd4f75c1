"""Nothing that has happened changes when what comes after it does."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.trading.backtest import Result
from company.trading.features import Bars, frame
from company.trading.signals import Signal, State, Strategy
from company.trading.strategies import CostAveraging, Crossover, MeanReversion, Momentum
from tests.trading.backtest.scripted import QUIET, Desk, Script, opens_at

BARS = 260


def planted(bars: Bars, cut: int, factor: float) -> Bars:
    """The same bars up to `cut`; every later one revealed a different future."""
    scale = np.where(np.arange(len(bars)) > cut, factor, 1.0)
    columns = {name: getattr(bars, name) * scale for name in ("opens", "highs", "lows", "closes")}
    return replace(bars, **columns, volumes=bars.volumes * np.where(scale == 1.0, 1.0, 3.0))


def known(result: Result, cut: int) -> tuple[object, ...]:
    """Everything in a result that was known when bar `cut` had closed."""
    end = opens_at(cut + 1)
    return (
        [fill for fill in result.fills if fill.at < end],
        [clamp for clamp in result.clamps if clamp.at <= end],
        [mark for mark in result.curve if mark.at <= end],
    )


@settings(max_examples=12, deadline=None)
@given(
    cut=st.integers(60, BARS - 2),
    factor=st.sampled_from([0.25, 0.9, 1.1, 4.0]),
    strategy=st.sampled_from([Crossover(), Momentum(), MeanReversion(), CostAveraging()]),
)
def test_law_what_is_known_at_a_close_does_not_depend_on_later_bars(
    cut: int, factor: float, strategy: Strategy
) -> None:
    desk = Desk()
    bars = desk.walk(BARS, step=0.01)

    result, other = desk.run(strategy, bars), desk.run(strategy, planted(bars, cut, factor))

    assert known(result, cut) == known(other, cut)


def test_the_law_would_notice_a_strategy_that_knows_the_future(desk: Desk) -> None:
    bars = desk.walk(BARS)
    cut = 150

    def seer(over: Bars) -> Strategy:
        """Buys before every rise: what the law is there to find."""
        rises = np.append(np.diff(over.closes) > 0, False)
        return Script({bar: "buy" if rises[bar] else "sell" for bar in range(QUIET, BARS)})

    future = planted(bars, cut, 0.25 if bars.closes[cut + 1] > bars.closes[cut] else 4.0)
    result, other = desk.run(seer(bars), bars), desk.run(seer(future), future)

    assert known(result, cut) != known(other, cut)


def test_a_strategy_that_asks_for_a_later_bar_is_stopped(desk: Desk) -> None:
    def peeks(state: State, /) -> Signal | None:
        assert state.before("close", -1) > 0
        return None

    with pytest.raises(ValueError, match="this bar and earlier ones only"):
        desk.run(peeks, desk.walk(BARS))


def test_a_feature_at_a_bar_does_not_depend_on_later_bars(desk: Desk) -> None:
    bars, cut = desk.walk(BARS), 200
    one, other = frame(bars).columns, frame(planted(bars, cut, 4.0)).columns
    for name, column in one.items():
        np.testing.assert_allclose(column[: cut + 1], other[name][: cut + 1], rtol=1e-9, atol=1e-9, err_msg=name)
