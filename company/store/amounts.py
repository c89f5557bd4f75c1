"""Amounts of what a company spends, added without rounding."""

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["usd", "tokens", "calls", "seconds"]
KINDS: tuple[Kind, ...] = get_args(Kind)

EXACT = Context(prec=200, traps=[Inexact])


class Amounts(BaseModel):
    """What something costs, or may cost, of each kind.

    As a limit, only the kinds that were given limit: `Amounts(usd=Decimal(5))` leaves tokens, calls and seconds free,
    `Amounts(usd=Decimal(5), calls=0)` allows no call.

    Attributes:
        usd: Dollars.
        tokens: Model tokens, in and out.
        calls: Model and tool calls.
        seconds: Seconds of wall time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd: Decimal = Field(default=Decimal(0), ge=0, allow_inf_nan=False)
    tokens: int = Field(default=0, ge=0)
    calls: int = Field(default=0, ge=0)
    seconds: Decimal = Field(default=Decimal(0), ge=0, allow_inf_nan=False)

    def of(self, kind: Kind) -> Decimal | int:
        """Return the amount of one kind."""
        amount: Decimal | int = getattr(self, kind)
        return amount

    def row(self) -> dict[str, Decimal | int]:
        """Return all kinds by name."""
        return {kind: self.of(kind) for kind in KINDS}


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum, every digit of it."""
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
