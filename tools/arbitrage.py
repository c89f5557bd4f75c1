"""Arbitrage tools: take one that earns, both legs at once, and finish one whose outcome was not known."""

from decimal import Decimal

from company import Context, Denial, Stakes, ToolError, says, tool
from company.trading import Desk
from company.trading.strategies.legs import PairReport, settle
from company.trading.strategies.taking import Asked, OpenPair, Prospect, found, take, unfinished, weigh

_CLAIMS = (
    says("bought", "purchased", "acquired", "sold", amount="matched", matched=True),
    says("arbitrage taken", "took arbitrage", "arbitrage traded", "arbitraged", amount="matched", matched=True),
)


async def _found(context: Context) -> PairReport | None:
    """Find out what became of both legs, and finish the pair."""
    report = await found(context.get(Desk), context.key)
    return None if report is None else _told(context, context.key, report, anew=True)


async def _at_stake(
    symbol: str,
    quantity: Decimal,
    buy: str,
    buy_limit: Decimal,
    sell: str,
    sell_limit: Decimal,
    context: Context,
) -> Stakes:
    desk = context.get(Desk)
    asked = await Asked.read(desk, symbol, quantity, buy=(buy, buy_limit), sell=(sell, sell_limit))
    prospect = await weigh(desk, asked)
    for clamp in prospect.clamps:
        told = {"tool": "trade_arbitrage", "symbol": asked.symbol, "side": "buy and sell", "approved": False}
        context.emit("risk.clamped", {**told, **clamp.told()})
    denials = tuple(Denial(clamp.rule, prospect.reason) for clamp in prospect.clamps)
    return Stakes(asked.symbol, notional=asked.notional, denials=denials, preview=_preview(asked, prospect))


def _preview(asked: Asked, prospect: Prospect) -> str:
    base = asked.symbol.partition("/")[0]
    return (
        f"Buy {asked.quantity:f} {base} at {asked.buy} for {asked.buy_limit:f} or less and sell as much at "
        f"{asked.sell} for {asked.sell_limit:f} or more, both at once. At the books of now: {prospect.reason}."
    )


@tool(effect="irreversible", timeout=60, idempotent=True, lookup=_found, assess=_at_stake, claims=_CLAIMS)
async def trade_arbitrage(
    symbol: str,
    quantity: Decimal,
    buy: str,
    buy_limit: Decimal,
    sell: str,
    sell_limit: Decimal,
    context: Context,
) -> PairReport:
    """Buy at one venue and sell as much at another at the same moment, if that earns after both fees right now.

    Take the figures from the `plan` of `arbitrage`.

    Args:
        symbol: The plan's.
        quantity: Base units, at most.
        buy: Venue to buy at.
        buy_limit: Highest price to pay.
        sell: Venue to sell at.
        sell_limit: Lowest price to take.
    """
    desk = context.get(Desk)
    report = await take(
        desk,
        await Asked.read(desk, symbol, quantity, buy=(buy, buy_limit), sell=(sell, sell_limit)),
        key=context.key,
        sources=context.sources,
        role=context.role,
    )
    return _told(context, context.key, report)


@tool(effect="read")
async def open_pairs(context: Context) -> list[OpenPair]:
    """Return arbitrages that are not finished: an outcome is not known, or an uneven leg not undone."""
    return unfinished(context.get(Desk))


async def _left(pair: str, context: Context) -> Stakes:
    desk = context.get(Desk)
    left = next((one for one in unfinished(desk) if one.pair == pair), None)
    if left is None:
        raise ToolError(f"there is no unfinished pair {pair!r}; `open_pairs` lists those there are")
    sources = tuple((desk.pairs.row(pair) or {}).get("sources", ()))
    preview = (
        f"Find out what became of {left.quantity:f} {left.symbol}, bought at {left.buy} and sold at {left.sell}, and "
        "undo what is uneven."
    )
    return Stakes(left.symbol, notional=left.notional, preview=preview, sources=sources)


@tool(effect="irreversible", timeout=60, idempotent=True, assess=_left, claims=_CLAIMS)
async def settle_pair(pair: str, context: Context) -> PairReport:
    """Finish an arbitrage of `open_pairs`: look up both legs, and undo what is uneven.

    Args:
        pair: Its `pair`.
    """
    desk = context.get(Desk)
    report = await settle(desk, pair)
    if report is None:
        raise ToolError(f"neither leg of pair {pair!r} was ever sent: there is nothing to finish")
    for order in report.orders():
        for source in order.sources:
            context.distrust(source)
    return _told(context, pair, report)


def _told(context: Context, key: str, report: PairReport, *, anew: bool = False) -> PairReport:
    """Tell of every order of a pair that nobody was told of."""
    for order in context.get(Desk).pairs.untold(key, report.orders(), anew=anew):
        for name, value in order.news():
            context.emit(name, value)
    return report
