"""Time of the company: the wall's, or virtual time that stands still until somebody moves it.

Virtual time lets a month pass in seconds and makes two runs with one seed equal to the last byte.
"""

import time
from datetime import UTC, datetime


class VirtualClock:
    """A clock that moves only when told to.

    Args:
        start: First moment, timezone-aware.
    """

    def __init__(self, start: datetime) -> None:
        self._start = self._now = _aware(start)

    def now(self) -> datetime:
        """Return the current virtual time in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return virtual seconds since the clock was made."""
        return (self._now - self._start).total_seconds()

    def advance_to(self, at: datetime) -> None:
        """Move to `at`; moving to the present moment changes nothing.

        Raises:
            ValueError: `at` is naive or lies before the present moment.
        """
        if _aware(at) < self._now:
            raise ValueError(f"virtual time cannot go back from {self._now.isoformat()} to {at.isoformat()}")
        self._now = _aware(at)


class WallClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back, from an arbitrary beginning."""
        return time.monotonic()


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"time {at.isoformat()} has no time zone: pass an aware datetime")
    return at.astimezone(UTC)
