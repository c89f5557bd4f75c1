"""An exchange in a world the test writes: minutes with quotes and prices, which nobody may look into early."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from company.ports import Books
from company.trading.exchange import Bar, Exchange, Instrument, Order, PlainBooks, Quote, Request

BTC, ETH = "BTC/USDT", "ETH/USDT"
START = datetime(2026, 3, 1, tzinfo=UTC)
ORIGIN = int(START.timestamp() * 1000)
MAKER, TAKER = Decimal("0.0004"), Decimal("0.001")
LISTED = {
    BTC: Instrument(
        BTC,
        tick=Decimal("0.01"),
        step=Decimal("0.001"),
        min_notional=Decimal(5),
        min_amount=Decimal("0.002"),
        max_amount=Decimal(100),
    ),
    ETH: Instrument(ETH, tick=Decimal("0.01"), step=Decimal("0.01"), min_notional=Decimal(5)),
}
QUIET = Bar(10_000, 10_000, 10_000, 10_000, 100_000)
"""A minute at 100.00 with a volume of 100."""


class Minutes:
    """Implements `Liquidity`: three levels around the open of each minute, which is QUIET unless written otherwise."""

    def __init__(self) -> None:
        self.now = 0
        self.bars: dict[tuple[str, int], Bar] = {}
        self.books: dict[tuple[str, int], Sequence[Quote]] = {}

    def bar_at(self, at: int) -> int:
        return (at - ORIGIN) // 60_000

    def begins(self, bar: int) -> int:
        return ORIGIN + bar * 60_000

    def quotes(self, symbol: str, bar: int) -> Sequence[Quote]:
        assert bar <= self.now, f"the quotes of minute {bar} are not known in minute {self.now}"
        middle = self._written(symbol, bar).open
        bids = [Quote("buy", middle - away, 1_000) for away in (10, 20, 30)]
        asks = [Quote("sell", middle + away, 1_000) for away in (10, 20, 30)]
        return self.books.get((symbol, bar), [*bids, *asks])

    def bar(self, symbol: str, bar: int) -> Bar:
        assert bar < self.now, f"minute {bar} is not over in minute {self.now}"
        return self._written(symbol, bar)

    def first_beyond(self, symbol: str, first: int, last: int, low: int | None, high: int | None) -> int | None:
        for bar in range(first, last):
            found = self.bar(symbol, bar)
            if (low is not None and found.low < low) or (high is not None and found.high > high):
                return bar
        return None

    def _written(self, symbol: str, bar: int) -> Bar:
        return self.bars.get((symbol, bar), QUIET)


class Pit:
    """An exchange with two traders of 100,000 USDT and 100 BTC each, and the time."""

    def __init__(self, books: Books | None = None, world: Minutes | None = None) -> None:
        self.books, self.world, self.at = books or PlainBooks(), world or Minutes(), START
        self.exchange = self.reopened()
        for name in ("alice", "bob"):
            self.exchange.open(name, {"USDT": Decimal(100_000), "BTC": Decimal(100)}, START)

    def reopened(self) -> Exchange:
        return Exchange("pit", self.books, LISTED, self.world, maker_fee=MAKER, taker_fee=TAKER)

    def wait(self, minutes: float = 1) -> None:
        self.at += timedelta(minutes=minutes)
        self.world.now = int((self.at - START) / timedelta(minutes=1))
        self.exchange.settle(self.at)

    def write(self, minute: int, *, low: str = "100", high: str = "100", open: str = "100", volume: int = 100) -> None:
        """Write a minute of BTC."""
        ticks = [int(Decimal(price) * 100) for price in (open, high, low, open)]
        self.world.bars[BTC, minute] = Bar(*ticks, volume * 1000)

    def place(self, name: str, side: str, amount: str | None, price: str | None = None, **options: Any) -> Order:
        return self.exchange.place(name, self.request(side, amount, price, **options), self.at)

    def request(self, side: str, amount: str | None, price: str | None = None, **options: Any) -> Request:
        numbers = {name: Decimal(options.pop(name)) for name in ("trigger", "cost") if name in options}
        return Request(
            options.pop("symbol", BTC),
            side,  # type: ignore[arg-type]  # tests give wrong ones too
            "market" if price is None else "limit",
            None if amount is None else Decimal(amount),
            None if price is None else Decimal(price),
            **numbers,
            **options,
        )

    def order(self, name: str, order: Order) -> Order:
        return self.exchange.account(name).find(order.id)

    def trades(self, name: str) -> list[tuple[str, str, Decimal, Decimal]]:
        return [(trade.order, trade.role, trade.price, trade.amount) for trade in self.exchange.account(name).trades()]

    def state(self) -> list[Any]:
        """Return all there is to see."""
        exchange = self.exchange
        accounts = [exchange.account(name) for name in exchange.accounts()]
        return [
            exchange.depth(BTC, self.at),
            exchange.last_change(),
            *([*account.orders(), *account.open_orders(), *account.trades()] for account in accounts),
            *(account.balances() for account in accounts),
            list(exchange.ledger.entries()),
        ]


@pytest.fixture
def pit() -> Pit:
    return Pit()


@pytest.fixture(scope="session")
def new_pit() -> Callable[..., Pit]:
    return Pit
