"""Two legs at once: sends a plan, and deals with a leg that failed or filled in part.

Both legs are limit orders at the worst price the plan accepts, sent at the same moment; what does not fill at once is
withdrawn. Then one rule decides over what is left uneven:

    a leg's outcome is not known        wait: nothing is sent until it is, for undoing one leg while its twin may still
                                        fill would open the opposite position
    bought and sold are equal           nothing to do
    the difference is worth at most
    the plan's `hold`                   hold it
    else                                unwind: sell the surplus where it was bought, or buy back where it was sold, at
                                        the market and under the desk's limits

Whatever stays open after that is in the report, with its size and why. The same key again sends no leg a second time:
it looks both up and decides anew, which is how a pair is finished after a crash, an outcome that was not known, or an
unwinding that a limit denied (a purchase right after a sale is a wash trade to it, for a minute). The plan is written
down before the legs are, so `settle` needs the key alone.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from company.errors import RequestTimeout, ToolError, VenueError
from company.ports import Json
from company.trading.answers import answer, optional
from company.trading.desk import Desk
from company.trading.figures import Figure, Report, money, significant
from company.trading.markets import DEPTH, Market, Side, levels
from company.trading.orders import OrderReport
from company.trading.pairs import Outcomes
from company.trading.strategies.arbitrage import Arbitrage, TwoLegs, VenueBook

OLD_BOOK = 10_000
"""Milliseconds from a book's own date to now after which no arbitrage is planned on it."""

Remedy = Literal["none", "hold", "unwind", "wait"]
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Leg:
    """What became of one leg.

    Attributes:
        filled: Base units that traded for certain.
        known: False while more may trade, or nobody knows.
        order: The order; None when there is none, or nobody knows.
        why: Why there is no order, or why its outcome is not known; empty otherwise.
    """

    filled: Decimal
    known: bool
    order: OrderReport | None = None
    why: str = ""


class PairReport(Report):
    """What became of a plan.

    Attributes:
        pair: Its key.
        matched: Base units that were bought and sold.
        bought: The buying leg; None when the venue refused it, or its outcome is not known.
        sold: The selling leg, likewise.
        remedy: none (even), hold, unwind, or wait (an outcome is not known: ask again with the same key).
        unwound: The order that undid the difference, if one was placed.
        open: Base units bought more than sold, after unwinding; negative when more was sold.
        cash: Quote units that came in less those that went out, fees counted; None when a venue does not tell its fee
            or an outcome is not known. With nothing open it is the profit.
        known: False while an outcome is not known; the pair is found again by its key.
        notes: What did not go as planned, one sentence each.
    """

    pair: str
    symbol: str
    matched: Figure
    bought: OrderReport | None
    sold: OrderReport | None
    remedy: Remedy
    unwound: OrderReport | None
    open: Figure
    cash: Figure | None
    known: bool
    notes: tuple[str, ...]

    def orders(self) -> list[OrderReport]:
        """Return every order there is of it: both legs and the unwinding."""
        return [order for order in (self.bought, self.sold, self.unwound) if order is not None]


def decide(plan: TwoLegs, bought: Leg, sold: Leg) -> Remedy:
    """Return what to do about two legs, by the rule above."""
    if not (bought.known and sold.known):
        return "wait"
    surplus = bought.filled - sold.filled
    if not surplus:
        return "none"
    price = plan.buy_limit if surplus > 0 else plan.sell_limit
    return "hold" if abs(surplus) * price <= plan.hold else "unwind"


async def look(desk: Desk, symbol: str) -> list[VenueBook]:
    """Read the books and free balances of every venue that lists a symbol, all at the same moment.

    Raises:
        ToolError: No venue lists it.
        VenueError: A venue does not answer, or tells nonsense.
    """
    symbol = await desk.resolve(symbol)
    markets = (await desk.markets.listed())[symbol]
    return list(await asyncio.gather(*(_read(desk, market) for market in markets.values())))


async def execute(
    desk: Desk, plan: TwoLegs, *, key: str, reason: str = "", sources: Sequence[str] = (), role: str = ""
) -> PairReport:
    """Send both legs of a plan at once and settle what is left uneven.

    Args:
        desk: The desk.
        plan: What `Arbitrage` found.
        key: Idempotency key, at most 34 characters; the legs' client order ids are made of it.
        reason: Why; kept with the orders. The plan's figures when empty.
        sources: The documents of strangers that had been read when the reason was written.
        role: Id of the role that trades.

    Raises:
        ToolError: A limit or a balance denies a leg; nothing was sent.
    """
    reason = reason or (
        f"arbitrage: buy {plan.quantity:f} at {plan.buy} up to {plan.buy_limit:f}, sell at {plan.sell} down to "
        f"{plan.sell_limit:f}, {plan.edge_bps:f} bp after fees"
    )
    purpose = {"plan": plan.model_dump(mode="json"), "sources": list(sources), "role": role}
    desk.pairs.begin(key, purpose)
    try:
        outcomes = await desk.place_pair(
            plan.symbol,
            plan.quantity,
            buy=(plan.buy, plan.buy_limit),
            sell=(plan.sell, plan.sell_limit),
            key=key,
            reason=reason,
            sources=sources,
            strategy=Arbitrage.name,
            role=role,
            evidence={name: getattr(plan, name) for name in ("cost", "proceeds", "profit", "edge_bps")},
        )
    except ToolError:
        desk.pairs.end(key)
        raise
    return await _settled(desk, plan, key, outcomes, purpose)


async def settle(desk: Desk, key: str) -> PairReport | None:
    """Find out what became of a pair and finish it; no leg is sent.

    Args:
        desk: The desk.
        key: What it was sent with.

    Returns:
        The report; None when no leg was ever sent, which is certain.
    """
    row = desk.pairs.row(key)
    if row is None or not desk.pairs.is_sent(key):
        desk.pairs.end(key)
        return None
    return await _settled(desk, TwoLegs.model_validate(row["plan"]), key, await desk.find_pair(key), row)


async def _settled(desk: Desk, plan: TwoLegs, key: str, outcomes: Outcomes, purpose: Mapping[str, Any]) -> PairReport:
    """Settle what two legs left uneven, and note the pair as ended when nothing is left to do."""
    bought, sold = [await _final(desk, outcome) for outcome in outcomes]
    remedy = decide(plan, bought, sold)
    undone = None
    if remedy == "unwind":
        said = {"key": f"{key}-u", "sources": tuple(purpose["sources"]), "role": purpose["role"]}
        undone = await _unwind(desk, plan, bought.filled - sold.filled, said)
    if remedy in ("none", "hold") or (undone is not None and undone.order is not None):
        desk.pairs.end(key)
    return _report(plan, key, bought, sold, remedy, undone)


async def _final(desk: Desk, outcome: OrderReport | VenueError) -> Leg:
    """Withdraw what rests of a leg, and say what traded."""
    if isinstance(outcome, VenueError):
        return Leg(_ZERO, known=not isinstance(outcome, RequestTimeout), why=str(outcome))
    if outcome.status not in ("open", "unknown"):
        return Leg(outcome.filled, known=True, order=outcome)
    try:
        outcome = await desk.withdraw(outcome)
    except VenueError as error:
        return Leg(outcome.filled, known=False, order=outcome, why=f"it could not be withdrawn: {error}")
    known = outcome.status not in ("open", "unknown")
    return Leg(outcome.filled, known=known, order=outcome, why="" if known else "it is still open after a withdrawal")


async def _unwind(desk: Desk, plan: TwoLegs, surplus: Decimal, said: Mapping[str, Any]) -> Leg:
    """Undo the difference at the market, where it arose."""
    side: Side = "sell" if surplus > 0 else "buy"
    venue = plan.buy if surplus > 0 else plan.sell
    reason = f"arbitrage: undo {abs(surplus):f} that one leg filled more than the other"
    try:
        amount = min(surplus, await _free(desk, plan.symbol, venue)) if surplus > 0 else -surplus
        order = await desk.place(plan.symbol, side, amount, reason=reason, venue=venue, strategy=Arbitrage.name, **said)
    except (VenueError, ToolError) as error:
        return Leg(_ZERO, known=not isinstance(error, RequestTimeout), why=str(error))
    return Leg(order.filled, known=True, order=order)


async def _free(desk: Desk, symbol: str, venue: str) -> Decimal:
    """Free base units at a venue: some take the fee out of what was bought."""
    balance = await answer(venue, desk.markets.venues[venue].fetch_balance())
    return _balance(balance, symbol.split("/", maxsplit=1)[0], venue)


async def _read(desk: Desk, market: Market) -> VenueBook:
    name, venue = market.venue, desk.markets.venues[market.venue]
    book, balance = await asyncio.gather(
        answer(name, venue.fetch_order_book(market.symbol, DEPTH)), answer(name, venue.fetch_balance())
    )
    where = f"{name} {market.symbol} book"
    _require_young(book, where, desk.markets.clock.now())
    bids, asks = (tuple(levels(book, side, where)) for side in ("bids", "asks"))
    cash = _balance(balance, desk.markets.quote, name)
    return VenueBook(market, bids, asks, cash, _balance(balance, market.base, name))


def _require_young(book: Json, where: str, now: datetime) -> None:
    """Refuse a book that a venue dates itself too long ago: prices that are gone look like a profit."""
    told = optional(book, "timestamp", where)
    if told is not None and (age := Decimal(int(now.timestamp() * 1000)) - told) > OLD_BOOK:
        raise VenueError(
            f"{where}: it is {age / 1000:.0f} s old, more than {OLD_BOOK // 1000} s: nothing is planned on it"
        )


def _balance(balance: Json, currency: str, venue: str) -> Decimal:
    return optional(balance.get("free") or {}, currency, f"{venue} balance") or _ZERO


def _report(plan: TwoLegs, key: str, bought: Leg, sold: Leg, remedy: Remedy, undone: Leg | None) -> PairReport:
    surplus = bought.filled - sold.filled
    legs = [bought, sold, *([undone] if undone else [])]
    left = surplus - (undone.filled if surplus > 0 else -undone.filled) if undone else surplus
    is_known = all(leg.known for leg in legs)
    return PairReport(
        pair=key,
        symbol=plan.symbol,
        matched=min(bought.filled, sold.filled),
        bought=bought.order,
        sold=sold.order,
        remedy=remedy,
        unwound=undone.order if undone else None,
        open=significant(left, 10),
        cash=_cash(legs) if is_known else None,
        known=is_known,
        notes=tuple(_notes(plan, bought, sold, undone, left)),
    )


def _cash(legs: Sequence[Leg]) -> Decimal | None:
    orders = [leg.order for leg in legs if leg.order is not None and leg.order.filled]
    if any(order.fee is None for order in orders):
        return None
    worth = (order.notional if order.side == "sell" else -order.notional for order in orders)
    return money(sum(worth, _ZERO) - sum((order.fee or _ZERO for order in orders), _ZERO))


def _notes(plan: TwoLegs, bought: Leg, sold: Leg, undone: Leg | None, left: Decimal) -> list[str]:
    notes = []
    for name, venue, leg in (("buy", plan.buy, bought), ("sell", plan.sell, sold)):
        if leg.why:
            notes.append(f"{name} at {venue}: {leg.why}")
        elif leg.filled < plan.quantity:
            notes.append(f"{name} at {venue}: {leg.filled:f} of {plan.quantity:f} filled")
    if undone and undone.why:
        notes.append(f"unwinding: {undone.why}")
    if not (bought.known and sold.known and (undone is None or undone.known)):
        notes.append("an outcome is not known: ask again with the same key, nothing is sent twice")
    if left:
        where, more = (plan.buy, "bought than sold") if left > 0 else (plan.sell, "sold than bought")
        notes.append(f"{abs(left):f} {plan.symbol.split('/', maxsplit=1)[0]} more {more} stay open, at {where}")
    return notes
