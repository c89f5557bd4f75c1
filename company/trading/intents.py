"""An order the desk has decided on, and whose idea it was."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from company.trading.markets import Side

OrderType = Literal["market", "limit"]


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
        price: Limit in quote units, None for a market order.
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

    def row(self, at: datetime) -> dict[str, Any]:
        """Return what is written down of it before it is sent."""
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
        }
