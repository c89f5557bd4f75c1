"""Two orders that belong together, sent at the same moment and looked up together afterwards.

What becomes of each leg is a value, never an exception that hides the other one: an order, or the error that says why
there is none. `RequestTimeout` means that nobody knows; any other `VenueError` means that nothing was ordered.

What a pair was for is written down before its legs are, and noted as open until somebody found both at their end. So
a pair whose process was killed, or of which an answer was lost, is found again by its key.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast

from company.errors import RequestTimeout, ToolError, VenueError
from company.ports import Books, Json
from company.trading import risk
from company.trading.blotter import Blotter
from company.trading.decisions import Decisions, Denied, allow, known_then
from company.trading.facing import Facing
from company.trading.markets import Market, Markets, Side
from company.trading.orders import DOUBTFUL, GRACE, Intent, OrderReport, Owner, state
from company.trading.portfolio import Portfolio
from company.trading.risk import Clamp, ProposedOrder, RiskLimits
from company.trading.routing import route, tradable

PAIRS: Final = "trading.pair"
OPEN: Final = "trading.pair.open"

Outcome = OrderReport | VenueError
Outcomes = tuple[Outcome, Outcome]
"""What became of the purchase and of the sale."""


def keys_of(key: str) -> tuple[str, str]:
    """Return the client order ids of the purchase and of the sale of a pair."""
    return f"{key}-b", f"{key}-s"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One leg before the limits have seen it: a limit order at one venue.

    Attributes:
        key: Client order id.
        quantity: In base units.
        limit: Worst price that is taken, in quote units.
        reason: Why, for the decision record.
        sources: The documents of strangers that had been read when the reason was written.
        owner: Whose idea it was.
        evidence: The figures the reason rests on, by name.
    """

    key: str
    venue: str
    symbol: str
    side: Side
    quantity: Decimal
    limit: Decimal
    reason: str
    sources: tuple[str, ...]
    owner: Owner
    evidence: Mapping[str, str]

    def wish(self, at: datetime) -> dict[str, Any]:
        """Return what is written down of it when it is denied."""
        return {
            "at": at,
            "venue": self.venue,
            "symbol": self.symbol,
            "side": self.side,
            "type": "limit",
            "asked": self.quantity,
            "price": self.limit,
            "reason": self.reason,
            "sources": list(self.sources),
            "evidence": dict(self.evidence),
        }

    def intent(self, market: Market, quantity: Decimal, evidence: Mapping[str, str]) -> Intent:
        """Return the order that is sent: `quantity` in whole steps, its limit on the venue's grid."""
        return Intent(
            key=self.key,
            venue=market.venue,
            symbol=self.symbol,
            side=self.side,
            type="limit",
            quantity=quantity,
            price=market.on_tick(self.side, self.limit),
            reason=self.reason,
            sources=self.sources,
            owner=self.owner,
            expected=self.limit,
            asked=self.quantity,
            evidence=evidence,
        )


class Pairs:
    """Holds both legs against the limits, sends them, and remembers what they were for.

    Args:
        markets: Venues and their rules.
        books: Where pairs are written down.
        blotter: The orders.
        portfolio: What is owned.
        facing: What an order is held against.
        decisions: Where a denial is written down.
        limits: The limits of every leg.
    """

    def __init__(
        self,
        *,
        markets: Markets,
        books: Books,
        blotter: Blotter,
        portfolio: Portfolio,
        facing: Facing,
        decisions: Decisions,
        limits: RiskLimits,
    ) -> None:
        self._markets, self._books, self._blotter = markets, books, blotter
        self._portfolio, self._facing, self._decisions, self._limits = portfolio, facing, decisions, limits

    # What they were for

    def begin(self, key: str, purpose: Mapping[str, Any]) -> None:
        """Write down what a pair is for, before its legs are sent; one that was sent keeps what it was for."""
        if not self.is_sent(key):
            with self._books.transaction():
                self._books.put(PAIRS, key, {"at": self._markets.clock.now(), **purpose})
                self._books.put(OPEN, key, {})

    def end(self, key: str) -> None:
        """Note that nothing is left to do for a pair."""
        self._books.delete(OPEN, key)

    def row(self, key: str) -> Json | None:
        """Return what a pair was for, and `at`; None when there was none."""
        return self._books.get(PAIRS, key)

    def open(self) -> list[tuple[str, Json]]:
        """Return key and row of the pairs for which something may be left to do, the oldest first."""
        return [(key, row) for key, _ in self._books.items(OPEN) if (row := self.row(key)) is not None]

    def is_open(self, key: str) -> bool:
        """Tell whether something may be left to do for a pair."""
        return self._books.get(OPEN, key) is not None

    def untold(self, key: str, orders: Iterable[OrderReport], *, anew: bool = False) -> list[OrderReport]:
        """Return the orders of a pair that people were not told of, and note that they are now.

        What the reconciliation found out it tells itself.

        Args:
            key: The pair's.
            orders: What there is of it.
            anew: What was noted was lost with the process that was to tell it.
        """
        row = self.row(key) or {}
        known = [] if anew else row.get("told", [])
        new = [order for order in orders if order.client_order_id not in known]
        self._books.put(PAIRS, key, {**row, "told": [*known, *(order.client_order_id for order in new)]})
        return [order for order in new if not (self._blotter.record(order.client_order_id) or {}).get("meanwhile")]

    def is_sent(self, key: str) -> bool:
        """Tell whether a leg of a pair was written down, and so may have been sent."""
        return any(self._blotter.record(leg) is not None for leg in keys_of(key))

    # Orders

    async def place(self, bought: Wanted, sold: Wanted) -> Outcomes:
        """Hold both legs against the limits, then send them at once; each has its outcome before this returns.

        Raises:
            ToolError: A limit or a balance denies one of them; nothing was sent.
        """
        intents = await self._vetted(bought), await self._vetted(sold)
        at = self._markets.clock.now()
        sent = await asyncio.gather(*(self._blotter.send(intent, at) for intent in intents), return_exceptions=True)
        for outcome in sent:
            if isinstance(outcome, BaseException) and not isinstance(outcome, VenueError):
                raise outcome
        return cast("Outcomes", tuple(sent))

    async def find(self, key: str) -> Outcomes:
        """Return what became of two orders that were sent earlier; nothing is sent."""
        now, (bought, sold) = self._markets.clock.now(), keys_of(key)
        return await self._outcome(bought, now), await self._outcome(sold, now)

    async def weigh(self, bought: Wanted, sold: Wanted) -> list[Clamp]:
        """Return the limits that the legs would break, each once; an empty list allows both."""
        broken = []
        for leg in (bought, sold):
            state = await self._facing.ahead_of(leg.symbol, leg.side)
            order = ProposedOrder(leg.symbol, leg.side, leg.quantity, leg.limit)
            broken += risk.check(order, state, self._limits)
        return list({clamp.rule: clamp for clamp in broken}.values())

    def deny(self, leg: Wanted, denial: ToolError) -> None:
        """Write down that a leg was denied."""
        clamps = denial.clamps if isinstance(denial, Denied) else ()
        self._decisions.deny(leg.key, leg.wish(self._markets.clock.now()), leg.owner, clamps, str(denial))

    async def _vetted(self, leg: Wanted) -> Intent:
        """Hold one of two legs against the limits and what its venue has, as if it alone filled."""
        try:
            accounts = await self._portfolio.accounts()
            quotes = await self._markets.quotes(leg.symbol)
            wanted = leg.symbol, leg.side, leg.quantity, leg.limit, leg.venue
            market, _ = await route(self._markets, *wanted, accounts, quotes)
            cut = tradable(market, leg.quantity, leg.limit)
            state = await self._facing.ahead_of(leg.symbol, leg.side, accounts)
            allow(risk.check(ProposedOrder(leg.symbol, leg.side, cut, leg.limit), state, self._limits))
        except ToolError as denial:
            self.deny(leg, denial)
            raise
        return leg.intent(market, cut, known_then(state, leg.symbol, leg.limit, leg.evidence))

    async def _outcome(self, key: str, now: datetime) -> Outcome:
        if (row := self._blotter.record(key)) is None:
            return VenueError(f"order {key!r} was never sent: the process ended before its turn")
        try:
            found = await self._blotter.find(key)
        except VenueError as error:
            return error if isinstance(error, RequestTimeout) else RequestTimeout(str(error))
        if found is not None:
            return found
        if state(row) in DOUBTFUL and now - datetime.fromisoformat(row["at"]) < GRACE:
            return RequestTimeout(f"{row['venue']} does not know the order {key!r} yet; it may still be on its way")
        return VenueError(f"{row['venue']} has no order {key!r}: nothing was ordered")
