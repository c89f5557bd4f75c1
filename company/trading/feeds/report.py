"""A price as it is told to a model: a value with who told it and how old it is, or that there is none.

Who was passed over is told by kind only. The words of a provider that failed may be anybody's.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from company.trading.feeds.reading import Reading
from company.trading.figures import Figure, Report, figure


class PriceReport(Report):
    """A price.

    Attributes:
        state: fresh, stale (older than the person allows) or missing.
        price: In quote units; None when missing.
        provider: Who told it; empty when missing.
        as_of: When its provider dates it; None when it does not.
        age_seconds: Time since then, else since the provider was asked; None when missing.
        passed_over: Who was asked before, with the kind of failure.
    """

    symbol: str
    state: Literal["fresh", "stale", "missing"]
    price: Figure | None
    provider: str
    as_of: datetime | None
    age_seconds: Figure | None
    passed_over: list[str]

    @classmethod
    def of(cls, reading: Reading[Decimal]) -> "PriceReport":
        """Return a reading of a price."""
        return cls(
            symbol=reading.symbol,
            state=reading.state,
            price=reading.value,
            provider=reading.provider,
            as_of=reading.as_of,
            age_seconds=None if reading.age is None else figure(reading.age.total_seconds(), 0),
            passed_over=[f"{failure.provider}: {failure.kind}" for failure in reading.failures],
        )
