"""Arbitrage: buy at one venue and sell at another at the same time, when that earns after both fees.

Both books are walked level by level: the next unit is taken while what it brings after the seller's fee exceeds what it
costs after the buyer's fee by more than the least edge. So the depth is paid for, and the worst unit still earns. What
is sold has to be at the selling venue already: nothing is borrowed and nothing is moved between venues.

An arbitrage has no conviction. Its profit is known before it is sent; what is not known is whether both legs fill, and
that is `legs.decide`'s to settle.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from company.trading.figures import Figure, Report, figure, money, significant, whole_steps
from company.trading.markets import Market
from company.trading.strategies.wishes import demand

Level = tuple[Decimal, Decimal]
_ZERO = Decimal(0)
_BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class VenueBook:
    """One venue's book and what the company has there.

    Attributes:
        market: The symbol's rules and taker fee there.
        bids: (price, quantity), best first.
        asks: The same.
        cash: Free quote currency.
        held: Free base units.
    """

    market: Market
    bids: Sequence[Level]
    asks: Sequence[Level]
    cash: Decimal
    held: Decimal


class TwoLegs(Report):
    """A plan to buy and sell the same quantity at two venues at once.

    Attributes:
        quantity: Base units of either leg, in whole steps of both venues.
        buy: Venue that is bought at, for no more than `buy_limit` a unit.
        sell: Venue that is sold at, for no less than `sell_limit` a unit.
        cost: Quote units the purchase takes at the shown depth, fee included.
        proceeds: Quote units the sale brings at the shown depth, after its fee.
        profit: Proceeds less cost; `edge_bps` is its share of the cost in basis points.
        hold: Notional in quote units that may stay open when the legs fill unevenly.
    """

    symbol: str
    quantity: Figure
    buy: str
    buy_limit: Figure
    sell: str
    sell_limit: Figure
    cost: Figure
    proceeds: Figure
    profit: Figure
    edge_bps: Figure
    hold: Figure


@dataclass(frozen=True, slots=True)
class Arbitrage:
    """Finds the pair of venues that earns the most.

    Attributes:
        least_bps: Edge after fees that every unit must have, in basis points, 0 or more.
        at_most: Largest notional of a leg, in quote units.
        hold: Notional that may stay open when the legs fill unevenly, in quote units; more is unwound.
    """

    least_bps: Decimal = Decimal(2)
    at_most: Decimal = Decimal(1000)
    hold: Decimal = Decimal(10)

    name = "arbitrage"

    def __post_init__(self) -> None:
        for field, value, least in (("least_bps", self.least_bps, 0), ("hold", self.hold, 0)):
            demand(value >= least, f"{field} is {value}", where=self.name, cure="give a number that is not negative")
        demand(self.at_most > 0, f"at_most is {self.at_most}", where=self.name, cure="give an amount above 0")

    def __call__(self, books: Iterable[VenueBook], /) -> TwoLegs | None:
        """Return the best plan over all pairs of venues, the first of equals; None when nothing earns."""
        plans = [plan for buy, sell in permutations(books, 2) if (plan := self.between(buy, sell)) is not None]
        return max(plans, key=lambda plan: plan.profit, default=None)

    def between(self, buy: VenueBook, sell: VenueBook) -> TwoLegs | None:
        """Return what to buy at one venue and sell at the other; None when nothing earns."""
        taken = list(self._earning(buy, sell))
        quantity = _tradable(buy.market, sell.market, taken)
        if not quantity:
            return None
        paid, ask = _walk(((ask, amount) for ask, _, amount in taken), quantity)
        brought, bid = _walk(((bid, amount) for _, bid, amount in taken), quantity)
        cost, proceeds = paid * (1 + buy.market.fee), brought * (1 - sell.market.fee)
        return TwoLegs(
            symbol=buy.market.symbol,
            quantity=quantity,
            buy=buy.market.venue,
            buy_limit=ask,
            sell=sell.market.venue,
            sell_limit=bid,
            cost=significant(cost, 10),
            proceeds=significant(proceeds, 10),
            profit=significant(proceeds - cost, 8),
            edge_bps=figure((proceeds / cost - 1) * _BPS, 2),
            hold=money(self.hold),
        )

    def _earning(self, buy: VenueBook, sell: VenueBook) -> Iterator[tuple[Decimal, Decimal, Decimal]]:
        """Yield ask, bid and quantity of the slices that earn, the best first."""
        edge = 1 + self.least_bps / _BPS
        taken = _ZERO
        for ask, bid, offered in _slices(buy.asks, sell.bids):
            cost, gain = ask * (1 + buy.market.fee), bid * (1 - sell.market.fee)
            room = min(self.at_most / max(ask, sell.bids[0][0]), buy.cash / cost, sell.held) - taken
            if gain <= cost * edge or room <= 0:
                return
            quantity = min(offered, room)
            taken += quantity
            yield ask, bid, quantity


def _slices(asks: Sequence[Level], bids: Sequence[Level]) -> Iterator[tuple[Decimal, Decimal, Decimal]]:
    """Match the two books' levels, best with best."""
    above, below = iter(asks), iter(bids)
    ask, bid = next(above, None), next(below, None)
    while ask and bid:
        quantity = min(ask[1], bid[1])
        yield ask[0], bid[0], quantity
        ask = next(above, None) if ask[1] == quantity else (ask[0], ask[1] - quantity)
        bid = next(below, None) if bid[1] == quantity else (bid[0], bid[1] - quantity)


def _tradable(buy: Market, sell: Market, taken: Sequence[tuple[Decimal, Decimal, Decimal]]) -> Decimal:
    """Cut what the slices hold to whole steps of both venues; 0 when one of them would refuse it as too small."""
    if not taken:
        return _ZERO
    quantity = sum((offered for _, _, offered in taken), _ZERO)
    cut = whole_steps(quantity, _common(buy.step, sell.step))
    return cut if buy.tradable(cut, taken[0][0]) and sell.tradable(cut, taken[-1][1]) else _ZERO


def _common(one: Decimal, other: Decimal) -> Decimal:
    """Return the smallest step that is a multiple of both."""
    step = max(one, other)
    while step % one or step % other:
        step += max(one, other)
    return step


def _walk(levels: Iterable[Level], quantity: Decimal) -> tuple[Decimal, Decimal]:
    """Return what a quantity is worth, and the price of its last unit."""
    worth, last, left = _ZERO, _ZERO, quantity
    for price, offered in levels:
        if left <= 0:
            break
        part = min(left, offered)
        worth, last, left = worth + part * price, price, left - part
    return worth, last
