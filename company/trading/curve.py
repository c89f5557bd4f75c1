"""The equity curve: what everything was worth at each marked minute, kept for ever in bounded space.

A document holds one UTC day, one mark a minute, the last one of the minute. When a new day begins the older ones are
thinned by their age alone: every mark for three days, the last of each hour for sixty, then the last of the day. Ten
years are 3,600 small documents, whatever the desk did.

The marks are what everything was worth, with what was moved in or out. That is kept beside them, as the factor by which
it changed the equity, so that returns are those of what was there (`adjusted`).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from company.ports import Books
from company.trading.features import YEAR_SECONDS
from company.trading.figures import Figure, Report, figure, money

CURVE, FLOWS = "trading.curve", "trading.curve.flow"
FINE_DAYS, HOURLY_DAYS = 3, 60
LEAST_HOURS = 24
"""Hours with a mark before a Sharpe ratio says anything."""

_HOUR = 3600


class Point(Report):
    """The equity at one minute of company time, in quote units."""

    at: datetime
    equity: Figure


class EquityCurve:
    """Marks of the equity.

    Args:
        books: Where they are kept.
    """

    def __init__(self, books: Books) -> None:
        self._books = books

    def holds(self, at: datetime, equity: Decimal) -> bool:
        """Tell whether this mark is the last one of its minute already."""
        return self._day(at).get(_minute(at)) == _text(equity)

    def mark(self, at: datetime, equity: Decimal) -> None:
        """Write down the equity at a minute; call it in a transaction."""
        marks = self._day(at)
        if not marks:
            self._thin(at.date())
        self._books.put(CURVE, f"{at.date()}", {**marks, _minute(at): _text(equity)})

    def move(self, at: datetime, factor: Decimal | None) -> None:
        """Write down that money came or went; call it in a transaction.

        Args:
            at: When it was found.
            factor: Equity after it over the equity before; None when there was nothing before, or nothing is left, so
                that no return goes across it.
        """
        minute = _at(at)
        told = (self._books.get(FLOWS, minute) or {}).get("factor", "1")
        both = None if told is None or factor is None else f"{Decimal(told) * factor}"
        self._books.put(FLOWS, minute, {"factor": both})

    def points(self, since: datetime | None = None) -> list[Point]:
        """Return the marks from `since` on, oldest first."""
        first = f"{since.date()}" if since else ""
        days = sorted((day, marks) for day, marks in self._books.items(CURVE) if day >= first)
        found = [point for day, marks in days for point in _points(day, marks)]
        return [point for point in found if since is None or point.at >= since]

    def last(self) -> Point | None:
        """Return the newest mark; as long as it is the same, so is the curve."""
        newest = self._books.newest(CURVE, 1)
        return _points(*newest[0])[-1] if newest else None

    def sharpe(self, now: datetime) -> Decimal | None:
        """Return the Sharpe ratio of the last sixty days; see `sharpe_ratio`."""
        since = now - timedelta(days=HOURLY_DAYS)
        return sharpe_ratio(adjusted(self.points(since), self._flows()))

    def _flows(self) -> dict[datetime, Decimal | None]:
        rows = ((datetime.fromisoformat(minute), row["factor"]) for minute, row in self._books.items(FLOWS))
        return {at: None if factor is None else Decimal(factor) for at, factor in rows}

    def _day(self, at: datetime) -> Mapping[str, str]:
        return self._books.get(CURVE, f"{at.date()}") or {}

    def _thin(self, today: date) -> None:
        for day, marks in self._books.items(CURVE):
            kept = thinned(marks, (today - date.fromisoformat(day)).days)
            if len(kept) < len(marks):
                self._books.put(CURVE, day, kept)


def thinned(marks: Mapping[str, str], age: int) -> dict[str, str]:
    """Return what is kept of one day.

    Args:
        marks: Equity by minute, `HH:MM`.
        age: How many days ago the day was.
    """
    if age < FINE_DAYS:
        return dict(marks)
    digits = 2 if age < HOURLY_DAYS else 0  # of the minute that tell the stretches apart
    last = {minute[:digits]: minute for minute in sorted(marks)}
    return {minute: marks[minute] for minute in last.values()}


def sampled(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most `most` points (2 or more), evenly spread by number, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(place * (len(points) - 1) / (most - 1))] for place in range(most)]


def adjusted(points: Sequence[Point], flows: Mapping[datetime, Decimal | None]) -> list[Point]:
    """Return the equity as if what came or went had always been there: returns are kept, flows are none.

    Args:
        points: The equity, oldest first.
        flows: Equity after a flow over the one before it, by the minute in which it was found; None begins anew.

    Returns:
        The points since the last flow that began anew, those before a flow scaled by it.
    """
    found: list[Point] = []
    scale, left = Decimal(1), sorted(flows.items(), reverse=True)
    for point in reversed(points):
        while left and left[0][0] > point.at:
            factor = left.pop(0)[1]
            if factor is None:
                return found[::-1]
            scale *= factor
        found.append(point.model_copy(update={"equity": point.equity * scale}))
    return found[::-1]


def sharpe_ratio(points: Sequence[Point]) -> Decimal | None:
    """Return the annualised Sharpe ratio of hourly returns, over a riskless rate of zero.

    The mean of the hourly returns over their standard deviation (n - 1), times the square root of the hours of a year
    of 365 days. The value of an hour is its last mark; an hour without one has the value of the hour before. Sources:
    W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21(1), 1994; A. W. Lo, "The Statistics of Sharpe
    Ratios", Financial Analysts Journal 58(4), 2002, for the scaling by the square root of time, which takes returns of
    different hours to be independent.

    Args:
        points: The equity, oldest first.

    Returns:
        Two decimals; None with marks in fewer than 24 hours, when the equity never moved, or was not positive.
    """
    hours = {int(point.at.timestamp()) // _HOUR: float(point.equity) for point in points}
    if len(hours) < LEAST_HOURS or min(hours.values()) <= 0:
        return None
    marked = np.array(sorted(hours))
    every = np.arange(marked[0], marked[-1] + 1)
    closes = np.array([hours[hour] for hour in marked.tolist()])[np.searchsorted(marked, every, side="right") - 1]
    returns = closes[1:] / closes[:-1] - 1
    deviation = float(np.std(returns, ddof=1))
    return figure(float(np.mean(returns)) / deviation * (YEAR_SECONDS / _HOUR) ** 0.5, 2) if deviation else None


def _points(day: str, marks: Mapping[str, str]) -> list[Point]:
    return [
        Point(at=datetime.fromisoformat(f"{day}T{minute}").replace(tzinfo=UTC), equity=Decimal(marks[minute]))
        for minute in sorted(marks)
    ]


def _at(at: datetime) -> str:
    return at.astimezone(UTC).replace(second=0, microsecond=0).isoformat()


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M}"


def _text(equity: Decimal) -> str:
    return f"{money(equity):f}"
