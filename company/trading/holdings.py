"""Average-cost accounting of one symbol: what is held, what it cost, what was earned on it, and by whom.

Pure. `cost` is the total paid for what is held now; a sale takes its share of it, and the rest of the proceeds is
realised profit. Fees are kept apart from cost and proceeds, so that

    realised + (value now - cost) - fees  =  everything gained or lost

holds exactly. A fee taken in the base currency (as Binance does on buys) is a quantity that was bought and given
away: it lowers what is held and counts as a fee at the trade's price.

A holding is the sum of its parts, one for each owner (strategy and role) whose orders bought it; what came without a
trade is nobody's. A sale takes from the part of whoever sells, at that part's average cost; what it lacks there it
takes from the other parts in proportion to what they hold. So whoever bought earns what the purchase came to, also
when a risk rule sells it, and the sum over all owners is the total, to the last digit.

A sale also settles its share of the fees that were paid to get in, so that what one closing trade earned is known after
all its fees: proceeds, less cost, less the fees of both ways.

Quantity that comes or goes without a trade (inventory found at the first sight, deposits, withdrawals) comes in at the
mark of the moment and goes out at average cost: it is no profit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from pydantic import model_validator

from company.errors import VenueError
from company.ports import Json
from company.trading.answers import charges, number
from company.trading.figures import Report
from company.trading.intents import NOBODY, Owner
from company.trading.markets import Side

_ZERO = Decimal(0)
_FINEST = Decimal("1e-12")  # shares of a cost are cut to it, so that adding them up again loses no digit


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
        owner: Whose order it was.
    """

    id: str
    at: int
    side: Side
    quantity: Decimal
    price: Decimal
    base_fee: Decimal
    fee: Decimal
    order: str
    owner: Owner = NOBODY

    @classmethod
    def read(cls, raw: Json, where: str, base: str, prices: Mapping[str, Decimal], owner: Owner = NOBODY) -> "Trade":
        """Read a ccxt trade.

        Args:
            raw: The trade.
            where: Venue and symbol, for messages.
            base: Base currency of the symbol.
            prices: Prices of the currencies in which its fees were taken, in quote units.
            owner: Whose order it was.

        Raises:
            VenueError: Something is missing or cannot be right.
        """
        order = f"{where} order {raw.get('order') or raw['id']}"
        at = f"{where} trade {raw.get('id')!r}"
        if (side := raw.get("side")) not in ("buy", "sell"):
            raise VenueError(f"{at}: 'side' is {side!r}, not 'buy' or 'sell'")
        fees = charges(raw, at)
        return cls(
            id=str(raw["id"]),
            at=int(number(raw, "timestamp", at)),
            side=side,
            quantity=_positive(raw, "amount", at),
            price=_positive(raw, "price", at),
            base_fee=sum((amount for currency, amount in fees if currency == base), _ZERO),
            fee=sum((amount * prices[currency] for currency, amount in fees if currency != base), _ZERO),
            order=order,
            owner=owner,
        )

    @property
    def change(self) -> Decimal:
        """Base units gained, negative when sold."""
        return (self.quantity if self.side == "buy" else -self.quantity) - self.base_fee


class Part(Report):
    """What one owner has of a holding; figures as in `Holding`."""

    strategy: str = ""
    role: str = ""
    quantity: Decimal = _ZERO
    cost: Decimal = _ZERO
    realised: Decimal = _ZERO
    fees: Decimal = _ZERO
    entry_fees: Decimal = _ZERO

    @property
    def owner(self) -> Owner:
        """Whose it is."""
        return Owner(self.strategy, self.role)

    def added(self, quantity: Decimal, price: Decimal, entry_fees: Decimal = _ZERO) -> "Part":
        """Return the part after base units came in."""
        return self._with(
            quantity=self.quantity + quantity,
            cost=self.cost + quantity * price,
            entry_fees=self.entry_fees + entry_fees,
        )

    def sold(self, quantity: Decimal, price: Decimal) -> "Part":
        """Return the part after it gave base units for money."""
        after = self.gone(quantity)
        return after._with(realised=self.realised + quantity * price - (self.cost - after.cost))

    def gone(self, quantity: Decimal) -> "Part":
        """Return the part after base units went at average cost."""
        return self._with(
            quantity=self.quantity - quantity,
            cost=self.cost - share(self.cost, quantity, self.quantity),
            entry_fees=self.entry_fees - share(self.entry_fees, quantity, self.quantity),
        )

    def paid(self, fee: Decimal) -> "Part":
        """Return the part after a fee."""
        return self._with(fees=self.fees + fee)

    def _with(self, **changed: Decimal) -> "Part":
        return self.model_copy(update=changed)


class Holding(Report):
    """One symbol's account.

    Attributes:
        parts: What each owner has of it; the figures below are their sums.
        closed: Closing trades: orders that sold something. An order that fills over a long time counts each time new
            fills of it are read.
        won: Those that earned something, after the fees of both ways.
    """

    parts: tuple[Part, ...] = ()
    closed: int = 0
    won: int = 0

    @model_validator(mode="before")
    @classmethod
    def _of_nobody(cls, given: Any) -> Any:
        """Read an account without parts, as earlier versions kept it: all of it is nobody's."""
        if not isinstance(given, Mapping) or "parts" in given:
            return given
        counts = {name: given[name] for name in ("closed", "won") if name in given}
        part = {name: figure for name, figure in given.items() if name not in counts}
        return {**counts, "parts": [part] if part else []}

    @classmethod
    def found(cls, quantity: Decimal, cost: Decimal) -> "Holding":
        """Return the account of something that was there at first sight."""
        return cls(parts=(Part(quantity=quantity, cost=cost),))

    @property
    def quantity(self) -> Decimal:
        """Held over all venues, in base units."""
        return _sum(part.quantity for part in self.parts)

    @property
    def cost(self) -> Decimal:
        """Paid for it, in quote units, without fees."""
        return _sum(part.cost for part in self.parts)

    @property
    def realised(self) -> Decimal:
        """Profit of what was sold, before fees."""
        return _sum(part.realised for part in self.parts)

    @property
    def fees(self) -> Decimal:
        """All fees, valued in quote units."""
        return _sum(part.fees for part in self.parts)

    @property
    def entry_fees(self) -> Decimal:
        """The part of the fees that was paid to get what is held now."""
        return _sum(part.entry_fees for part in self.parts)

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
        won = self.won + (after.settled > self.settled)
        return after.model_copy(update={"closed": self.closed + 1, "won": won})

    def traded(self, trade: Trade) -> "Holding":
        """Return the account after a trade."""
        fee = trade.fee + trade.base_fee * trade.price
        own = self._part(trade.owner)
        if trade.change >= 0:
            return self._having([own.added(trade.change, trade.price, fee).paid(fee)])
        sold, taken = -trade.change, self._taken(-trade.change, trade.owner)
        parts = {part.owner: part.sold(quantity, trade.price) for part, quantity in taken}
        short = sold - _sum(quantity for _, quantity in taken)
        fees = _split(fee, [quantity for _, quantity in taken])
        paid = [part.paid(part_fee) for part, part_fee in zip(parts.values(), fees, strict=True)]
        after = self._having(paid)
        if not short:
            return after
        own = after._part(trade.owner)
        return after._having([own.added(-short, trade.price).paid(_ZERO if taken else fee)])

    def moved(self, quantity: Decimal, price: Decimal) -> "Holding":
        """Return the account after `quantity` came in at `price`, or, when negative, went out at average cost."""
        if quantity >= 0:
            return self._having([self._part(NOBODY).added(quantity, price)]) if quantity else self
        taken = self._taken(-quantity, NOBODY)
        after = self._having([part.gone(gone) for part, gone in taken])
        short = -quantity - _sum(gone for _, gone in taken)
        return after._having([after._part(NOBODY).added(-short, price)]) if short else after

    def _taken(self, quantity: Decimal, owner: Owner) -> list[tuple[Part, Decimal]]:
        """Say which parts give how much: the owner's own first, then the others by what they hold."""
        own = self._part(owner)
        first = min(quantity, max(own.quantity, _ZERO))
        others = [part for part in self.parts if part.owner != owner and part.quantity > 0]
        rest = min(quantity - first, _sum(part.quantity for part in others))
        given = zip(others, _split(rest, [part.quantity for part in others]), strict=True) if rest else ()
        return [(part, gives) for part, gives in [(own, first), *given] if gives]

    def _part(self, owner: Owner) -> Part:
        found = next((part for part in self.parts if part.owner == owner), None)
        return found or Part(strategy=owner.strategy, role=owner.role)

    def _having(self, changed: Iterable[Part]) -> "Holding":
        new = {part.owner: part for part in changed}
        kept = [new.pop(part.owner, part) for part in self.parts]
        return self.model_copy(update={"parts": (*kept, *new.values())})


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return the share of an amount that belongs to a part; all of it when the part is the whole."""
    if not whole or part == whole:
        return amount
    return (amount * part / whole).quantize(_FINEST, ROUND_HALF_EVEN)


def _split(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Divide an amount by weights; the last gets what is left, so that nothing is lost."""
    total, left, shares = _sum(weights), amount, list[Decimal]()
    for weight in weights[:-1]:
        shares.append(share(amount, weight, total))
        left -= shares[-1]
    return [*shares, left] if weights else []


def _positive(raw: Json, field: str, where: str) -> Decimal:
    if (found := number(raw, field, where)) <= 0:
        raise VenueError(f"{where}: {field!r} is {raw[field]!r}, not above 0")
    return found


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)
