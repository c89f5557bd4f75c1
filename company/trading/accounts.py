"""What all venues hold at one moment, exactly, and what it is worth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Account:
    """One currency on one venue, exactly. `mark` is its price in quote units, None when no venue quotes it."""

    venue: str
    currency: str
    free: Decimal
    total: Decimal
    mark: Decimal | None

    @property
    def value(self) -> Decimal:
        """Worth in quote units; 0 when it cannot be valued."""
        return self.total * self.mark if self.mark is not None else _ZERO


@dataclass(frozen=True, slots=True)
class Accounts:
    """All balances at one moment.

    Attributes:
        quote: Currency everything is priced in.
        rows: Balances that are not zero.
        venues: Names of all venues, also of those that hold nothing.
    """

    quote: str
    rows: tuple[Account, ...]
    venues: tuple[str, ...]

    @property
    def equity(self) -> Decimal:
        """Value of everything that can be valued, in quote units."""
        return _sum(row.value for row in self.rows)

    @property
    def cash(self) -> Decimal:
        """Quote currency on all venues."""
        return self.total(self.quote)

    @property
    def unpriced(self) -> list[str]:
        """Currencies that cannot be valued."""
        return list(dict.fromkeys(row.currency for row in self.rows if row.mark is None))

    def held(self) -> dict[str, list[Account]]:
        """Return the priced accounts other than the quote currency, by symbol."""
        symbols: dict[str, list[Account]] = {}
        for row in self.rows:
            if row.currency != self.quote and row.mark is not None:
                symbols.setdefault(f"{row.currency}/{self.quote}", []).append(row)
        return symbols

    def total(self, currency: str) -> Decimal:
        """Return the balance of a currency over all venues."""
        return _sum(row.total for row in self.rows if row.currency == currency)

    def totals(self) -> list[tuple[str, str, Decimal]]:
        """Return venue, currency and balance of every account."""
        return [(row.venue, row.currency, row.total) for row in self.rows]

    def by_venue(self) -> dict[str, dict[str, Decimal]]:
        """Return the balances by venue and currency."""
        found: dict[str, dict[str, Decimal]] = {}
        for row in self.rows:
            found.setdefault(row.venue, {})[row.currency] = row.total
        return found

    def free(self, venue: str, currency: str) -> Decimal:
        """Return the free balance of a currency on a venue."""
        return next((row.free for row in self.rows if row.venue == venue and row.currency == currency), _ZERO)

    def freed(self, currency: str, locked: Mapping[str, Decimal]) -> "Accounts":
        """Return the accounts as if open orders did not lock some of a currency.

        Args:
            currency: Which.
            locked: How much of it, by venue.
        """
        rows = (
            replace(row, free=min(row.total, row.free + locked.get(row.venue, _ZERO)))
            if row.currency == currency
            else row
            for row in self.rows
        )
        return replace(self, rows=tuple(rows))


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)
