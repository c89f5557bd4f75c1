"""Where an order goes: a venue that can pay, the one asked for or the best, and how much of it that venue takes."""

from collections.abc import Sequence
from decimal import Decimal

from company.errors import ToolError
from company.trading.accounts import Accounts
from company.trading.markets import Market, Markets, Quote, Side, best


def sizing_quote(quotes: Sequence[Quote], side: Side, accounts: Accounts, largest: Decimal) -> tuple[Quote, Decimal]:
    """Choose where to trade an order of unknown size, and say what is free there to pay for it.

    That is the best quote among the venues that can pay for the largest order, else the venue with the most.

    Args:
        quotes: Of the venues that come into question.
        side: `buy` or `sell`.
        accounts: What they hold.
        largest: Notional of the largest purchase, in quote units.
    """
    base = quotes[0].market.base
    most = largest if side == "buy" else accounts.total(base)
    free = {quote.market.venue: accounts.free(quote.market.venue, _spent(accounts, side, base)) for quote in quotes}
    able = [quote for quote in quotes if free[quote.market.venue] >= most]
    chosen = best(able, side) if able else max(quotes, key=lambda quote: free[quote.market.venue])
    return chosen, free[chosen.market.venue]


async def route(
    markets: Markets,
    symbol: str,
    side: Side,
    quantity: Decimal,
    limit: Decimal | None,
    venue: str,
    accounts: Accounts,
    quotes: Sequence[Quote],
) -> tuple[Market, Decimal]:
    """Choose a venue that can pay, the one asked for or the best, and the price to expect there.

    Raises:
        ToolError: None can pay, or no book is deep enough.
    """
    quotes = [quote for quote in quotes if venue in ("", quote.market.venue)]
    if not quotes:
        await markets.market(symbol, venue)  # raises: the venue does not list it
    able = [quote for quote in quotes if _pays(accounts, quote, side, quantity, limit or quote.ask)]
    if not able:
        spent = _spent(accounts, side, quotes[0].market.base)
        free = ", ".join(f"{name} {accounts.free(name, spent):f}" for name in [q.market.venue for q in quotes])
        raise ToolError(
            f"order denied: risk.balance: no venue has the free {spent} to {side} {quantity} {symbol}; free are: "
            f"{free}; ask for less, or place one order a venue"
        )
    if limit is not None:
        return best(able, side).market, limit
    return await markets.route(symbol, side, quantity, [quote.market for quote in able])


def tradable(market: Market, quantity: Decimal, price: Decimal) -> Decimal:
    """Cut a quantity to the venue's steps.

    Raises:
        ToolError: Nothing is left that the venue takes.
    """
    cut = market.tradable(quantity, price)
    if not cut:
        raise ToolError(
            f"{quantity} {market.symbol} is too small for {market.venue}: it takes steps of {market.step}, at least "
            f"{market.minimum_quantity} {market.base} and {market.minimum_notional} in notional"
        )
    return cut


def _spent(accounts: Accounts, side: Side, base: str) -> str:
    return accounts.quote if side == "buy" else base


def _pays(accounts: Accounts, quote: Quote, side: Side, quantity: Decimal, price: Decimal) -> bool:
    """True when the quote's venue has the free balance for an order."""
    market = quote.market
    if side == "sell":
        return accounts.free(market.venue, market.base) >= quantity
    return accounts.free(market.venue, accounts.quote) >= quantity * price * (1 + market.fee)
