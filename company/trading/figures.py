"""How the desk shows numbers: exact inside, rounded and plain where a person or a model reads them.

Every result model of the desk is a `Report`: frozen, closed, and with `Figure` fields, which print as plain decimals
("0.00000012", never "1.2E-7") with no trailing zeros. Rounding happens once, when a report is made; nothing computes
further with a rounded figure.
"""

from decimal import ROUND_DOWN, Decimal
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer

Figure = Annotated[Decimal, PlainSerializer(lambda figure: format(figure, "f"), return_type=str, when_used="json")]
HUNDRED = Decimal(100)


class Report(BaseModel):
    """Base of what the desk hands out."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def figure(number: Any, places: int) -> Decimal:
    """Round to `places` decimals (half to even) and drop trailing zeros.

    Args:
        number: A finite Decimal, int or float.
        places: Decimals to keep.
    """
    return _trim(_exact(number).quantize(_unit(places)))


def money(amount: Any) -> Decimal:
    """Round an amount of the quote currency to cents."""
    return figure(amount, 2)


def percent(fraction: Any) -> Decimal:
    """Show a fraction as per cent with two decimals: 0.01234 becomes 1.23."""
    return figure(_exact(fraction) * HUNDRED, 2)


def significant(number: Any, digits: int = 6) -> Decimal:
    """Round to `digits` significant digits, but never coarser than whole units: right for prices of any size."""
    exact = _exact(number)
    return figure(exact, max(0, digits - 1 - exact.adjusted())) if exact else Decimal(0)


def whole_steps(amount: Decimal, step: Decimal) -> Decimal:
    """Cut `amount` down to a multiple of `step`, as venues demand of quantities."""
    return _trim((amount / step).to_integral_value(rounding=ROUND_DOWN) * step)


def _exact(number: Any) -> Decimal:
    return number if isinstance(number, Decimal) else Decimal(str(number))


@cache
def _unit(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def _trim(exact: Decimal) -> Decimal:
    if exact == exact.to_integral_value():
        return exact.quantize(Decimal(1)) + 0  # `+ 0` turns a negative zero into zero
    return exact.normalize()
