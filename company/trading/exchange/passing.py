"""What happens to open orders while bars pass: they trade with the flow, and triggers wake those that wait.

Settling is lazy: it can be asked for after every bar or once for a thousand, with the same result.

**Which bars count.** Only bars that begin at or after the order was placed, so no order sees prices from before it
existed.

**Resting orders** trade with the flow of a bar (`liquidity.flow`) in price-time priority over all accounts, at their
own price, as makers, dated to the end of the bar.

**Triggers** look at the low and the high of a bar when it is over: falling prices (a stop sell, a take-profit buy) meet
a trigger at or above the low, rising ones (a stop buy, a take-profit sell) at or below the high. The woken order then
arrives, as a taker, at the book of the *next* bar as it stands when that begins: nothing it trades with was known
before it was woken, and a gap through the trigger is paid for. Trades between accounts wake nobody. A woken order that
would meet orders of its own account cancels those and goes on, for a stop that protects must not be lost to an own bid.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from operator import itemgetter
from typing import Final

from company.ports import Books
from company.trading.exchange.arrival import Arrivals
from company.trading.exchange.liquidity import Bar, Liquidity, flow
from company.trading.exchange.records import Open, Records
from company.trading.matching import Instrument, Ladder

_SETTLED: Final = "minute"  # the word of the first homes, whose bars were minutes


class Passing:
    """Lets the bars of an exchange pass.

    Args:
        exchange: Its id.
        listed: What is traded, by symbol; within a bar, symbols settle in this order.
        liquidity: The world's bars.
        books: Where it is kept how far the bars have passed.
        records: The accounts' open orders.
        arrivals: Where woken orders go.
    """

    def __init__(
        self,
        exchange: str,
        listed: Mapping[str, Instrument],
        liquidity: Liquidity,
        books: Books,
        records: Records,
        arrivals: Arrivals,
    ) -> None:
        self._exchange, self._listed, self._liquidity = exchange, listed, liquidity
        self._books, self._records, self._arrivals = books, records, arrivals
        self._places = {symbol: place for place, symbol in enumerate(listed)}
        self._symbols = list(listed)

    def is_due(self, until: int) -> bool:
        """True when there are open orders that did not meet all bars before `until`."""
        return bool(self._records.symbols()) and self._settled() < until

    def settle(self, until: int) -> None:
        """Let the bars before `until` pass."""
        first = self._settled()
        due = [
            (bar, self._places[symbol])
            for symbol in self._records.symbols()
            if (bar := self._next(symbol, first, until)) is not None
        ]
        heapify(due)
        while due:
            bar, place = heappop(due)
            self._pass(self._symbols[place], bar)
            if (following := self._next(self._symbols[place], bar + 1, until)) is not None:
                heappush(due, (following, place))
        self._books.put(self._exchange, "settled", {_SETTLED: max(first, until)})

    def _settled(self) -> int:
        document = self._books.get(self._exchange, "settled")
        return int(document[_SETTLED]) if document else 0

    def _next(self, symbol: str, first: int, until: int) -> int | None:
        """Return the first bar in [first, until) that an order of a symbol trades in or is woken by."""
        orders = [(self._first_bar(one.order.since), one) for one in self._records.open_orders(symbol)]
        orders.sort(key=itemgetter(0))
        low = high = None
        for place, (eligible, one) in enumerate(orders):
            low, high = _widened(low, high, one)
            begin = max(eligible, first)
            end = min(until, orders[place + 1][0]) if place + 1 < len(orders) else until
            if begin < end and (found := self._liquidity.first_beyond(symbol, begin, end, low, high)) is not None:
                return found
        return None

    def _first_bar(self, since: int) -> int:
        """Return the first bar that begins at or after a time."""
        bar = self._liquidity.bar_at(since)
        return bar if self._liquidity.begins(bar) >= since else bar + 1

    def _pass(self, symbol: str, bar: int) -> None:
        """Let one symbol's orders meet one bar."""
        begins, ends = self._liquidity.begins(bar), self._liquidity.begins(bar + 1)
        orders = [one for one in self._records.open_orders(symbol) if one.order.since <= begins]
        traded = self._liquidity.bar(symbol, bar)
        at = datetime.fromtimestamp(ends / 1000, UTC)
        self._trade([one for one in orders if not one.order.waits], traded, self._listed[symbol], at)
        for one in orders:
            if one.order.waits and (traded.low <= one.price if one.order.falls else traded.high >= one.price):
                self._arrivals.wake(one, bar + 1, at)

    def _trade(self, orders: Sequence[Open], traded: Bar, instrument: Instrument, at: datetime) -> None:
        ladder, owners = Ladder(), {one.order.id: one for one in orders}
        for _, order, price, left in orders:
            ladder.rest(order.id, order.side, price, left)
        for taker in flow(traded):
            for match in ladder.take(taker.side, taker.amount, taker.limit):
                one = owners[match.maker]
                amount = one.order.remaining if match.amount == one.left else instrument.amount(match.amount)
                self._arrivals.fill(one, instrument.price(match.price), amount, at)


def _widened(low: int | None, high: int | None, one: Open) -> tuple[int | None, int | None]:
    """Return the prices a bar must trade below or above for something to happen, with one more order.

    A resting order is crossed, a trigger is touched.
    """
    if one.order.falls if one.order.waits else one.order.side == "buy":
        below = one.price + one.order.waits
        return (below if low is None else max(low, below)), high
    above = one.price - one.order.waits
    return low, (above if high is None else min(high, above))
