"""Amounts a person types on the command line."""

from decimal import Decimal, InvalidOperation

from company.config import parse_duration
from company.errors import UsageError


def seconds(text: str) -> float:
    """Return a duration such as `90s`, `5m` or `1h` in seconds."""
    return parse_duration(text).total_seconds()


def dollars(text: str) -> Decimal:
    """Return a positive amount of dollars.

    Raises:
        UsageError: Not a number, or not above zero.
    """
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise UsageError(f"{text!r} is not an amount of dollars", where="--budget", cure="write it like 0.50")
    return amount
