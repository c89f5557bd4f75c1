"""What an order must be before it may meet the book: its shape, its grid, its worth, and its trigger."""

from collections.abc import Sequence
from decimal import Decimal

from company.trading.exchange.liquidity import Quote
from company.trading.exchange.orders import Order, Request
from company.trading.matching import Instrument, Refused


def check_shape(request: Request) -> None:
    """Make sure that what an order says goes together.

    Raises:
        Refused: It does not.
    """
    is_limit = request.type == "limit"
    if is_limit != (request.price is not None):
        raise _shape(
            f"a {request.type} order with price {_text(request.price)}: limit orders have a price, market orders none"
        )
    if (request.amount is None) == (request.cost is None):
        raise _shape(
            f"amount {_text(request.amount)} and cost {_text(request.cost)}: an order has one of them,"
            " how much of the base or, of a market order, how much of the quote currency"
        )
    if request.cost is not None and (is_limit or request.trigger is not None):
        raise _shape(f"cost {request.cost} is only for market orders that do not wait: give an amount")
    if (request.trigger is None) != (request.when is None):
        raise _shape(f"trigger {_text(request.trigger)} as {request.when!r}: give both or none")
    if request.post_only and (request.trigger is not None or not is_limit or request.time_in_force != "GTC"):
        raise Refused(
            f"a post-only order of {request.symbol} must be able to rest: give it a price and GTC, and no trigger",
            rule="post_only",
        )


def check_grid(request: Request, instrument: Instrument) -> None:
    """Make sure that all numbers of an order are on the grid.

    Raises:
        Refused: One is not.
    """
    if request.amount is not None:
        instrument.steps(request.amount)
    for price in (request.price, request.trigger):
        if price is not None:
            instrument.ticks(price)
    if request.cost is not None:
        instrument.check_cost(request.cost)


def check_waiting(order: Order, instrument: Instrument, quotes: Sequence[Quote]) -> None:
    """Hold an order that will wait to the filters, and make sure it does wait.

    The price now is the middle of the world's best quotes.

    Raises:
        Refused: It breaks a filter, or its trigger is met already.
    """
    assert order.trigger is not None
    trigger = instrument.ticks(order.trigger)
    instrument.check_notional(order.worst or order.trigger, order.amount)
    now = _middle(quotes)
    if now is not None and (trigger >= now if order.falls else trigger <= now):
        kind = "take-profit" if order.when == "take_profit" else order.when
        raise Refused(
            f"{kind} {order.side} of {order.symbol} with trigger {order.trigger} would trigger immediately, the price"
            f" is {instrument.tick * now}: choose a trigger {'below' if order.falls else 'above'} it",
            rule="trigger",
        )


def _middle(quotes: Sequence[Quote]) -> Decimal | None:
    """Return the middle of the best quotes in ticks; None when a side is empty."""
    bids = [quote.price for quote in quotes if quote.side == "buy"]
    asks = [quote.price for quote in quotes if quote.side == "sell"]
    return Decimal(max(bids) + min(asks)) / 2 if bids and asks else None


def _shape(message: str) -> Refused:
    return Refused(message, rule="shape")


def _text(number: Decimal | None) -> str:
    return "None" if number is None else repr(str(number))
