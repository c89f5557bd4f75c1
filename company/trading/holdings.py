"""Average-cost accounting of one symbol: what is held, what it cost, what was earned on it.

Pure. `cost` is the total paid for what is held now; a sale takes its share of it, and the rest of the proceeds is
realised profit. Fees are kept apart from cost and proceeds, so that

    realised + (value now - cost) - fees  =  everything gained or lost

holds exactly. A fee taken in the base currency (as Binance does on buys) is a quantity that was bought and given
away: it lowers what is held and counts as a fee at the trade's price.

A sale also settles its share of the fees that were paid to get in, so that what one closing trade earned is known after
all its fees: proceeds, less cost, less the fees of both ways.

Quantity that comes or goes without a trade (inventory found at the first sight, deposits, withdrawals) comes in at the
mark of the moment and goes out at average cost: it is no profit.
"""

from collections.abc import Sequence
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
        order: Its order, with the venue that knows it.
    """

    id: str
    at: int
    side: Side
    quantity: Decimal
    price: Decimal
    base_fee: Decimal
    fee: Decimal
    order: str

    @classmethod
    def read(cls, raw: Json, where: str, base: str, prices: dict[str, Decimal]) -> "Trade":
        """Read a ccxt trade.

        Args:
            raw: The trade.
            where: Venue and symbol, for messages.
            base: The symbol's base currency.
            prices: Value of fee currencies in quote units, the quote currency itself at 1.
        """
        order = f"{where} order {raw.get('order') or raw['id']}"
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
            order=order,
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
        entry_fees: The part of them that was paid to get what is held now.
        closed: Closing trades: orders that sold something. An order that fills over a long time counts each time new
            fills of it are read.
        won: Those that earned something, after the fees of both ways.
    """

    quantity: Decimal = _ZERO
    cost: Decimal = _ZERO
    realised: Decimal = _ZERO
    fees: Decimal = _ZERO
    entry_fees: Decimal = _ZERO
    closed: int = 0
    won: int = 0

    @property
    def average(self) -> Decimal:
        """Average cost of a base unit, 0 when nothing is held."""
        return self.cost / self.quantity if self.quantity else _ZERO

    @property
    def settled(self) -> Decimal:
        """What sales earned after all their fees, in quote units."""
        return self.realised - self.fees + self.entry_fees

    def executed(self, fills: Sequence[Trade]) -> "Holding":
        """Return the account after the fills of one order, counted as one closing trade when it sold."""
        after = self
        for fill in fills:
            after = after.traded(fill)
        if fills[0].side == "buy":
            return after
        return after._with(closed=self.closed + 1, won=self.won + (after.settled > self.settled))

    def traded(self, trade: Trade) -> "Holding":
        """Return the account after a trade."""
        fee = trade.fee + trade.base_fee * trade.price
        value = trade.change * trade.price
        after = self._with(quantity=self.quantity + trade.change, fees=self.fees + fee)
        if trade.change >= 0:
            return after._with(cost=self.cost + value, entry_fees=self.entry_fees + fee)
        cost, entry_fees = self._share(-trade.change)
        return after._with(
            cost=self.cost - cost, entry_fees=self.entry_fees - entry_fees, realised=self.realised - value - cost
        )

    def moved(self, quantity: Decimal, price: Decimal) -> "Holding":
        """Return the account after `quantity` came in at `price`, or, when negative, went out at average cost."""
        after = self._with(quantity=self.quantity + quantity)
        if quantity >= 0:
            return after._with(cost=self.cost + quantity * price)
        cost, entry_fees = self._share(-quantity)
        return after._with(cost=self.cost - cost, entry_fees=self.entry_fees - entry_fees)

    def _share(self, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """Cost and entry fees of a part of what is held; all when everything goes, so that no remainder is left."""
        if not self.quantity or quantity == self.quantity:
            return self.cost, self.entry_fees
        return self.cost * quantity / self.quantity, self.entry_fees * quantity / self.quantity

    def _with(self, **changed: Decimal | int) -> "Holding":
        return self.model_copy(update=changed)
