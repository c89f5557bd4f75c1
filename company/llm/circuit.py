"""A circuit breaker: a model that keeps failing is not asked for a while, so that nobody waits for it in vain.

One for each model id (`provider:model`): a wrong model name says nothing about its neighbour. Ask `allows` once before
a call's first attempt, and report how each attempt went.

- `closed`: calls go through. Three failures in a row open it; a key that is refused, an account without credit and a
  model that does not exist open it at once.
- `open`: no call goes through until the cool-down is over: 30 s, doubled with every failed probe, up to 5 min.
- `half-open`: one call goes through as a probe. It closes the circuit or opens it again. A probe that is never heard of
  again (its run was cancelled) is forgotten after another cool-down.

What says that the provider works counts as a success: a prompt that is too long, a refusal, an answer that is cut, a
rate limit. A rate limit that asks for longer than anybody would wait opens the circuit for that time.
"""

import time
from collections.abc import Callable
from typing import Literal

from company.llm.faults import Fault
from company.llm.recovery import LONGEST_WAIT

State = Literal["closed", "open", "half-open"]

_AT_ONCE = frozenset({"auth", "quota", "unknown_model"})
_ANSWERED = frozenset({"overflow", "refused", "cut", "rate"})


class Circuit:
    """The breaker of one model.

    Args:
        threshold: Failures in a row that open it.
        cooldown: Seconds it stays open at first.
        longest: Seconds it stays open at most.
        now: Monotonic seconds.
    """

    def __init__(
        self,
        *,
        threshold: int = 3,
        cooldown: float = 30.0,
        longest: float = 300.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold, self._first, self._longest, self._now = threshold, cooldown, longest, now
        self._failures, self._cooldown = 0, cooldown
        self._opened: float | None = None
        self._probed: float | None = None
        self._why = ""

    @property
    def state(self) -> State:
        """Whether calls go through."""
        if self._opened is None:
            return "closed"
        return "open" if self._left() > 0 else "half-open"

    @property
    def reason(self) -> str:
        """Why calls do not go through, for the person who watches; empty when it is closed."""
        if self._opened is None:
            return ""
        left = self._left()
        return f"{self._why}; not asked again for {left:.0f} s" if left > 0 else f"{self._why}; tried once more"

    def allows(self) -> bool:
        """Return whether a call may be made; in the half-open state True goes to one caller, the probe."""
        if self.state == "closed":
            return True
        probing = self._probed is not None and self._now() - self._probed < self._cooldown
        if self.state == "open" or probing:
            return False
        self._probed = self._now()
        return True

    def succeeded(self) -> None:
        """Tell that a call was answered."""
        self._failures, self._cooldown = 0, self._first
        self._opened = self._probed = None
        self._why = ""

    def failed(self, fault: Fault) -> None:
        """Tell that a call failed; decides whether that speaks against the model."""
        asked = fault.retry_after or 0.0
        if fault.kind in _ANSWERED and asked <= LONGEST_WAIT:
            self.succeeded()
            return
        self._failures += 1
        at_once = fault.kind in _AT_ONCE or asked > LONGEST_WAIT
        if at_once or self._opened is not None or self._failures >= self._threshold:
            self._open(fault, asked)

    def _open(self, fault: Fault, asked: float) -> None:
        """Open it; a failed probe doubles the cool-down, failures of calls that were already under way do not."""
        if self._opened is not None and self.state == "half-open":
            self._cooldown = min(self._cooldown * 2, self._longest)
        elif self._opened is not None:
            return
        self._cooldown = max(self._cooldown, min(asked, self._longest))
        self._opened, self._probed, self._why = self._now(), None, str(fault)

    def _left(self) -> float:
        return 0.0 if self._opened is None else self._opened + self._cooldown - self._now()
