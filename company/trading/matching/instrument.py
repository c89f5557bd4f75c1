"""What may be traded under a symbol: its grid of prices and amounts, and the least and most of an order."""

from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Final, Literal

from company.errors import InvalidOrder

Rule = Literal["amount", "price", "notional", "post_only", "self_trade", "trigger", "id", "shape"]

_LARGEST: Final = Decimal(10) ** 12
_MOST_WORTH: Final = Decimal(10) ** 18  # with 8 decimals still within the 28 digits of a Decimal


class Refused(InvalidOrder):
    """An order breaks a rule of the venue, which is named, so that a door can answer in another exchange's words.

    Args:
        message: What is wrong with which value, and what to do.
        rule: Which rule it broke.
    """

    def __init__(self, message: str, *, rule: Rule) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Instrument:
    """A symbol with the filters of its orders.

    Attributes:
        symbol: Unified name, base before quote.
        tick: Grid of prices.
        step: Grid of amounts.
        min_notional: Least price x amount of an order, in the quote currency.
        min_amount: Least amount; a step when left out.
        max_amount: Largest amount.
    """

    symbol: str
    tick: Decimal
    step: Decimal
    min_notional: Decimal = Decimal(0)
    min_amount: Decimal = Decimal(0)
    max_amount: Decimal = _LARGEST

    @property
    def base(self) -> str:
        """The currency that is bought and sold."""
        return self.symbol.partition("/")[0]

    @property
    def quote(self) -> str:
        """The currency it is paid in."""
        return self.symbol.partition("/")[2]

    def price(self, ticks: int) -> Decimal:
        """Return a number of ticks as a price."""
        return self.tick * ticks

    def amount(self, steps: int) -> Decimal:
        """Return a number of steps as an amount."""
        return self.step * steps

    def ticks(self, price: Decimal) -> int:
        """Return a price in ticks.

        Raises:
            Refused: It is not a positive number on the grid.
        """
        try:
            if 0 < price <= _LARGEST:
                ticks = int(price / self.tick)
                if ticks * self.tick == price:
                    return ticks
        except DecimalException:  # NaN has no order, 1e-999999 no quotient
            pass
        raise self._off_grid("price", price, "tick", self.tick, _LARGEST)

    def steps(self, amount: Decimal) -> int:
        """Return an amount in steps.

        Raises:
            Refused: It is not a number on the grid from the least to the largest amount.
        """
        try:
            if self.min_amount <= amount <= self.max_amount and amount > 0:
                steps = int(amount / self.step)
                if steps * self.step == amount:
                    return steps
        except DecimalException:  # NaN has no order, 1e-999999 no quotient
            pass
        raise self._off_grid("amount", amount, "step", self.min_amount or self.step, self.max_amount)

    def check_cost(self, cost: Decimal) -> None:
        """Make sure that an order may ask for this much of the quote currency.

        Raises:
            Refused: It is not a number from the minimum notional to 10^18.
        """
        if not cost.is_finite() or not 0 < cost <= _MOST_WORTH or cost < self.min_notional:
            raise Refused(
                f"cost {cost} of {self.symbol} is not a number from the minimum notional {self.min_notional} to"
                f" {_MOST_WORTH:f}",
                rule="notional",
            )

    def check_notional(self, price: Decimal, amount: Decimal) -> None:
        """Make sure an order is worth enough, and no more than the books can count exactly.

        Raises:
            Refused: It is worth less than the minimum, or more than 10^18.
        """
        worth = price * amount
        if worth < self.min_notional:
            raise Refused(
                f"{amount} {self.symbol} at {price} is worth {worth}, less than the minimum notional"
                f" {self.min_notional}: order more",
                rule="notional",
            )
        if worth > _MOST_WORTH:
            raise Refused(
                f"{amount} {self.symbol} at {price} is worth more than {_MOST_WORTH:f}: order less", rule="notional"
            )

    def _off_grid(self, what: Rule, value: Decimal, name: str, least: Decimal, most: Decimal) -> Refused:
        grid = self.tick if name == "tick" else self.step
        return Refused(
            f"{what} {value} of {self.symbol} is not a multiple of the {name} {grid}, from {least} to {most:f}",
            rule=what,
        )
