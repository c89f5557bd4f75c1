"""A circuit breaker: a provider that keeps failing is left alone for a while, so that nobody waits for it in vain.

- `closed`: questions go through. Three that fail in a row open it.
- `open`: none goes through until the rest is over: 30 s, doubled with every failed probe, up to 5 min.
- `half-open`: one goes through as a probe. It closes the breaker or opens it again.

An answer that only says no (an unknown symbol, too many requests) shows that the provider works.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from company.trading.feeds.faults import AGAINST, FeedError

State = Literal["closed", "open", "half-open"]


class Breaker:
    """The breaker of one provider.

    Args:
        provider: Its name, for errors.
        now: Monotonic seconds.
        threshold: Failures in a row that open it.
        rest: Seconds it stays open at first.
        longest: Seconds it stays open at most.
    """

    def __init__(
        self, provider: str, *, now: Callable[[], float], threshold: int = 3, rest: float = 30.0, longest: float = 300.0
    ) -> None:
        self._provider, self._now = provider, now
        self._threshold, self._first, self._longest = threshold, rest, longest
        self._failures, self._rest = 0, rest
        self._opened: float | None = None
        self._probing = False
        self._why = ""

    @property
    def state(self) -> State:
        """Whether questions go through."""
        if self._opened is None:
            return "closed"
        return "open" if self.left > 0 else "half-open"

    @property
    def left(self) -> float:
        """Seconds until a probe may go through; 0 when one may, or the breaker is closed."""
        return 0.0 if self._opened is None else max(0.0, self._opened + self._rest - self._now())

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Let a question through and see how it ends.

        Raises:
            FeedError: The provider is left alone now.
        """
        state = self.state
        if state == "open" or (state == "half-open" and self._probing):
            again = f"asked again in {self.left:.0f} s" if state == "open" else "being tried once more"
            raise FeedError(f"{self._provider} rests after failing: {self._why}; {again}", kind="resting")
        self._probing = probe = state == "half-open"
        try:
            yield
        except FeedError as error:
            if error.kind in AGAINST:
                self._failed(str(error), probe=probe)
            else:
                self._succeeded()
            raise
        except BaseException:  # cancelled: nothing was learned
            self._probing = self._probing and not probe
            raise
        else:
            self._succeeded()

    def _succeeded(self) -> None:
        self._failures, self._rest = 0, self._first
        self._opened, self._probing, self._why = None, False, ""

    def _failed(self, why: str, *, probe: bool) -> None:
        self._failures += 1
        self._why = why
        if probe:
            self._rest = min(self._rest * 2, self._longest)
        if probe or (self._opened is None and self._failures >= self._threshold):
            self._opened, self._probing = self._now(), False
