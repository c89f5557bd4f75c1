"""Trading with ourselves: orders that would meet an order of ours, or undo a trade of a moment ago.

Only purchases are looked at. A sale that reduces a position is an exit, and exits are always allowed; `in_the_way`
names the resting purchases that it would trade with, so that whoever sends it takes them out of the book first.
Purchases in instalments have no sale between them, and an arbitrage sells dearer than it buys by more than
`wash_fraction`.
"""

from collections.abc import Iterable
from decimal import Decimal

from company.trading.risk.book import BookState, ProposedOrder, Resting
from company.trading.risk.limits import RiskLimits
from company.trading.risk.rules import Clamp, clamp


def own_trades(order: ProposedOrder, state: BookState, limits: RiskLimits) -> list[Clamp]:
    """Return what speaks against a purchase because of orders and trades of ours.

    - `risk.self_trade`: an order of ours, on whichever venue, sells the symbol at what this one would pay or less. A
      market order is taken to reach `wash_fraction` beyond the price it is expected to pay.
    - `risk.wash_trade`: we sold the symbol less than `wash_window` ago, and the price has not moved by more than
      `wash_fraction` since: the sale and this purchase leave nothing but fees.

    Args:
        order: A purchase.
        state: For `resting`, `dealt` and `at`.
        limits: For the window and the fraction.
    """
    found = [clamp("risk.self_trade", rest.price, order.price) for rest in in_the_way(order, state.resting, limits)]
    return found[:1] + _washes(order, state, limits)[:1]


def in_the_way(order: ProposedOrder, resting: Iterable[Resting], limits: RiskLimits) -> list[Resting]:
    """Return the resting orders of ours that an order would trade with, the best first.

    Args:
        order: Either side.
        resting: Orders of ours.
        limits: For how far a market order reaches.
    """
    reach = limits.wash_fraction if order.is_market else Decimal(0)
    others = [rest for rest in resting if rest.symbol == order.symbol and rest.side != order.side]
    if order.side == "buy":
        found = [rest for rest in others if rest.price <= order.price * (1 + reach)]
        return sorted(found, key=lambda rest: rest.price)
    found = [rest for rest in others if rest.price >= order.price * (1 - reach)]
    return sorted(found, key=lambda rest: -rest.price)


def _washes(order: ProposedOrder, state: BookState, limits: RiskLimits) -> list[Clamp]:
    return [
        clamp("risk.wash_trade", deal.price, order.price)
        for deal in state.dealt
        if (deal.symbol, deal.side) == (order.symbol, "sell")
        and state.at is not None
        and state.at - deal.at < limits.wash_window
        and abs(order.price - deal.price) <= deal.price * limits.wash_fraction
    ]
