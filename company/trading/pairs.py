"""Two orders that belong together, sent at the same moment and looked up together afterwards.

What becomes of each leg is a value, never an exception that hides the other one: an order, or the error that says why
there is none. `RequestTimeout` means that nobody knows; any other `VenueError` means that nothing was ordered.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from company.errors import RequestTimeout, VenueError
from company.trading.blotter import Blotter
from company.trading.markets import Market, Side
from company.trading.orders import DOUBTFUL, GRACE, Intent, OrderReport, Owner, state

Outcome = OrderReport | VenueError


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


async def send(blotter: Blotter, intents: tuple[Intent, Intent], at: datetime) -> tuple[Outcome, Outcome]:
    """Write both orders down and send them at once; each has its outcome before this returns."""
    sent = await asyncio.gather(*(blotter.send(intent, at) for intent in intents), return_exceptions=True)
    for outcome in sent:
        if isinstance(outcome, BaseException) and not isinstance(outcome, VenueError):
            raise outcome
    return cast("tuple[Outcome, Outcome]", tuple(sent))


async def look_up(blotter: Blotter, keys: tuple[str, str], now: datetime) -> tuple[Outcome, Outcome]:
    """Return what became of two orders that were sent earlier; nothing is sent."""
    return await _outcome(blotter, keys[0], now), await _outcome(blotter, keys[1], now)


async def _outcome(blotter: Blotter, key: str, now: datetime) -> Outcome:
    if (row := blotter.record(key)) is None:
        return VenueError(f"order {key!r} was never sent: the process ended before its turn")
    try:
        found = await blotter.find(key)
    except VenueError as error:
        return error if isinstance(error, RequestTimeout) else RequestTimeout(str(error))
    if found is not None:
        return found
    if state(row) in DOUBTFUL and now - datetime.fromisoformat(row["at"]) < GRACE:
        return RequestTimeout(f"{row['venue']} does not know the order {key!r} yet; it may still be on its way")
    return VenueError(f"{row['venue']} has no order {key!r}: nothing was ordered")
