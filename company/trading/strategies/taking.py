"""Taking an arbitrage that somebody saw: only while it earns, and never for more or at worse prices than was asked.

Whoever asks has looked at the books a moment ago, or an hour ago when a person had to allow it. So both books are read
again, and the quantity is cut to what still earns there. Nothing is sent when no unit does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from company.errors import RequestTimeout, ToolError
from company.trading.arguments import read_positive
from company.trading.decisions import Denied
from company.trading.desk import Desk
from company.trading.figures import Figure, Report, money, significant
from company.trading.orders import Owner
from company.trading.pairs import Wanted, keys_of
from company.trading.risk import Clamp
from company.trading.risk.rules import clamp
from company.trading.strategies.arbitrage import Arbitrage, TwoLegs, VenueBook
from company.trading.strategies.legs import PairReport, execute, look, settle

_BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Asked:
    """An arbitrage as it was asked for.

    Attributes:
        symbol: Unified name.
        quantity: Base units of either leg, at most.
        buy: Venue to buy at, for no more than `buy_limit` a unit.
        sell: Venue to sell at, for no less than `sell_limit` a unit.
    """

    symbol: str
    quantity: Decimal
    buy: str
    buy_limit: Decimal
    sell: str
    sell_limit: Decimal

    @classmethod
    async def read(cls, desk: Desk, symbol: str, quantity: Any, *, buy: tuple[str, Any], sell: tuple[str, Any]) -> Self:
        """Read what a model asked for.

        Raises:
            ToolError: An argument cannot be right.
        """
        if not buy[0] or not sell[0] or buy[0] == sell[0]:
            raise ToolError(f"buy is {buy[0]!r} and sell {sell[0]!r}: name two different venues")
        limits = read_positive(buy[1], "buy_limit"), read_positive(sell[1], "sell_limit")
        named = await desk.resolve(symbol)
        return cls(named, read_positive(quantity, "quantity"), buy[0], limits[0], sell[0], limits[1])

    @property
    def notional(self) -> Decimal:
        """Most that both legs together may be worth, in quote units."""
        return self.quantity * (self.buy_limit + self.sell_limit)

    def legs(self, key: str, plan: TwoLegs | None = None) -> tuple[Wanted, Wanted]:
        """Return both legs as they are held against the limits, of a plan or as they were asked for."""
        quantity = plan.quantity if plan else self.quantity
        prices = (plan.buy_limit, plan.sell_limit) if plan else (self.buy_limit, self.sell_limit)
        said = "", (), Owner(Arbitrage.name), dict[str, str]()
        bought, sold = keys_of(key)
        return (
            Wanted(bought, self.buy, self.symbol, "buy", quantity, prices[0], *said),
            Wanted(sold, self.sell, self.symbol, "sell", quantity, prices[1], *said),
        )


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an arbitrage would come to now.

    Attributes:
        plan: What would be sent; None when it would not be taken.
        clamps: The limits that deny it; none when it may be taken.
        reason: What it would earn, or why it is not taken, in words with figures.
    """

    plan: TwoLegs | None
    clamps: tuple[Clamp, ...]
    reason: str


class OpenPair(Report):
    """A pair that is not at its end: an outcome is not known, or what is left uneven could not be undone yet.

    Attributes:
        pair: Its key, for `settle_pair`.
        at: When it was taken, company time.
        notional: Most that is left to undo, in quote units.
    """

    pair: str
    at: datetime
    symbol: str
    buy: str
    sell: str
    quantity: Figure
    notional: Figure


async def weigh(desk: Desk, asked: Asked) -> Prospect:
    """Return what an arbitrage would come to at the books of now, and what denies it.

    Raises:
        ToolError: A venue is unknown, or nothing of it can be had within the limits asked for or with what is free.
        VenueError: A venue does not answer, or tells nonsense.
    """
    try:
        plan = await _plan(desk, asked)
    except Denied as denial:
        return Prospect(None, tuple(denial.clamps), str(denial))
    broken = await desk.pairs.weigh(*asked.legs("", plan))
    earns = f"{plan.profit:f} {desk.markets.quote} after both fees, {plan.edge_bps:f} bp"
    return Prospect(plan, tuple(broken), "; ".join(map(str, broken)) or earns)


async def take(desk: Desk, asked: Asked, *, key: str, sources: Sequence[str] = (), role: str = "") -> PairReport:
    """Send both legs of an arbitrage at once if it earns after both fees at the books of now.

    Args:
        desk: The desk.
        asked: What is wanted.
        key: Idempotency key, at most 34 characters. The same key again sends nothing: it finishes the pair.
        sources: The documents of strangers that had been read when the reason was written.
        role: Id of the role that trades.

    Raises:
        ToolError: It does not earn now, or a limit or a balance denies a leg; nothing was sent.
        VenueError: A venue does not answer; nothing was sent.
        RequestTimeout: An outcome is not known; `found` looks it up.
    """
    said: dict[str, Any] = {"key": key, "sources": sources, "role": role}
    if desk.pairs.is_sent(key) and (row := desk.pairs.row(key)) is not None:
        return _known(await execute(desk, TwoLegs.model_validate(row["plan"]), **said))
    try:
        plan = await _plan(desk, asked)
    except ToolError as denial:
        owner = Owner(Arbitrage.name, role)
        for leg in asked.legs(key):
            desk.pairs.deny(replace(leg, reason="an arbitrage", sources=tuple(sources), owner=owner), denial)
        raise
    return _known(await execute(desk, plan, **said))


async def found(desk: Desk, key: str) -> PairReport | None:
    """Return what became of an arbitrage that was begun, and finish it; None when no leg was ever sent.

    Raises:
        RequestTimeout: An outcome is still not known.
    """
    report = await settle(desk, key)
    return None if report is None else _known(report)


def unfinished(desk: Desk) -> list[OpenPair]:
    """Return the pairs for which something may be left to do, the oldest first."""
    return [_open(key, row["at"], TwoLegs.model_validate(row["plan"])) for key, row in desk.pairs.open()]


async def _plan(desk: Desk, asked: Asked) -> TwoLegs:
    """Cut what was asked for to what earns at the books of now.

    Raises:
        Denied: No unit earns.
        ToolError: A venue is unknown, or nothing can be had within the limits asked for or with what is free.
    """
    books = {book.market.venue: book for book in await look(desk, asked.symbol)}
    for venue in (asked.buy, asked.sell):
        if venue not in books:
            raise ToolError(f"venue {venue!r} does not trade {asked.symbol}; there are {', '.join(books)}")
    buy, sell = books[asked.buy], books[asked.sell]
    rule = Arbitrage(at_most=asked.quantity * max(asked.buy_limit, asked.sell_limit))
    plan = rule.between(*_within(asked, buy, sell))
    if plan is None:
        raise _refusal(asked, buy, sell, rule.least_bps)
    return plan


def _within(asked: Asked, buy: VenueBook, sell: VenueBook) -> tuple[VenueBook, VenueBook]:
    """Leave of two books what was asked for."""
    asks = [level for level in buy.asks if level[0] <= asked.buy_limit]
    bids = [level for level in sell.bids if level[0] >= asked.sell_limit]
    return replace(buy, asks=asks), replace(sell, bids=bids, held=min(sell.held, asked.quantity))


def _refusal(asked: Asked, buy: VenueBook, sell: VenueBook, least: Decimal) -> ToolError:
    """Say why nothing is taken, by the best unit of both books: it does not earn, or something is in its way."""
    for book, levels in ((buy, buy.asks), (sell, sell.bids)):
        if not levels:
            return ToolError(f"the book of {asked.symbol} at {book.market.venue} is empty: nothing was sent")
    ask, bid = buy.asks[0][0], sell.bids[0][0]
    cost, gain = ask * (1 + buy.market.fee), bid * (1 - sell.market.fee)
    edge = (gain / cost - 1) * _BPS
    figures = (
        f"with the fee a unit costs {significant(cost):f} at {asked.buy} and brings {significant(gain):f} at "
        f"{asked.sell}, {edge:.2f} bp"
    )
    if edge <= least:
        broken = clamp("risk.no_profit", least, edge)
        return Denied([broken], f"{broken}: {figures}")
    return ToolError(
        f"{figures}, but of {asked.quantity:f} nothing can be taken: the best ask is {ask:f} (limit "
        f"{asked.buy_limit:f}), the best bid {bid:f} (limit {asked.sell_limit:f}), free are {money(buy.cash):f} "
        f"{asked.symbol.partition('/')[2]} at {asked.buy} and {sell.held:f} {sell.market.base} at {asked.sell}; "
        "nothing was sent"
    )


def _known(report: PairReport) -> PairReport:
    if not report.known:
        raise RequestTimeout("; ".join(report.notes))
    return report


def _open(key: str, at: str, plan: TwoLegs) -> OpenPair:
    return OpenPair(
        pair=key,
        at=datetime.fromisoformat(at),
        symbol=plan.symbol,
        buy=plan.buy,
        sell=plan.sell,
        quantity=plan.quantity,
        notional=money(plan.quantity * max(plan.buy_limit, plan.sell_limit)),
    )
