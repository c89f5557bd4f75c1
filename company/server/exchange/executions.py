"""What an account is told of its orders: an `executionReport` for each step, then what it has now.

A change of the exchange may be several steps: an order that trades on arrival was new first, and what it could not
trade ends last. Each report says how much was filled by then, not how much is by now.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import takewhile

from company.ports import Json
from company.server.exchange.reports import id_of, quote_of, status_of, type_of
from company.server.exchange.shapes import market_id, number
from company.trading.exchange import Change, Order, Trade


def reports(change: Change, order: Order, trades: Sequence[Trade]) -> Iterator[Json]:
    """Yield the reports of one change, in their order.

    Args:
        change: The change.
        order: Its order, as it is now.
        trades: All trades of the order, the oldest first.
    """
    filled, cost = _before(change, trades)
    if change.what in {"placed", "triggered"}:
        yield _report(change, order, "NEW", filled, cost, waits=change.what == "placed" and order.trigger is not None)
    for trade in trades:
        if trade.id in change.trades:
            filled, cost = filled + trade.amount, cost + trade.cost
            yield _report(change, order, "TRADE", filled, cost, trade)
    if change.status == "canceled":
        yield _report(change, order, status_of(order), filled, cost)


def _before(change: Change, trades: Sequence[Trade]) -> tuple[Decimal, Decimal]:
    """Return what was filled before the change, in base and in quote currency."""
    first = change.trades[0] if change.trades else None
    filled = cost = Decimal(0)
    if first is None and change.what != "canceled":
        return filled, cost
    for trade in takewhile(lambda trade: trade.id != first, trades):
        filled, cost = filled + trade.amount, cost + trade.cost
    return filled, cost


def _report(
    change: Change,
    order: Order,
    step: str,
    filled: Decimal,
    cost: Decimal,
    trade: Trade | None = None,
    *,
    waits: bool = False,
) -> Json:
    at, final = change.at, step in {"CANCELED", "EXPIRED"}
    status = step if final or step == "NEW" else "FILLED" if filled >= order.amount else "PARTIALLY_FILLED"
    return {
        "e": "executionReport",
        "E": at,
        "s": market_id(order.symbol),
        "c": order.client_id or "",
        "S": order.side.upper(),
        "o": type_of(order),
        "f": order.time_in_force if order.type == "limit" else "GTC",
        "q": number(order.amount),
        "p": number(order.price or 0),
        "P": number(order.trigger or 0),
        "F": number(0),
        "g": -1,
        "C": order.client_id or "" if step == "CANCELED" else "",
        "x": step,
        "X": status,
        "r": "NONE",
        "i": id_of(order.id),
        "l": number(trade.amount if trade else 0),
        "z": number(filled),
        "L": number(trade.price if trade else 0),
        "n": number(trade.fee if trade else 0),
        "N": quote_of(order.symbol) if trade else None,
        "T": trade.at if trade else at,
        "t": id_of(trade.id) if trade else -1,
        "v": 0,
        "I": change.number,
        "w": not waits and not final and status != "FILLED",
        "m": trade is not None and trade.role == "maker",
        "M": False,
        "O": order.created,
        "Z": number(cost),
        "Y": number(trade.cost if trade else 0),
        "Q": number(order.cost_asked or 0),
        "W": order.since,
        "V": "NONE",
    }
