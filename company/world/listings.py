"""The symbols of the paper world: their grids, their level and their nature."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from company.errors import BadSymbol
from company.trading.matching import Instrument
from company.world.paths import Nature


@dataclass(frozen=True, slots=True)
class Listing:
    """One symbol as every venue lists it.

    Attributes:
        symbol: Unified name, base before quote.
        level: Range the price at the world's start is drawn from.
        price_decimals: Decimals of a price; the tick is the last one.
        amount_decimals: Decimals of an amount; the step is the last one.
        min_notional: Least value of an order in the quote currency.
        max_amount: Largest amount of an order.
        turnover: Base units that change hands in an average minute on all venues together.
        nature: How the symbol moves.
    """

    symbol: str
    level: tuple[float, float]
    price_decimals: int
    amount_decimals: int
    min_notional: Decimal
    max_amount: Decimal
    turnover: float
    nature: Nature

    @property
    def instrument(self) -> Instrument:
        """What an exchange needs to know of it."""
        return Instrument(
            self.symbol,
            tick=self.price(1),
            step=self.amount(1),
            min_notional=self.min_notional,
            max_amount=self.max_amount,
        )

    def price(self, ticks: int) -> Decimal:
        """Return a number of ticks as a price."""
        return Decimal(ticks).scaleb(-self.price_decimals)

    def amount(self, steps: int) -> Decimal:
        """Return a number of steps as an amount."""
        return Decimal(steps).scaleb(-self.amount_decimals)


_MOST: Final = 1_000  # minutes of turnover that an order may ask for at once


def _listing(
    symbol: str, level: tuple[float, float], grid: tuple[int, int], turnover: float, nature: Nature
) -> Listing:
    return Listing(
        symbol=symbol,
        level=level,
        price_decimals=grid[0],
        amount_decimals=grid[1],
        min_notional=Decimal(5),
        max_amount=Decimal(round(turnover * _MOST)),
        turnover=turnover,
        nature=nature,
    )


LISTINGS: Final = (
    _listing("BTC/USDT", (61_000, 69_000), (2, 5), 24.0, Nature(beta=1.0, own=0.006)),
    _listing("ETH/USDT", (3_100, 3_600), (2, 4), 380.0, Nature(beta=1.15, own=0.013)),
    _listing("SOL/USDT", (140, 175), (2, 3), 3_500.0, Nature(beta=1.35, own=0.022)),
    _listing("BNB/USDT", (560, 640), (2, 3), 450.0, Nature(beta=0.85, own=0.014)),
    _listing("XRP/USDT", (2.0, 2.6), (4, 1), 160_000.0, Nature(beta=1.1, own=0.021)),
)
SYMBOLS: Final = tuple(listing.symbol for listing in LISTINGS)
_NUMBERS: Final = {symbol: number for number, symbol in enumerate(SYMBOLS)}


def number_of(symbol: str) -> int:
    """Return a symbol's place in `LISTINGS`.

    Raises:
        BadSymbol: It is not listed.
    """
    try:
        return _NUMBERS[symbol]
    except KeyError:
        raise BadSymbol(f"symbol {symbol!r} is not listed: choose one of {', '.join(SYMBOLS)}") from None
