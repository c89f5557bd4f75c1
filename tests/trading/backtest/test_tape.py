"""Candles as the world around an exchange: what is quoted, what trades, and what is never known too early."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from company.errors import UsageError
from company.trading.backtest.tape import LEVELS, Tape
from company.trading.exchange import Exchange, Order, PlainBooks, Request
from company.trading.features import Bars
from tests.trading.backtest.scripted import Desk, opens_at

SPREAD = Decimal("0.0001")


def exchange_of(*histories: Bars) -> Exchange:
    tape = Tape(histories, SPREAD)
    fee = Decimal("0.001")
    exchange = Exchange("tape", PlainBooks(), tape.instruments, tape, maker_fee=fee, taker_fee=fee)
    exchange.open("me", {"USDT": Decimal(100_000), "BTC": Decimal(100)}, opens_at(0))
    return exchange


def place(exchange: Exchange, bar: int, side: str, price: str | None, **more: object) -> Order:
    kind = "market" if price is None else "limit"
    limit = None if price is None else Decimal(price)
    return exchange.place("me", Request("BTC/USDT", side, kind, Decimal(1), limit, **more), opens_at(bar))  # type: ignore[arg-type]


def test_the_book_stands_around_the_open_with_a_fifth_of_the_volume_before(desk: Desk) -> None:
    tape = Tape([desk.calm(bar_9=(120.0, 130.0, 90.0, 95.0), volume_8=1000.0, volume_9=7.0)], SPREAD)
    quotes = tape.quotes("BTC/USDT", 9)
    assert [quote.price / 10**8 for quote in quotes if quote.side == "sell"] == pytest.approx(
        [120 + 0.012 * level for level in range(1, LEVELS + 1)]
    )
    assert sum(quote.amount for quote in quotes if quote.side == "buy") == 200 * 10**4


def test_of_a_bar_in_progress_only_the_open_is_used(desk: Desk) -> None:
    one = desk.calm()
    other = desk.calm(bar_50=(one.opens[50], 500.0, 1.0, 400.0), volume_50=1.0)
    assert Tape([one], SPREAD).quotes("BTC/USDT", 50) == Tape([other], SPREAD).quotes("BTC/USDT", 50)


def test_the_first_bar_offers_nothing(desk: Desk) -> None:
    assert Tape([desk.calm()], SPREAD).quotes("BTC/USDT", 0) == ()


def test_touched_is_not_filled_and_crossed_is(desk: Desk) -> None:
    exchange = exchange_of(desk.calm(bar_20=(100.0, 100.1, 95.0, 100.0), bar_30=(100.0, 100.1, 94.99, 100.0)))
    order = place(exchange, 10, "buy", "95")

    exchange.settle(opens_at(30))
    assert exchange.account("me").find(order.id).filled == 0

    exchange.settle(opens_at(31))
    (trade,) = exchange.account("me").trades_of(exchange.account("me").find(order.id))
    assert (trade.price, trade.role, trade.at) == (95, "maker", int(opens_at(31).timestamp() * 1000))


def test_a_resting_order_gets_at_most_a_fifth_of_the_bar(desk: Desk) -> None:
    exchange = exchange_of(desk.calm(bar_20=(100.0, 100.1, 90.0, 100.0), volume_20=2.0))
    order = place(exchange, 10, "buy", "95")
    exchange.settle(opens_at(25))
    assert exchange.account("me").find(order.id).filled == Decimal("0.4")


def test_nothing_trades_in_a_hole(desk: Desk) -> None:
    exchange = exchange_of(desk.without(desk.calm(bar_22=(100.0, 100.1, 90.0, 100.0)), 20, 29))
    place(exchange, 10, "buy", "95")
    exchange.settle(opens_at(30))
    assert list(exchange.account("me").trades()) == []


def test_a_stop_of_the_exchange_wakes_at_the_open_at_which_a_backtest_gives_up(desk: Desk) -> None:
    bars = desk.calm(bar_20=(100.0, 100.1, 90.0, 99.9), bar_21=(97.0, 97.1, 96.9, 97.0))
    resting, by_hand = exchange_of(bars), exchange_of(bars)

    stop = place(resting, 10, "sell", None, trigger=Decimal(95), when="stop")
    resting.settle(opens_at(21))
    sale = place(by_hand, 21, "sell", None)

    woken = resting.account("me").trades_of(resting.account("me").find(stop.id))
    sold = by_hand.account("me").trades_of(sale)
    assert [(one.price, one.amount, one.fee, one.at) for one in woken] == [
        (one.price, one.amount, one.fee, one.at) for one in sold
    ]


def test_the_grid_does_not_tell_of_prices_to_come(desk: Desk) -> None:
    one, other = desk.calm(), desk.calm(bar_99=(9_000.123, 9_000.2, 9_000.0, 9_000.1))
    assert Tape([one], SPREAD).instruments == Tape([other], SPREAD).instruments


def test_a_price_that_rises_beyond_every_grid_is_refused(desk: Desk) -> None:
    bars = desk.calm()
    with pytest.raises(UsageError, match=r"BTC/USDT from calm\.csv rises from 100 to 1e\+20: that fits no grid"):
        Tape([replace(bars, highs=np.full(len(bars), 1e20))], SPREAD)


def test_a_symbol_without_a_bar_quotes_and_trades_nothing(desk: Desk) -> None:
    tape = Tape([desk.calm(), desk.without(desk.calm(symbol="ETH/USDT"), 20, 29)], SPREAD)
    assert tape.quotes("ETH/USDT", 25) == ()
    assert tape.bar("ETH/USDT", 25).volume == 0
    assert tape.quotes("BTC/USDT", 25) != ()
    assert tape.begins(25) == int((opens_at(0) + timedelta(hours=25)).timestamp() * 1000)
