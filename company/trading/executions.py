"""What changes the accounts: a trade with all that it moved, and a currency that came or went without one."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from company.ports import Json
from company.trading.answers import charges, optional
from company.trading.holdings import Trade
from company.trading.intents import Owner
from company.trading.ledger import Posting
from company.trading.markets import Market

WORLD, FEES = "world", "fees"
"""Accounts of the ledger beside the venues': everybody else, and what trading cost."""

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Execution:
    """A trade with all that it moved.

    Attributes:
        trade: For the accounting of its symbol.
        market: Where it happened.
        quote: The currency it was paid in.
        cost: Quantity times price as the venue counts it, in quote units.
        fees: Fees by currency, negative when the venue paid them.
        order_id: The venue's id of its order; empty when not told.
        key: Our client order id; empty when the order is not ours.
    """

    trade: Trade
    market: Market
    quote: str
    cost: Decimal
    fees: tuple[tuple[str, Decimal], ...]
    order_id: str
    key: str

    @classmethod
    def read(
        cls, raw: Json, market: Market, quote: str, prices: Mapping[str, Decimal], key: str, owner: Owner
    ) -> "Execution":
        """Read a ccxt trade.

        Raises:
            VenueError: Something is missing or cannot be right.
        """
        where = f"{market.venue} {market.symbol}"
        trade = Trade.read(raw, where, market.base, prices, owner)
        cost = optional(raw, "cost", f"{where} trade {trade.id!r}")
        return cls(
            trade=trade,
            market=market,
            quote=quote,
            cost=trade.quantity * trade.price if cost is None else cost,
            fees=tuple(charges(raw, f"{where} trade {trade.id!r}")),
            order_id=str(raw.get("order") or ""),
            key=key,
        )

    @property
    def id(self) -> str:
        """What it is booked under."""
        return f"{self.market.venue} {self.market.symbol} {self.trade.id}"

    def flows(self) -> dict[str, Decimal]:
        """Return what the venue's account gained, by currency."""
        sign = 1 if self.trade.side == "buy" else -1
        gained: dict[str, Decimal] = defaultdict(Decimal)
        gained[self.market.base] += sign * self.trade.quantity
        gained[self.quote] -= sign * self.cost
        for currency, fee in self.fees:
            gained[currency] -= fee
        return gained

    def postings(self) -> list[Posting]:
        """Return the ledger's side of it."""
        paid: dict[str, Decimal] = defaultdict(Decimal)
        for currency, fee in self.fees:
            paid[currency] += fee
        flows = self.flows()
        world = {currency: -gained - paid[currency] for currency, gained in flows.items()}
        sides = ((self.market.venue, flows), (FEES, paid), (WORLD, world))
        return [
            Posting(account=account, asset=asset, amount=amount)
            for account, side in sides
            for asset, amount in side.items()
        ]

    def row(self) -> Json:
        """Return it as it is kept."""
        trade = self.trade
        return {
            "what": "trade",
            "venue": self.market.venue,
            "symbol": self.market.symbol,
            "at": trade.at,
            "side": trade.side,
            "quantity": trade.quantity,
            "price": trade.price,
            "cost": self.cost,
            "base_fee": trade.base_fee,
            "fee": trade.fee,
            "fees": [[currency, str(amount)] for currency, amount in self.fees],
            "order": trade.order,
            "order_id": self.order_id,
            "key": self.key,
            "strategy": trade.owner.strategy,
            "role": trade.owner.role,
        }


@dataclass(frozen=True, slots=True)
class Movement:
    """A currency that came or went without a trade.

    Attributes:
        currency: Which.
        symbol: Whose holding it changes; empty for the quote currency, and for one that no venue quotes.
        price: Its mark in quote units.
        accounts: What each venue's account gained beyond what trades explain.
    """

    currency: str
    symbol: str
    price: Decimal
    accounts: Mapping[str, Decimal]

    @property
    def net(self) -> Decimal:
        """What came over all venues; negative when it went, 0 when it only went from one venue to another."""
        return sum(self.accounts.values(), _ZERO)

    def row(self, at: datetime) -> Json:
        """Return it as it is kept."""
        accounts = {venue: str(amount) for venue, amount in self.accounts.items()}
        what = {"what": "movement", "at": at.isoformat(), "currency": self.currency, "symbol": self.symbol}
        return {**what, "price": str(self.price), "accounts": accounts}

    def postings(self) -> list[Posting]:
        """Return the ledger's side of it."""
        sides = {**self.accounts, WORLD: -self.net}
        return [Posting(account=name, asset=self.currency, amount=amount) for name, amount in sides.items()]
