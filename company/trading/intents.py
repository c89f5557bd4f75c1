"""An order the desk has decided on, and whose idea it was.

An order may wait for its trigger: a stop sells when the price has fallen to it, a take-profit when it has risen to it,
at the market or, with `_limit`, at a limit. Only sales wait: a purchase would be held against the limits of a moment
that is long over when it happens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from company.trading.markets import Side

OrderType = Literal["market", "limit", "stop", "stop_limit", "take_profit", "take_profit_limit"]
_CONDITIONS: Final[Mapping[str, str]] = {"stop": "stopLossPrice", "take_profit": "takeProfitPrice"}
"""What ccxt calls the trigger, by the kind of order that waits for it."""

WAITING: Final = frozenset({"stop", "stop_limit", "take_profit", "take_profit_limit"})
"""Types that wait for their trigger; what they are to sell lies locked at the venue."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose idea an order was: a strategy and a role, each empty when nobody said."""

    strategy: str = ""
    role: str = ""


NOBODY: Final = Owner()


@dataclass(frozen=True, slots=True)
class Intent:
    """An order the desk has decided on.

    Attributes:
        key: Client order id.
        quantity: In base units, whole steps of the venue.
        price: Limit in quote units, None for an order at the market.
        trigger: Price that the order waits for, in quote units; None when it does not wait.
        stop: Price at which what it buys is to be sold again; None when it has none, and for a sale.
        reason: Why, for the decision record.
        sources: The documents of strangers that had been read when the reason was written.
        owner: Whose idea it was.
        expected: Price it was held against the limits at, in quote units; None when not told.
        asked: Base units that were wanted before they were cut; None when they were not.
        evidence: The values the decision rests on, by name.
    """

    key: str
    venue: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    price: Decimal | None
    reason: str
    sources: tuple[str, ...] = ()
    owner: Owner = NOBODY
    expected: Decimal | None = None
    asked: Decimal | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    trigger: Decimal | None = None
    stop: Decimal | None = None

    @property
    def venue_type(self) -> str:
        """What the venue is told: `market` or `limit`."""
        return "market" if self.price is None else "limit"

    @property
    def params(self) -> dict[str, Any]:
        """What the venue is told besides, in ccxt's words."""
        key = {"clientOrderId": self.key}
        return key if self.trigger is None else {**key, _CONDITIONS[self.type.removesuffix("_limit")]: self.trigger}

    def row(self, at: datetime) -> dict[str, Any]:
        """Return what is written down of it before it is sent."""
        prices = {"trigger": self.trigger, "stop": self.stop}
        return {
            "venue": self.venue,
            "symbol": self.symbol,
            "side": self.side,
            "type": self.type,
            "quantity": self.quantity,
            "price": self.price,
            "reason": self.reason,
            "sources": list(self.sources),
            "strategy": self.owner.strategy,
            "role": self.owner.role,
            "expected": self.expected,
            "asked": self.asked,
            "evidence": dict(self.evidence),
            "at": at,
            "status": "intent",
            **{name: price for name, price in prices.items() if price is not None},
        }
