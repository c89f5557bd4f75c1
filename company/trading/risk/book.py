"""What the limits look at: the book before an order, and the order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from company.errors import ToolError
from company.trading.markets import Side
from company.trading.risk.history import History
from company.trading.risk.limits import RiskLimits
from company.trading.risk.marks import DrawdownStep, drawdown_step, worse
from company.trading.risk.rules import Clamp

EVERYTHING: Final = "*"
"""Stands for all symbols where one is paused."""

RECENT: Final = 20
"""Newest orders of ours that are looked through for a sale of a moment ago; more when all of them are that young."""

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Resting:
    """An order of ours that waits in a book, at `price` in quote units."""

    venue: str
    symbol: str
    side: Side
    price: Decimal


@dataclass(frozen=True, slots=True)
class Dealt:
    """What an order of ours traded: its average price in quote units, and when it was sent."""

    symbol: str
    side: Side
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class BookState:
    """What the limits are held against. What is left out is not limited: only the first three must be given.

    Attributes:
        equity: Value of everything on all venues, in quote units.
        day_equity: Equity at the beginning of the day.
        drawdown: Fall from the peak as a fraction of the peak.
        notionals: Value of each held symbol at its mark, in quote units.
        held: Quantity of each held symbol, in base units.
        pending: Value of the open buy orders of each symbol, in quote units.
        step: Drawdown step in force, which may be stricter than `drawdown` tells.
        deepest: Deepest drawdown since the desk was re-armed.
        history: Past returns of what is held and of what is bought; None when no rule shall look at them.
        paused: Why entries are paused, by symbol; `*` is all of them.
        resting: Orders of ours that wait in a book.
        dealt: What orders of ours traded lately.
        at: Now; needed with `dealt`.
    """

    equity: Decimal
    day_equity: Decimal
    drawdown: Decimal
    notionals: Mapping[str, Decimal] = field(default_factory=dict)
    held: Mapping[str, Decimal] = field(default_factory=dict)
    pending: Mapping[str, Decimal] = field(default_factory=dict)
    step: DrawdownStep = "normal"
    deepest: Decimal = _ZERO
    history: History | None = None
    paused: Mapping[str, Clamp] = field(default_factory=dict)
    resting: Sequence[Resting] = ()
    dealt: Sequence[Dealt] = ()
    at: datetime | None = None

    @property
    def gross(self) -> Decimal:
        """Value of all positions and open buy orders."""
        return sum(self.notionals.values(), _ZERO) + sum(self.pending.values(), _ZERO)

    @property
    def daily_loss(self) -> Decimal:
        """Loss of the day as a fraction of its first equity; 0 on a winning day."""
        return max(_ZERO, 1 - self.equity / self.day_equity) if self.day_equity > 0 else _ZERO

    def exposure(self, symbol: str) -> Decimal:
        """Value of one symbol, open buy orders included."""
        return self.notionals.get(symbol, _ZERO) + self.pending.get(symbol, _ZERO)

    def exposures(self) -> dict[str, Decimal]:
        """Return the value of every symbol, open buy orders included."""
        return {symbol: self.exposure(symbol) for symbol in {**self.notionals, **self.pending}}

    def step_in_force(self, limits: RiskLimits) -> DrawdownStep:
        """Return the drawdown step: the one in force, or the one that the drawdown enters if that is stricter."""
        return worse(self.step, drawdown_step(self.drawdown, limits))

    def require_sound(self) -> None:
        """Refuse a book that cannot be right; an exit does not ask.

        Raises:
            ToolError: A figure is not finite, or a value or quantity is negative.
        """
        for name in ("equity", "day_equity", "drawdown", "deepest"):
            require_finite(name, getattr(self, name), "the book")
        for name in ("notionals", "held", "pending"):
            for symbol, value in getattr(self, name).items():
                require_amount(f"{name} of {symbol}", value, "the book")


@dataclass(frozen=True, slots=True)
class ProposedOrder:
    """An order before the limits have seen it.

    Attributes:
        quantity: In base units.
        price: What it is expected to pay, in quote units.
        stop: Price at which it would be sold again; None when it has no stop.
        is_market: It takes whatever the book offers.

    Raises:
        ToolError: A figure is not finite, the quantity is negative, or a price is not above 0.
    """

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    stop: Decimal | None = None
    is_market: bool = False

    def __post_init__(self) -> None:
        require_amount("quantity", self.quantity, "the order")
        require_price("price", self.price, "the order")
        if self.stop is not None:
            require_price("stop", self.stop, "the order")
            if self.side == "buy" and self.stop >= self.price:
                raise ToolError(f"stop is {self.stop} and price {self.price}: the stop of a buy lies below its price")

    @property
    def notional(self) -> Decimal:
        """Quantity times price, in quote units."""
        return self.quantity * self.price


def require_finite(name: str, value: Decimal, where: str) -> None:
    """Refuse NaN and infinity.

    Raises:
        ToolError: `value` is one of them.
    """
    if not value.is_finite():
        raise ToolError(f"{name} of {where} is {value}; it must be a number")


def require_amount(name: str, value: Decimal, where: str) -> None:
    """Refuse what is not finite or below 0.

    Raises:
        ToolError: `value` is.
    """
    require_finite(name, value, where)
    if value < 0:
        raise ToolError(f"{name} of {where} is {value}; it must not be negative")


def require_price(name: str, value: Decimal, where: str) -> None:
    """Refuse what is not finite or not above 0.

    Raises:
        ToolError: `value` is.
    """
    require_finite(name, value, where)
    if value <= 0:
        raise ToolError(f"{name} of {where} is {value}; it must be above 0")
