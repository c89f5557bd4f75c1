"""When and at what price a wish becomes a trade."""

from decimal import Decimal

import pytest

from company.trading.backtest import Terms
from company.trading.risk import RiskLimits
from tests.trading.backtest.scripted import QUIET, Desk, Script, opens_at


def test_a_wish_at_a_close_trades_at_the_next_open(desk: Desk) -> None:
    bars = desk.calm(bar_90=(103.0, 103.1, 102.9, 103.0))

    (fill,) = desk.run(Script({89: "buy"}), bars).fills

    assert fill.at == opens_at(90)
    assert fill.price == Decimal("103.0103")  # half a spread of 0.0001 above the open
    assert 0 <= fill.price * fill.quantity * Decimal("0.001") - fill.fee < Decimal("1e-8")
    assert (fill.role, fill.side, fill.result) == ("taker", "buy", None)
    assert fill.reason == "told to at bar 89"


def test_a_sale_trades_half_a_spread_below_the_open(desk: Desk) -> None:
    bought, sold = desk.run(Script({QUIET: "buy", 90: "sell"}), desk.calm()).fills
    assert (bought.price, sold.price) == (Decimal("100.01"), Decimal("99.99"))
    assert sold.quantity == bought.quantity


def test_the_last_bar_has_no_next_open(desk: Desk) -> None:
    bars = desk.calm(90)
    result = desk.run(Script({89: "buy"}), bars)
    assert (result.signals, result.fills) == (1, [])


def test_a_large_order_walks_the_levels_and_leaves_what_the_book_does_not_hold(desk: Desk) -> None:
    bars = desk.calm(**{f"volume_{QUIET}": 100.0})  # a fifth of it in five levels: 4 a level

    fills = desk.run(Script({QUIET: "buy"}), bars).fills

    assert [fill.quantity for fill in fills] == [Decimal(4)] * 5
    assert [fill.price for fill in fills] == [100 + Decimal("0.01") * level for level in range(1, 6)]


def test_nothing_trades_after_a_bar_without_volume(desk: Desk) -> None:
    result = desk.run(Script({QUIET: "buy"}), desk.calm(**{f"volume_{QUIET}": 0.0}))
    assert (result.fills, result.unfilled) == ([], 1)


def test_what_is_not_held_is_not_sold(desk: Desk) -> None:
    result = desk.run(Script({QUIET: "sell"}), desk.calm())
    assert result.fills == []
    assert [(clamp.rule, clamp.denied) for clamp in result.clamps] == [("risk.no_short", True)]


def test_nothing_is_bought_before_risk_knows_the_symbol(desk: Desk) -> None:
    result = desk.run(Script({30: "buy"}), desk.calm())
    assert result.fills == []
    assert result.clamps[0].rule == "risk.history"
    assert result.clamps[0].value == 30


def test_a_wish_at_the_first_bars_is_denied_like_any_other_too_early(desk: Desk) -> None:
    result = desk.run(Script({0: "buy", 1: "buy", 2: "buy"}), desk.calm())
    assert [(clamp.rule, clamp.value) for clamp in result.clamps] == [("risk.history", n) for n in range(3)]


def test_an_entry_stays_below_the_caps_of_the_live_desk(desk: Desk) -> None:
    desk.terms = Terms(cash=Decimal(10_000))
    result = desk.run(Script(dict.fromkeys(range(QUIET, 95), "buy")), desk.calm(120))
    bought = sum(fill.price * fill.quantity for fill in result.fills)
    assert 900 < bought < 1001  # a tenth of the equity, as it moves
    assert {"risk.per_position"} <= {clamp.rule for clamp in result.clamps}


def test_a_position_is_given_up_at_the_open_after_its_stop_was_met(desk: Desk) -> None:
    fall = {"bar_90": (100.0, 100.1, 90.0, 99.9), "bar_91": (98.0, 98.1, 97.9, 98.0)}
    result = desk.run(Script({QUIET: "buy"}), desk.calm(**fall))
    bought, sold = result.fills
    assert sold.at == opens_at(91)
    assert sold.price == Decimal("97.9902")
    assert sold.quantity == bought.quantity
    assert sold.reason.startswith("stop at 99.")
    assert sold.result is not None
    assert sold.result < 0


def test_a_bar_that_stays_above_the_stop_does_not_sell(desk: Desk) -> None:
    result = desk.run(Script({QUIET: "buy"}), desk.calm(bar_90=(100.0, 100.1, 99.8, 99.9)))
    assert [fill.side for fill in result.fills] == ["buy"]


def test_the_highest_stop_of_all_entries_counts(desk: Desk) -> None:
    rise = {f"bar_{bar}": (110.0, 110.15, 109.95, 110.1) for bar in range(86, 100)}
    desk.limits = RiskLimits(anomaly_move=Decimal(10**6))
    result = desk.run(Script({QUIET: "buy", 98: "buy"}), desk.calm(110, **rise))
    _, again, sold = result.fills
    assert sold.at == opens_at(101)  # the fall back to 100 in bar 100 is far below the second stop, not the first
    assert sold.quantity > again.quantity


def test_what_a_stop_could_not_sell_is_sold_as_soon_as_somebody_buys(desk: Desk) -> None:
    fall = {"bar_90": (100.0, 100.1, 90.0, 99.9), "volume_90": 50.0}
    result = desk.run(Script({QUIET: "buy"}), desk.calm(**fall, bar_91=(90.0, 90.1, 89.0, 90.0)))
    bought, *sold = result.fills
    assert [fill.at for fill in sold] == [opens_at(91)] * 5 + [opens_at(92)]
    assert sum(fill.quantity for fill in sold) == bought.quantity


def test_a_gap_that_makes_an_order_too_large_for_the_cash_leaves_it_undone(desk: Desk) -> None:
    desk.limits = RiskLimits(
        max_trade_fraction=Decimal(1), max_position_fraction=Decimal(1), max_gross_fraction=Decimal(1),
        kelly_cap=Decimal(1), full_edge=Decimal(1), max_correlated_fraction=Decimal(1), risk_per_trade=Decimal(1),
        max_var_fraction=Decimal(1), max_cvar_fraction=Decimal(1),
    )  # fmt: skip
    result = desk.run(Script({89: "buy"}), desk.calm(bar_90=(150.0, 150.1, 149.9, 150.0)))
    assert (result.fills, result.unfilled) == ([], 1)


def test_the_equity_is_cash_and_what_is_held_at_each_close(desk: Desk) -> None:
    result = desk.run(Script({QUIET: "buy"}), desk.calm(bar_99=(100.0, 100.5, 100.0, 100.5)))
    (fill,) = result.fills
    cash = Decimal(100_000) - fill.quantity * fill.price - fill.fee
    assert result.curve[QUIET].equity == 100_000
    assert result.equity == round(cash + fill.quantity * Decimal("100.5"), 2)
    assert result.curve[-1].equity == result.equity


def test_the_day_s_loss_stops_entries_until_the_next_day(desk: Desk) -> None:
    desk.limits = RiskLimits(daily_loss_fraction=Decimal("0.0001"), anomaly_move=Decimal(10**6))
    fall = {f"bar_{bar}": (98.0, 98.15, 97.95, 98.1) for bar in range(90, 130)}
    result = desk.run(Script({QUIET: "buy", 92: "buy", 100: "buy"}), desk.calm(130, **fall))
    assert [clamp.rule for clamp in result.clamps if clamp.denied] == ["risk.daily_loss"]
    assert [fill.at.day for fill in result.fills if fill.side == "buy"] == [18, 19]


def test_the_latch_falls_once_and_for_all(desk: Desk) -> None:
    desk.limits = RiskLimits(
        drawdown_halved=Decimal("0.0002"),
        drawdown_no_new=Decimal("0.0004"),
        drawdown_stop=Decimal("0.0008"),
        drawdown_release=Decimal("0.0001"),
        anomaly_move=Decimal(10**6),
        stop_atr=Decimal(1000),  # no stop is far enough away
    )
    crash = {f"bar_{bar}": (60.0, 60.15, 59.95, 60.1) for bar in range(90, 95)}
    result = desk.run(Script({QUIET: "buy", 98: "buy", 118: "buy"}), desk.calm(120, **crash))
    assert [clamp.rule for clamp in result.clamps if clamp.denied] == ["risk.drawdown_stop"] * 2
    assert [fill.side for fill in result.fills] == ["buy"]


def test_an_unusual_move_pauses_entries(desk: Desk) -> None:
    result = desk.run(Script({90: "buy"}), desk.calm(bar_90=(100.0, 103.0, 100.0, 103.0)))
    assert [clamp.rule for clamp in result.clamps] == ["risk.anomaly_move"]


def test_several_symbols_share_the_cash_and_the_limits(desk: Desk) -> None:
    btc, eth = desk.walk(130), desk.walk(130, seed=4, symbol="ETH/USDT")
    result = desk.run(Script({90: "buy", 100: "buy"}), btc, eth)
    both = ["BTC/USDT", "ETH/USDT"]
    expected = [(opens_at(bar), symbol) for bar in (91, 101) for symbol in both]
    assert [(fill.at, fill.symbol) for fill in result.fills] == expected
    spent = sum(fill.price * fill.quantity + fill.fee for fill in result.fills)
    held = {
        bars.symbol: sum(fill.quantity for fill in result.fills if fill.symbol == bars.symbol) for bars in (btc, eth)
    }
    worth = sum(held[bars.symbol] * Decimal(str(bars.closes[-1])) for bars in (btc, eth))
    assert result.equity == pytest.approx(100_000 - spent + worth, abs=Decimal("0.01"))


def test_an_order_waits_through_a_hole_and_trades_at_the_first_open_after_it(desk: Desk) -> None:
    bars = desk.without(desk.calm(), 85, 91)

    result = desk.run(Script({84: "buy"}), bars)

    assert [fill.at for fill in result.fills] == [opens_at(92)]
    (hole,) = result.holes
    assert (hole.begins, hole.ends, hole.bars) == (opens_at(85), opens_at(92), 7)


def test_a_stop_met_before_a_hole_is_sold_after_it(desk: Desk) -> None:
    bars = desk.without(desk.calm(bar_90=(100.0, 100.1, 90.0, 99.9)), 91, 94)
    assert [fill.at for fill in desk.run(Script({QUIET: "buy"}), bars).fills] == [opens_at(81), opens_at(95)]


def test_a_symbol_with_a_hole_does_not_trade_while_another_does(desk: Desk) -> None:
    whole, holed = desk.calm(), desk.without(desk.calm(symbol="ETH/USDT"), 85, 91)
    result = desk.run(Script({84: "buy"}), whole, holed)
    assert [(fill.symbol, fill.at) for fill in result.fills] == [("BTC/USDT", opens_at(85)), ("ETH/USDT", opens_at(92))]
