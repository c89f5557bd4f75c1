"""What the service answers: a value with its provenance and age, or in words that there is none.

There is no third way. A value that is too old is marked `stale`, one that nobody has is `missing`, and neither is ever
replaced by an older, an averaged or a made-up one without saying so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from company.trading.features import Bars
from company.trading.feeds.faults import Kind
from company.trading.feeds.holes import Hole

State = Literal["fresh", "stale", "missing"]
Value = TypeVar("Value", bound=Decimal | Bars)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a provider's word was not taken; the next one of the chain was asked.

    Attributes:
        provider: Who.
        kind: Kind of the failure (see `faults`), or `stale` for an answer that was too old.
        reason: In words.
    """

    provider: str
    kind: Kind | Literal["stale"]
    reason: str


@dataclass(frozen=True, slots=True)
class Reading(Generic[Value]):
    """The answer to one question.

    Attributes:
        state: `fresh`, `stale` or `missing`.
        symbol: What was asked for.
        value: A price in quote units, or bars; None when missing.
        provider: Who told it; empty when missing.
        listing: The provider's own name of what it told, as `bitcoin/usd`.
        asked_at: When the provider was asked; of a missing value, when the last one was.
        as_of: When the value is dated: a price by its provider, bars by the close of the last one; None when the
            provider does not date it.
        age: Time from `as_of`, else from `asked_at`, to now; None when missing.
        reason: Why it is not fresh; of fresh bars, what is less than was asked for; else empty.
        failures: Who was asked before and why its word was not taken, in the order of the chain.
        holes: Missing bars between the first and the last one.
        cached: It was asked for earlier and kept.
    """

    state: State
    symbol: str
    value: Value | None
    provider: str
    listing: str
    asked_at: datetime
    as_of: datetime | None
    age: timedelta | None
    reason: str = ""
    failures: tuple[Failure, ...] = ()
    holes: tuple[Hole, ...] = ()
    cached: bool = False

    def __str__(self) -> str:
        passed = [f"{one.provider} was passed over: {one.reason}" for one in self.failures]
        return "; ".join(part for part in (self._said(), self.reason, *passed, *map(str, self.holes)) if part)

    def _said(self) -> str:
        if self.value is None or self.age is None:
            return f"NO DATA for {self.symbol}: do not state a figure"
        what = f"{len(self.value)} bars" if isinstance(self.value, Bars) else format(self.value, "f")
        told = "asked" if self.as_of is None else "as of"
        dated = f"{told} {(self.as_of or self.asked_at).isoformat(timespec='seconds')}"
        stale = "STALE: " if self.state == "stale" else ""
        return f"{stale}{self.symbol} {what} from {self.provider} ({self.listing}), {dated}, {age_text(self.age)} old"


def age_text(age: timedelta) -> str:
    """Return an age in its largest unit: `12 s`, `5 min`, `3 h`, `2 d`."""
    seconds = age.total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
