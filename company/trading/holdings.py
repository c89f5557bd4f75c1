"""Average-cost accounting of one symbol: what is held, what it cost, what was earned on it.

Pure. `cost` is the total paid for what is held now; a sale takes its share of it, and the rest of the proceeds is
realised profit. Fees are kept apart from cost and proceeds, so that

    realised + (value now - cost) - fees  =  everything gained or lost

holds exactly. A fee taken in the base currency (as Binance does on buys) is a quantity that was bought and given
away: it lowers what is held and counts as a fee at the trade's price.

Quantity that comes or goes without a trade (inventory found at the first sight, deposits, withdrawals) comes in at the
mark of the moment and goes out at average cost: it is no profit.
"""

from dataclasses import dataclass
from decimal import Decimal

from company.ports import Json
from company.trading.answers import charges, number
from company.trading.figures import Report
from company.trading.markets import Side

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution on a venue.

    Attributes:
        id: The venue's own id.
        at: UTC epoch milliseconds.
        quantity: In base units, before any fee taken in the base currency.
        price: In quote units.
        base_fee: Fee taken in base units.
        fee: Fees taken in other currencies, valued in quote units.
    """

    id: str
    at: int
    side: Side
    quantity: Decimal
    price: Decimal
    base_fee: Decimal
    fee: Decimal

    @classmethod
    def read(cls, raw: Json, where: str, base: str, prices: dict[str, Decimal]) -> "Trade":
        """Read a ccxt trade.

        Args:
            raw: The trade.
            where: Venue and symbol, for messages.
            base: The symbol's base currency.
            prices: Value of fee currencies in quote units, the quote currency itself at 1.
        """
        where = f"{where} trade {raw.get('id')!r}"
        fees = charges(raw, where)
        return cls(
            id=str(raw["id"]),
            at=int(number(raw, "timestamp", where)),
            side=raw["side"],
            quantity=number(raw, "amount", where),
            price=number(raw, "price", where),
            base_fee=sum((amount for currency, amount in fees if currency == base), _ZERO),
            fee=sum((amount * prices[currency] for currency, amount in fees if currency != base), _ZERO),
        )

    @property
    def change(self) -> Decimal:
        """Base units gained, negative when sold."""
        return (self.quantity if self.side == "buy" else -self.quantity) - self.base_fee


class Holding(Report):
    """One symbol's account.

    Attributes:
        quantity: Held over all venues, in base units.
        cost: Paid for it, in quote units, without fees.
        realised: Profit of what was sold, before fees.
        fees: All fees, valued in quote units.
    """

    quantity: Decimal = _ZERO
    cost: Decimal = _ZERO
    realised: Decimal = _ZERO
    fees: Decimal = _ZERO

    @property
    def average(self) -> Decimal:
        """Average cost of a base unit, 0 when nothing is held."""
        return self.cost / self.quantity if self.quantity else _ZERO

    def traded(self, trade: Trade) -> "Holding":
        """Return the account after a trade."""
        fees = self.fees + trade.fee + trade.base_fee * trade.price
        value = trade.change * trade.price
        if trade.change >= 0:
            return self._with(self.quantity + trade.change, self.cost + value, self.realised, fees)
        share = self._share(-trade.change)
        return self._with(self.quantity + trade.change, self.cost - share, self.realised - value - share, fees)

    def moved(self, quantity: Decimal, price: Decimal) -> "Holding":
        """Return the account after `quantity` came in at `price`, or, when negative, went out at average cost."""
        change = quantity * price if quantity >= 0 else -self._share(-quantity)
        return self._with(self.quantity + quantity, self.cost + change, self.realised, self.fees)

    def _share(self, quantity: Decimal) -> Decimal:
        """Cost of a part of what is held; all of it when everything goes, so that no remainder is left."""
        if not self.quantity or quantity == self.quantity:
            return self.cost
        return self.cost * quantity / self.quantity

    def _with(self, quantity: Decimal, cost: Decimal, realised: Decimal, fees: Decimal) -> "Holding":
        return Holding(quantity=quantity, cost=cost, realised=realised, fees=fees)
