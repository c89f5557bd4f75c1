"""One symbol of a backtest while it runs: its bars, what waits to be sent, and what rests at the exchange."""

import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from company.trading.exchange import Exchange, Order, Request
from company.trading.features import Bars
from company.trading.markets import Market
from company.trading.signals import Frame, Strategy

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order that risk has approved and that waits for the next open.

    Attributes:
        request: What is sent.
        amount: Base units.
        price: What it was sized at, in quote units.
        stop: Price at which the entry is given up; None for an exit, and for an entry without a stop.
        reason: Why it was wished for.
    """

    request: Request
    amount: Decimal
    price: Decimal
    stop: Decimal | None
    reason: str

    @property
    def notional(self) -> Decimal:
        """What it was sized at, in quote units."""
        return self.amount * self.price


@dataclass(slots=True)
class Lane:
    """One symbol.

    Attributes:
        number: Its column in the marks.
        bars: Its history; nothing looks at a row that has not closed.
        frame: The features of `bars`.
        market: Rules and taker fee of the exchange.
        strategy: What it is traded by.
        wakes: A bar with a low at or below it makes something of ours happen at the next open; others are passed by.
        waiting: What is sent at the next open.
        stop: Where the position is given up, the highest price that any of its entries asked for; None without one.
        held: Base units.
        sold: When something was last sold, and its average price.
    """

    number: int
    bars: Bars
    frame: Frame
    market: Market
    strategy: Strategy
    wakes: float = -math.inf
    waiting: list[Ticket] = field(default_factory=list)
    stop: Decimal | None = None
    held: Decimal = _ZERO
    sold: tuple[datetime, Decimal] | None = None

    @property
    def symbol(self) -> str:
        """Unified name."""
        return self.bars.symbol

    def wait(self, ticket: Ticket) -> None:
        """Send something at the next open."""
        self.waiting.append(ticket)
        self.wakes = math.inf

    def take(self) -> list[Ticket]:
        """Return what waits, once."""
        tickets, self.waiting = self.waiting, []
        self._watch()
        return tickets

    def protect(self, stop: Decimal) -> None:
        """Give the whole position up at a price, unless it is given up at a higher one already."""
        self.stop = max(stop, self.stop or _ZERO)
        self._watch()

    def traded(self, order: Order, at: datetime) -> None:
        """Take in what an order traded."""
        if order.side == "buy":
            self.held += order.filled
        elif order.filled:
            self.held -= order.filled
            self.sold = at, order.cost / order.filled
        if self.held < self.market.step:
            self.stop = None
        self._watch()

    def sellable(self, request: Request) -> Request:
        """Return a sale cut to what is held."""
        return replace(request, amount=min(request.amount or _ZERO, self.held))

    def _watch(self) -> None:
        self.wakes = -math.inf if self.stop is None else float(self.stop)


def market_of(exchange: Exchange, symbol: str) -> Market:
    """Return an exchange's rules for a symbol as risk reads them."""
    instrument = exchange.listed[symbol]
    return Market(
        venue=exchange.id,
        symbol=symbol,
        base=symbol.partition("/")[0],
        step=instrument.step,
        tick=instrument.tick,
        minimum_quantity=instrument.step,
        minimum_notional=instrument.min_notional,
        fee=exchange.taker_fee,
    )
