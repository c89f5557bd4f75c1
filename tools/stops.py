"""Stop tools: what fell to the price at which it is to be given up, and the sale of it."""

from company import Context, Denial, Stakes, says, tool
from company.trading import Desk, OrderReport, Watched
from company.trading.risk.rules import clamp


@tool(effect="read")
async def stops(context: Context) -> list[Watched]:
    """Return the stops of our purchases: how much has one, the next to be reached, and how much `reached` its own."""
    return await context.get(Desk).stops()


async def _at_stake(symbol: str, venue: str, context: Context) -> Stakes:
    desk = context.get(Desk)
    found = await desk.stop_of(await desk.resolve(symbol), venue)
    if not found.reached:
        said = clamp("risk.stop_not_reached", found.stop, found.price)
        return Stakes(found.symbol, denials=(Denial(said.rule, str(said)),))
    return Stakes(found.symbol, notional=found.reached * found.price)


async def _placed(context: Context) -> OrderReport | None:
    report = await context.get(Desk).find(context.key)
    return None if report is None else _told(context, report)


_CLAIMS = (
    says("sold", amount="filled", filled=True, side="sell"),
    says("stopped out", "stop executed", "executed stop", amount="filled", filled=True),
)


@tool(effect="irreversible", idempotent=True, lookup=_placed, assess=_at_stake, claims=_CLAIMS)
async def sell_stopped(symbol: str, venue: str, context: Context) -> OrderReport:
    """Sell at the market all of a symbol at a venue that has fallen to its stop.

    Args:
        symbol: Its `symbol` in `stops`.
        venue: Its `venue`.
    """
    desk = context.get(Desk)
    return _told(context, await desk.sell_stopped(symbol, venue, key=context.key, role=context.role))


def _told(context: Context, report: OrderReport) -> OrderReport:
    for name, value in report.news():
        context.emit(name, value)
    return report
