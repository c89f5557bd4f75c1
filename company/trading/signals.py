"""What a strategy is shown, and what it answers: features in, a signal or nothing out.

A strategy is a pure function of a `State`: one closed bar of one symbol with its features. It sees that bar and those
before it, never one after it; the same function runs over history, on paper and live. A signal is a request with a
conviction; risk disposes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol, runtime_checkable

from company.trading.figures import Figure, Report, figure
from company.trading.matching import Side

CONVICTION: Final = "conviction"
HORIZON: Final = "horizon_hours"
"""Names under which a decision that follows a signal keeps what the signal claimed."""


class Signal(Report):
    """A wish to trade.

    Attributes:
        symbol: Unified name.
        side: `buy` enters or adds, `sell` exits.
        conviction: 0 to 1.
        horizon: For how long the reason is expected to hold.
        reason: One sentence with the figures that made it.
        evidence: Those figures by name.
        strategy: Who wishes it.
        at_most: Largest notional that is wanted, in quote units; None leaves it to the limits.
    """

    symbol: str
    side: Side
    conviction: Figure
    horizon: timedelta
    reason: str
    evidence: dict[str, Figure]
    strategy: str
    at_most: Figure | None = None

    @property
    def claims(self) -> dict[str, Decimal]:
        """What a decision that follows it rests on: the evidence, and what the signal makes of it."""
        hours = figure(self.horizon.total_seconds() / 3600, 2)
        return {**self.evidence, CONVICTION: self.conviction, HORIZON: hours}


@dataclass(frozen=True, slots=True)
class Frame:
    """Features of one symbol, bar by bar.

    Attributes:
        symbol: Unified name.
        timeframe: Length of a bar, as `1h`.
        closes_at: When each bar closed, UTC epoch milliseconds, rising.
        columns: Values by feature name, as long as `closes_at`; NaN while a feature warms up. Plain lists of floats,
            because strategies read single values.
    """

    symbol: str
    timeframe: str
    closes_at: Sequence[int]
    columns: Mapping[str, Sequence[float]]

    def __len__(self) -> int:
        return len(self.closes_at)


class State:
    """One closed bar with its features, and the bars before it.

    Args:
        frame: The features.
        row: Number of the bar.
    """

    __slots__ = ("_columns", "_frame", "_row")

    def __init__(self, frame: Frame, row: int) -> None:
        self._frame, self._columns, self._row = frame, frame.columns, row

    def __getitem__(self, feature: str) -> float:
        """Return a feature's value at this bar; NaN while it warms up.

        Raises:
            KeyError: There is no such feature.
        """
        return self._columns[feature][self._row]

    def before(self, feature: str, bars: int = 1) -> float:
        """Return a feature's value some bars earlier; NaN before the first bar.

        Raises:
            ValueError: `bars` is negative: nobody sees what comes.
        """
        if bars < 0:
            raise ValueError(f"bars is {bars}: a strategy sees this bar and earlier ones only")
        return self._columns[feature][self._row - bars] if bars <= self._row else float("nan")

    @property
    def symbol(self) -> str:
        """Unified name."""
        return self._frame.symbol

    @property
    def timeframe(self) -> str:
        """Length of a bar."""
        return self._frame.timeframe

    @property
    def at(self) -> datetime:
        """When the bar closed."""
        return datetime.fromtimestamp(self._frame.closes_at[self._row] / 1000, tz=UTC)


class Strategy(Protocol):
    """A pure function from one state to a signal, or None when there is nothing to wish for."""

    def __call__(self, state: State, /) -> Signal | None:
        """Return what the strategy wishes for at this bar."""


@runtime_checkable
class Sparing(Protocol):
    """A strategy that can say of a whole frame where it need not be asked."""

    def quiet(self, frame: Frame) -> Sequence[bool]:
        """Return of each bar whether the strategy certainly wishes for nothing there."""


@dataclass(frozen=True, slots=True)
class Owned:
    """What an account came to at the close of a bar.

    Attributes:
        equity: Value of everything, in quote units.
        exposure: Value of what is held of the bar's symbol, as a fraction of the equity.
        drawdown: Fall of the equity from its peak, as a fraction of the peak.
    """

    equity: float
    exposure: float
    drawdown: float


class Account(Protocol):
    """The account that a strategy trades for, as it stands at the bar it is asked about."""

    def at(self, state: State, /) -> Owned:
        """Return what the account came to at a bar, the newest one that is over."""


@runtime_checkable
class Follower(Protocol):
    """A strategy that looks at its own account as well; whoever runs it says which one that is."""

    def __call__(self, state: State, /) -> Signal | None:
        """Return what the strategy wishes for at this bar."""

    def follow(self, account: Account, /) -> None:
        """Take the account that is traded for, before the first bar."""
